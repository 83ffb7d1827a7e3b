"""Performances in requests and responses."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from api.schemas.base import RequestBody, ResponseBody
from api.schemas.fields.texts import ShortText
from api.schemas.fields.values import Amount, Flag, Id, Money, Position, Timestamp, Whole
from domain.decisions.deletion import DeletionStatus
from domain.decisions.scheduling import PRICES_PER_PERFORMANCE_MAX
from domain.performance import SalesState
from domain.values import SEATS_PER_HOLD_MAX, PerformanceCancelReason

LIVE_HOLDS_MAX = 1_000
SEATS_PER_BUYER_MAX = 100_000

SeatsLimit = Annotated[Whole | None, Field(ge=1, le=SEATS_PER_HOLD_MAX)]


class PriceRequest(RequestBody):
    """The price of a ticket type in a price category, named by its key or label in the layout."""

    category: ShortText
    ticket_type: ShortText = "adult"
    price: Amount


Prices = Annotated[list[PriceRequest], Field(min_length=1, max_length=PRICES_PER_PERFORMANCE_MAX)]


class LimitsRequest(RequestBody):
    """Limits per buyer; null: no limit beside the maximum of 50 seats per hold."""

    seats_per_order: SeatsLimit = 8
    seats_per_buyer: Annotated[Whole | None, Field(ge=1, le=SEATS_PER_BUYER_MAX)] = 8
    live_holds_per_buyer: Annotated[Whole | None, Field(ge=1, le=LIVE_HOLDS_MAX)] = 2


class EntryRulesRequest(RequestBody):
    """Rules at the gates."""

    registered_devices: Annotated[Flag, Field(description="Require scans from registered devices.")] = False
    disputed_tickets_admitted: Annotated[
        Flag, Field(description="Admit tickets whose payment is disputed, or lost to a dispute.")
    ] = True


class EntryRulesPatch(RequestBody):
    """The rules to change; omitted rules stay."""

    registered_devices: Flag | None = None
    disputed_tickets_admitted: Flag | None = None


class PerformanceRequest(RequestBody):
    """A new performance; its places come from the layout. Sales open at once if `on_sale_at` is omitted."""

    starts_at: Timestamp
    doors_at: Timestamp | None = None
    layout_id: Id
    on_sale_at: Timestamp | None = None
    prices: Prices
    limits: Annotated[
        LimitsRequest | None,
        Field(default_factory=LimitsRequest, description="null: no limits beside 50 seats per hold."),
    ]
    entry_rules: Annotated[EntryRulesRequest, Field(default_factory=EntryRulesRequest)]


NEVER_NULL = ("starts_at", "on_sale_at", "prices", "sales", "entry_rules")


class PerformanceChange(RequestBody):
    """The fields to change; omitted fields stay."""

    starts_at: Annotated[Timestamp | None, Field(description="Must be in the future.")] = None
    doors_at: Annotated[
        Timestamp | None, Field(description="null: no time is given. Omitted: the doors move with the start.")
    ] = None
    on_sale_at: Timestamp | None = None
    prices: Prices | None = None
    limits: Annotated[LimitsRequest | None, Field(description="null: no limits beside 50 seats per hold.")] = None
    sales: Annotated[SalesState | None, Field(description="Pause, resume or close sales.")] = None
    entry_rules: Annotated[EntryRulesPatch | None, Field(description="Can be changed after the start too.")] = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("must change at least one field")
        empty = [name for name in NEVER_NULL if name in self.model_fields_set and getattr(self, name) is None]
        if empty:
            raise ValueError(f"{', '.join(empty)}: must have a value or be omitted")
        return self


class Cancellation(RequestBody):
    """Why the performance is cancelled."""

    reason: PerformanceCancelReason = PerformanceCancelReason.OTHER


class PriceResponse(ResponseBody):
    """The price of a ticket type in a price category."""

    category: str
    ticket_type: str
    price: Money


class LimitsResponse(ResponseBody):
    """Limits per buyer; null: no limit beside the maximum of 50 seats per hold."""

    seats_per_order: int | None
    seats_per_buyer: int | None
    live_holds_per_buyer: int | None


class EntryRulesResponse(ResponseBody):
    """Rules at the gates."""

    registered_devices: bool
    disputed_tickets_admitted: bool


class SalesStatus(StrEnum):
    """Whether a performance is on sale now, and why not."""

    OPEN = "open"
    UPCOMING = "upcoming"
    PAUSED = "paused"
    CLOSED = "closed"
    ENDED = "ended"
    CANCELLED = "cancelled"
    UNPUBLISHED = "unpublished"


class PerformanceFacts(ResponseBody):
    """A performance's own fields."""

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
    entry_opens_at: Annotated[datetime, Field(description="Before this time scans are refused as `too_early`.")]
    entry_closes_at: Annotated[datetime, Field(description="From this time on scans are refused as `too_late`.")]
    sales: Annotated[
        SalesStatus,
        Field(
            description="Whether it is on sale now: open; upcoming until `on_sale_at`; paused or closed by the "
            "organizer; ended after its start; cancelled; unpublished like its event."
        ),
    ]
    sales_decided: Annotated[SalesState, Field(description="The organizer's decision, changed by PATCH.")]
    cancelled: bool
    cancel_reason: Annotated[PerformanceCancelReason | None, Field(description="Why it is cancelled.")]


class PerformanceResult(PerformanceFacts):
    """The performance after the command."""

    position: Position


class Availability(ResponseBody):
    """available = seats - held - sold - blocked. Blocks count until their deadline, holds until the second after it."""

    available: int
    held: int
    sold: int
    blocked: int


class PerformanceResponse(PerformanceFacts):
    """A performance and its availability."""

    availability: Availability


class ClaimsToEnd(ResponseBody):
    """The claims that a process ends, a few orders at a time."""

    orders: Annotated[int, Field(description="Number of confirmed orders to refund, used tickets included.")]
    tickets: Annotated[int, Field(description="Number of tickets of these orders.")]
    baskets: Annotated[int, Field(description="Number of holds and unpaid orders to end.")]


class PerformanceCancelled(ResponseBody):
    """The cancelled performance."""

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
    failure: Annotated[str, Field(description="The provider's reason, or one of disputed, rejected, written_off.")]


class CancellationResponse(ResponseBody):
    """Progress of a cancellation's refunds: orders = refunded + failed + remaining."""

    performance_id: str
    cancel_reason: PerformanceCancelReason
    cancelled_at: datetime
    orders: Annotated[int, Field(description="Number of orders that were confirmed.")]
    refunded: int
    failed: Annotated[int, Field(description="Number of orders that need support; the first 100 are in `unrefunded`.")]
    remaining: Annotated[int, Field(description="Number of orders whose refund is not decided or not transferred.")]
    refunded_amount: Money
    unrefunded: list[Unrefunded]


class PerformanceDeleted(ResponseBody):
    """The deleted performance."""

    performance_id: str
    status: DeletionStatus
    position: Position
