"""What the read models must say: folded from the log by code that shares nothing with theirs."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from domain import dispute as disputes
from domain import order as orders
from domain import payment as payments
from domain import performance as performances
from domain import refund as refunds
from domain import seat as seats
from domain import ticket as tickets
from domain import venue as venues
from domain.values import Line
from tests.system.log import DecodedEvent

Row = tuple[Any, ...]
COUNTED = ("sold", "returned", "gross", "returned_gross", "refunded", "disputes_lost")


@dataclass(slots=True)
class ReferenceOrder:
    """What later events of an order do not repeat, and where it stands."""

    placed: orders.OrderPlaced
    expires_at: datetime
    status: str = "pending"
    paid_by: str | None = None
    cancelled: int = 0
    refunds: dict[str, orders.RefundOpened] = field(default_factory=dict)

    def row(self) -> Row:
        """Return what is compared."""
        return self.placed.account, self.status, self.placed.total, self.cancelled, self.paid_by, self.expires_at


@dataclass(slots=True)
class ReferenceRows:
    """Every seat, order, payment, refund and ticket by its id, and the sales by what they are counted by."""

    seats: dict[str, Row] = field(default_factory=dict)
    orders: dict[str, ReferenceOrder] = field(default_factory=dict)
    payments: dict[str, list[Any]] = field(default_factory=dict)
    refunds: dict[str, list[Any]] = field(default_factory=dict)
    tickets: dict[str, list[Any]] = field(default_factory=dict)
    sales: defaultdict[Row, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    zones: dict[str, tzinfo] = field(default_factory=dict)
    venues: dict[str, str] = field(default_factory=dict)

    def day_of(self, performance: str, decoded_event: DecodedEvent) -> date:
        """Return the day at a performance's venue on which something was recorded."""
        zone: tzinfo = self.zones.get(self.venues.get(performance, ""), UTC)
        return decoded_event.recorded.recorded_at.astimezone(zone).date()

    def rows(self) -> dict[str, set[Row]]:
        """Return the rows that the read models must have, by table."""
        return {
            "seat": {(*stream.split("-", 1)[1].rsplit("-", 1), *stands) for stream, stands in self.seats.items()},
            "orders": {(order, *decoded_event.row()) for order, decoded_event in self.orders.items()},
            "payment": {(payment, *told) for payment, told in self.payments.items()},
            "refund": {(refund, *told) for refund, told in self.refunds.items()},
            "ticket": {(ticket, *told) for ticket, told in self.tickets.items()},
            "sale": {(*key, *(counts[name] for name in COUNTED)) for key, counts in self.sales.items()},
        }


def fold_reference(log: Sequence[DecodedEvent]) -> ReferenceRows:
    """Fold a whole log."""
    picture = ReferenceRows()
    folds = {
        "seat": fold_seat,
        "order": fold_order,
        "payment": fold_payment,
        "refund": fold_refund,
        "ticket": fold_ticket,
        "venue": fold_venue,
        "performance": fold_performance,
    }
    for decoded_event in log:
        fold = folds.get(decoded_event.recorded.stream.split("-", 1)[0])
        if fold is not None:
            fold(picture, decoded_event)
    return picture


def fold_venue(picture: ReferenceRows, decoded_event: DecodedEvent) -> None:
    """Say by which clock a venue lives."""
    if isinstance(decoded_event.event, (venues.VenueOpened, venues.VenueChanged)):
        picture.zones[decoded_event.key] = ZoneInfo(decoded_event.event.details.time_zone)


def fold_performance(picture: ReferenceRows, decoded_event: DecodedEvent) -> None:
    """Say where a performance is given."""
    if isinstance(decoded_event.event, performances.PerformanceScheduled):
        picture.venues[decoded_event.key] = decoded_event.event.venue


def fold_seat(picture: ReferenceRows, decoded_event: DecodedEvent) -> None:
    """Say where a seat stands, and until when."""
    match decoded_event.event:
        case seats.SeatHeld() | seats.SeatHoldExtended():
            stands: Row = ("held", decoded_event.event.expires_at)
        case seats.SeatSold():
            stands = ("sold", None)
        case seats.SeatBlocked():
            stands = ("blocked", decoded_event.event.release_at)
        case _:
            stands = ("free", None)
    picture.seats[decoded_event.recorded.stream] = stands


