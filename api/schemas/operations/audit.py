"""The log and states as of earlier moments, in responses."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from api.schemas.base import ResponseBody
from api.schemas.fields.values import Cursor, Money
from api.schemas.orders import OrderLine
from api.schemas.seats import Seats
from domain.order import OrderStatus
from domain.payment import PaymentOutcome, PaymentStatus
from domain.refund import RefundStatus
from domain.values import RefundReason

State = Annotated[dict[str, Any], Field(description="`is` names the kind of state; the other fields depend on it.")]


class RecordedEvent(ResponseBody):
    """One event of the log; `data` and `metadata` as stored."""

    position: int
    stream: str
    version: int
    name: str
    schema_version: int
    command_id: str
    part: Annotated[int, Field(description="Number of the event among the `parts` events of its command.")]
    parts: int
    recorded_at: datetime
    sentence: Annotated[str, Field(description="Description of the event.")]
    data: dict[str, Any]
    metadata: dict[str, Any]
    digest: Annotated[str, Field(description="SHA-256 in hexadecimal.")]


class RecordedEvents(ResponseBody):
    """A page of events, in log order."""

    items: list[RecordedEvent]
    next: Cursor


class AsOfResponse(ResponseBody):
    """The moment of a historical answer: the end of a command."""

    position: Annotated[int, Field(description="Last position included; 0: before the first event.")]
    recorded_at: Annotated[datetime | None, Field(description="When the event at `position` was recorded.")]
    at: Annotated[datetime, Field(description="The time that deadlines are compared with.")]


class StreamAsOf(AsOfResponse):
    """A stream as of a moment, and a page of its events."""

    stream: str
    kind: str
    version: int
    state: Annotated[
        State | None, Field(description="Only on the first page; null for kinds of streams without state.")
    ]
    items: list[RecordedEvent]
    next: Cursor


class SeatHistoryEntry(RecordedEvent):
    """One event of a seat, with the account and order of the claim."""

    holder: str | None
    order_id: str | None


class SeatAsOf(AsOfResponse):
    """A seat as of a moment, and a page of its history across orders."""

    performance_id: str
    seat: str
    label: str
    version: int
    state: State
    available: Annotated[bool, Field(description="Whether it was free, or its hold or block had lapsed.")]
    items: list[SeatHistoryEntry]
    next: Cursor


class SeatsAsOf(Seats):
    """A seat map as of a moment."""

    recorded_at: datetime | None
    at: datetime


class PaymentAsOf(ResponseBody):
    """One payment as of a moment."""

    payment_id: str
    status: PaymentStatus
    provider: str
    amount: Money
    captured: Money
    outcome: PaymentOutcome | None


class RefundAsOf(ResponseBody):
    """A refund as of a moment."""

    refund_id: str
    status: RefundStatus
    reason: RefundReason
    lines: list[str]
    amount: Money


class TicketAsOf(ResponseBody):
    """A ticket as of a moment."""

    ticket_id: str
    void: bool
    gate: Annotated[str | None, Field(description="The gate of the entry; null before it.")]


class OrderStateAsOf(ResponseBody):
    """An order's state and money as of a moment."""

    order_code: str
    account_id: str
    performance_id: str
    hold_id: str
    status: OrderStatus
    total: Money
    expires_at: datetime
    captured: Money
    refunded: Money
    disputes_lost: Annotated[Money, Field(description="Money lost to disputes.")]
    refund_open: Annotated[Money, Field(description="Money of refunds that are not completed.")]
    lines: list[OrderLine]
    payments: list[PaymentAsOf]
    refunds: list[RefundAsOf]
    tickets: list[TicketAsOf]


class OrderAsOf(AsOfResponse):
    """An order as of a moment, and a page of all events that concern it, in any stream."""

    order_id: str
    order: Annotated[OrderStateAsOf | None, Field(description="null before it was placed.")]
    items: list[RecordedEvent]
    next: Cursor
