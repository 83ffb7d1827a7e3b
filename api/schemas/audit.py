"""What auditors read: the log, and states as they were."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from api.schemas.base import ResponseBody
from api.schemas.orders import OrderLine
from api.schemas.seats import Seats
from api.schemas.values import Cursor, Money
from domain.order import OrderStatus
from domain.payment import PaymentOutcome, PaymentStatus
from domain.refund import RefundStatus
from domain.values import RefundReason

State = Annotated[dict[str, Any], Field(description="`is` names its shape; the other fields depend on that.")]


class RecordedEvent(ResponseBody):
    """One event as it stands in the log; `data` and `metadata` as they were stored."""

    position: int
    stream: str
    version: int
    name: str
    schema_version: int
    command_id: str
    part: Annotated[int, Field(description="Its place among the command's `parts` events.")]
    parts: int
    recorded_at: datetime
    sentence: Annotated[str, Field(description="What happened, in plain words.")]
    data: dict[str, Any]
    metadata: dict[str, Any]
    digest: Annotated[str, Field(description="SHA-256, in hexadecimal.")]


class RecordedEvents(ResponseBody):
    """A part of the log, in order."""

    items: list[RecordedEvent]
    next: Cursor


class AsOfResponse(ResponseBody):
    """What an answer about the past is true at: the end of a command."""

    position: Annotated[int, Field(description="Everything up to here had happened; 0: nothing yet.")]
    recorded_at: Annotated[datetime | None, Field(description="When the last of that was recorded.")]
    at: Annotated[datetime, Field(description="What deadlines were compared with.")]


class StreamAsOf(AsOfResponse):
    """A stream as it was, and a part of its events."""

    stream: str
    kind: str
    version: int
    state: Annotated[
        State | None, Field(description="On the first page; null: nothing is decided on streams of this kind.")
    ]
    items: list[RecordedEvent]
    next: Cursor


class SeatHistoryEntry(RecordedEvent):
    """One event of a seat, with the account and the order whose claim it belongs to."""

    holder: str | None
    order_id: str | None


class SeatAsOf(AsOfResponse):
    """A seat as it was, and a part of its history across orders."""

    performance_id: str
    seat: str
    label: str
    version: int
    state: State
    available: Annotated[bool, Field(description="Free, or its hold or block had lapsed by then.")]
    items: list[SeatHistoryEntry]
    next: Cursor


class SeatsAsOf(Seats):
    """A seat map as it was."""

    recorded_at: datetime | None
    at: datetime


class PaymentAsOf(ResponseBody):
    """One attempt to pay, as it was."""

    payment_id: str
    status: PaymentStatus
    provider: str
    amount: Money
    captured: Money
    outcome: PaymentOutcome | None


class RefundAsOf(ResponseBody):
    """Money going back, as it was."""

    refund_id: str
    status: RefundStatus
    reason: RefundReason
    lines: list[str]
    amount: Money


class TicketAsOf(ResponseBody):
    """A ticket as it was."""

    ticket_id: str
    void: bool
    gate: Annotated[str | None, Field(description="Where somebody had entered with it.")]


class OrderStateAsOf(ResponseBody):
    """An order's state and money, as they were."""

    order_code: str
    account_id: str
    performance_id: str
    hold_id: str
    status: OrderStatus
    total: Money
    expires_at: datetime
    captured: Money
    refunded: Money
    disputes_lost: Annotated[Money, Field(description="What buyers' banks took back.")]
    refund_open: Annotated[Money, Field(description="Spoken for by refunds under way.")]
    lines: list[OrderLine]
    payments: list[PaymentAsOf]
    refunds: list[RefundAsOf]
    tickets: list[TicketAsOf]


class OrderAsOf(AsOfResponse):
    """An order as it was, and a part of everything that had happened to it, in whatever stream it stands."""

    order_id: str
    order: Annotated[OrderStateAsOf | None, Field(description="Null before it was placed.")]
    items: list[RecordedEvent]
    next: Cursor
