"""Performances as requests say them and answers show them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from api.schemas.base import RequestBody, ResponseBody
from api.schemas.texts import ShortText
from api.schemas.values import Amount, Flag, Id, Money, Position, Timestamp, Whole
from domain.decisions.deletion import DeletionStatus
from domain.decisions.scheduling import PRICES_PER_PERFORMANCE_MAX
from domain.performance import SalesState
from domain.values import SEATS_PER_HOLD_MAX, PerformanceCancelReason

LIVE_HOLDS_MAX = 1_000
SEATS_PER_BUYER_MAX = 100_000

SeatsLimit = Annotated[Whole | None, Field(ge=1, le=SEATS_PER_HOLD_MAX)]


class PriceRequest(RequestBody):
    """What a ticket type costs in a price category of the layout, named by its key or its label."""

    category: ShortText
    ticket_type: ShortText = "adult"
    price: Amount


Prices = Annotated[list[PriceRequest], Field(min_length=1, max_length=PRICES_PER_PERFORMANCE_MAX)]


class LimitsRequest(RequestBody):
    """How much one buyer may take; null: no limit beside the hard cap of 50 seats a hold."""

    seats_per_order: SeatsLimit = 8
    seats_per_buyer: Annotated[Whole | None, Field(ge=1, le=SEATS_PER_BUYER_MAX)] = 8
    live_holds_per_buyer: Annotated[Whole | None, Field(ge=1, le=LIVE_HOLDS_MAX)] = 2


class EntryRulesRequest(RequestBody):
    """What the gates demand."""

    registered_devices: Annotated[Flag, Field(description="Scans must come from registered devices.")] = False
    disputed_tickets_admitted: Annotated[
        Flag, Field(description="Whether tickets admit whose payment the buyer's bank disputes, or took back.")
    ] = True


class EntryRulesPatch(RequestBody):
    """Rules to change; what is left out stays."""

    registered_devices: Flag | None = None
    disputed_tickets_admitted: Flag | None = None


class PerformanceRequest(RequestBody):
    """One dated showing; its seats come from the layout. Sales open at once if no time is given."""

    starts_at: Timestamp
    doors_at: Timestamp | None = None
    layout_id: Id
    on_sale_at: Timestamp | None = None
    prices: Prices
    limits: Annotated[
        LimitsRequest | None, Field(default_factory=LimitsRequest, description="null: no limits beside the hard cap.")
    ]
    entry_rules: Annotated[EntryRulesRequest, Field(default_factory=EntryRulesRequest)]


NEVER_NULL = ("starts_at", "on_sale_at", "prices", "sales", "entry_rules")


class PerformanceChange(RequestBody):
    """What is to be different; what is left out stays."""

    starts_at: Annotated[Timestamp | None, Field(description="Not in the past.")] = None
    doors_at: Annotated[
        Timestamp | None, Field(description="null: no time is given. Left out, the doors move with the start.")
    ] = None
    on_sale_at: Timestamp | None = None
    prices: Prices | None = None
    limits: Annotated[LimitsRequest | None, Field(description="null: no limits beside the hard cap.")] = None
    sales: Annotated[SalesState | None, Field(description="Pause, resume or close sales.")] = None
    entry_rules: Annotated[EntryRulesPatch | None, Field(description="These can change after the start, too.")] = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("say what is to be different")
        empty = [name for name in NEVER_NULL if name in self.model_fields_set and getattr(self, name) is None]
        if empty:
            raise ValueError(f"{', '.join(empty)}: give a value, or leave it out")
        return self


class Cancellation(RequestBody):
    """Why a performance does not take place."""

    reason: PerformanceCancelReason = PerformanceCancelReason.OTHER


class PriceResponse(ResponseBody):
    """What a ticket type costs in a price category."""

    category: str
    ticket_type: str
    price: Money


class LimitsResponse(ResponseBody):
    """How much one buyer may take; null: no limit beside the hard cap."""

    seats_per_order: int | None
    seats_per_buyer: int | None
    live_holds_per_buyer: int | None


class EntryRulesResponse(ResponseBody):
    """What the gates demand."""

    registered_devices: bool
    disputed_tickets_admitted: bool


class SalesStatus(StrEnum):
    """Whether a performance can be bought at the moment, and why not."""

    OPEN = "open"
    UPCOMING = "upcoming"
    PAUSED = "paused"
    CLOSED = "closed"
    ENDED = "ended"
    CANCELLED = "cancelled"
    UNPUBLISHED = "unpublished"


class PerformanceFacts(ResponseBody):
    """What is known of a performance itself."""

    performance_id: str
    event_id: str
    organizer_id: str
    venue_id: str
    layout_id: str
    seat_count: int
    currency: str
    starts_at: datetime
    doors_at: datetime | None
    on_sale_at: datetime
    prices: list[PriceResponse]
    limits: LimitsResponse
    entry_rules: EntryRulesResponse
    entry_opens_at: Annotated[datetime, Field(description="Before, tickets are `too_early`.")]
    entry_closes_at: Annotated[datetime, Field(description="From then on, tickets are `too_late`.")]
    sales: Annotated[
        SalesStatus,
        Field(
            description="Whether it can be bought now: open; upcoming until `on_sale_at`; paused or closed by people; "
            "ended when it began; cancelled; unpublished as its event is."
        ),
    ]
    sales_decided: Annotated[SalesState, Field(description="What people decided, and PATCH changes.")]
    cancelled: bool
    cancel_reason: Annotated[PerformanceCancelReason | None, Field(description="Why it does not take place.")]


class PerformanceResult(PerformanceFacts):
    """A performance after a change."""

    position: Position


class Availability(ResponseBody):
    """available = seats - held - sold - blocked; blocks count until their deadline, holds until the second after."""

    available: int
    held: int
    sold: int
    blocked: int


class PerformanceResponse(PerformanceFacts):
    """A performance and how much of it is left."""

    availability: Availability


class ClaimsToEnd(ResponseBody):
    """What a process ends from now on, a few orders at a time."""

    orders: Annotated[int, Field(description="Confirmed orders to refund, used tickets too.")]
    tickets: Annotated[int, Field(description="The tickets of these orders.")]
    baskets: Annotated[int, Field(description="Holds and unpaid orders to end.")]


class PerformanceCancelled(ResponseBody):
    """A performance that does not take place: sale, confirmation and entry have stopped."""

    performance_id: str
    cancelled: bool
    cancel_reason: PerformanceCancelReason
    to_end: ClaimsToEnd
    position: Position


class Unrefunded(ResponseBody):
    """An order whose refund needs support."""

    order_id: str
    order_code: str
    refund_id: str
    failure: Annotated[str, Field(description="The provider's reason, or disputed, rejected, written_off.")]


class CancellationResponse(ResponseBody):
    """How far the refunds of a cancelled performance are: orders = refunded + failed + remaining."""

    performance_id: str
    cancel_reason: PerformanceCancelReason
    cancelled_at: datetime
    orders: Annotated[int, Field(description="Orders that had been confirmed.")]
    refunded: int
    failed: Annotated[int, Field(description="Support must look at them; the first 100 are in `unrefunded`.")]
    remaining: Annotated[int, Field(description="Waiting for their refund, or for the provider.")]
    refunded_amount: Money
    unrefunded: list[Unrefunded]


class PerformanceDeleted(ResponseBody):
    """A performance that is gone: nothing of it was ever booked."""

    performance_id: str
    status: DeletionStatus
    position: Position