def fold_order(picture: ReferenceRows, decoded_event: DecodedEvent) -> None:
    """Say where an order stands, and count what it sold."""
    if isinstance(decoded_event.event, orders.OrderPlaced):
        picture.orders[decoded_event.key] = ReferenceOrder(
            placed=decoded_event.event, expires_at=decoded_event.event.expires_at
        )
        return
    order = picture.orders[decoded_event.key]
    day = picture.day_of(order.placed.performance, decoded_event)
    match decoded_event.event:
        case orders.OrderExtended():
            order.expires_at = decoded_event.event.expires_at
        case orders.OrderExpired():
            order.status = "expired"
        case orders.OrderCancelled():
            order.status = "cancelled"
        case orders.OrderConfirmed():
            order.status, order.paid_by = "confirmed", decoded_event.event.payment
            count(picture, order, order.placed.lines, day, sold="sold", gross="gross")
        case orders.OrderLinesCancelled():
            ended = [line for line in order.placed.lines if line.line_id in decoded_event.event.lines]
            order.cancelled += len(ended)
            count(picture, order, ended, day, sold="returned", gross="returned_gross")
        case orders.RefundOpened():
            order.refunds[decoded_event.event.refund] = decoded_event.event
        case orders.RefundClosed(outcome=orders.RefundOutcome.COMPLETED):
            count_refund(picture, order, order.refunds[decoded_event.event.refund], day)


def count(
    picture: ReferenceRows, order: ReferenceOrder, lines: Sequence[Line], day: date, *, sold: str, gross: str
) -> None:
    """Count lines into a day's sales."""
    for line in lines:
        picture.sales[key_of(order, day, line.place.category, line.ticket_type)].update({sold: 1, gross: line.gross})


def count_refund(picture: ReferenceRows, order: ReferenceOrder, opened: orders.RefundOpened, day: date) -> None:
    """Count what went back: for its lines, or beside all lines."""
    for line in order.placed.lines:
        if line.line_id in opened.lines and opened.amount:
            back = sum(component.gross for component in line.components if component.refundable)
            picture.sales[key_of(order, day, line.place.category, line.ticket_type)]["refunded"] += back
    if not opened.lines:
        picture.sales[key_of(order, day, "", "", opened.currency)]["refunded"] += opened.amount


def key_of(order: ReferenceOrder, day: date, category: str, ticket_type: str, currency: str = "") -> Row:
    """Return what sales are counted by."""
    placed = order.placed
    return placed.organizer, placed.performance, day, category, ticket_type, currency or placed.currency


def fold_payment(picture: ReferenceRows, decoded_event: DecodedEvent) -> None:
    """Say what was captured, and what it led to."""
    match decoded_event.event:
        case payments.PaymentRequested():
            picture.payments[decoded_event.key] = [decoded_event.event.order, decoded_event.event.amount, 0, None]
        case payments.PaymentCaptured():
            picture.payments[decoded_event.key][2] = decoded_event.event.amount
        case payments.PaymentSettled():
            picture.payments[decoded_event.key][3] = decoded_event.event.outcome.value
        case disputes.DisputeLost(order=order, amount=amount, currency=currency):
            count_loss(picture, order, decoded_event, amount, currency)
        case disputes.DisputeWon(order=order, recovered=amount, currency=currency):
            count_loss(picture, order, decoded_event, -amount, currency)


def count_loss(picture: ReferenceRows, order: str, decoded_event: DecodedEvent, amount: int, currency: str) -> None:
    """Count what a dispute took, or gave back."""
    known = picture.orders[order]
    day = picture.day_of(known.placed.performance, decoded_event)
    picture.sales[key_of(known, day, "", "", currency)]["disputes_lost"] += amount


def fold_refund(picture: ReferenceRows, decoded_event: DecodedEvent) -> None:
    """Say how far a refund is."""
    if isinstance(decoded_event.event, refunds.RefundRequested):
        picture.refunds[decoded_event.key] = [
            decoded_event.event.order,
            decoded_event.event.payment,
            "requested",
            decoded_event.event.amount,
        ]
    else:
        picture.refunds[decoded_event.key][2] = refund_status(
            decoded_event.event, picture.refunds[decoded_event.key][2]
        )


def refund_status(event: refunds.RefundEvent, before: str) -> str:
    """Return where a refund stands after an event."""
    match event:
        case refunds.RefundEndorsed() | refunds.RefundReconciled():
            return before
        case refunds.RefundRetried():
            return "approved"
        case refunds.RefundClosedManually():
            return event.outcome.value
        case _:
            return type(event).__name__.removeprefix("Refund").lower()


def fold_ticket(picture: ReferenceRows, decoded_event: DecodedEvent) -> None:
    """Say whether a ticket still admits."""
    match decoded_event.event:
        case tickets.TicketIssued():
            issued = decoded_event.event
            picture.tickets[decoded_event.key] = [issued.order, issued.account, issued.performance, "valid", None]
        case tickets.TicketVoided():
            picture.tickets[decoded_event.key][3] = "void"
        case tickets.EntryRecorded():
            picture.tickets[decoded_event.key][3:] = ["used", decoded_event.event.gate]
        case tickets.EntryReverted():
            picture.tickets[decoded_event.key][3:] = ["valid", None]
