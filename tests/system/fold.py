"""What the read models must say: folded from the log by code that shares nothing with theirs."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from domain import order as orders
from domain import payment as payments
from domain import performance as performances
from domain import refund as refunds
from domain import seat as seats
from domain import ticket as tickets
from domain import venue as venues
from domain.values import Line
from tests.system.log import Told

Row = tuple[Any, ...]
COUNTED = ("sold", "returned", "gross", "returned_gross", "refunded", "disputes_lost")


@dataclass(slots=True)
class OrderPicture:
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
class Picture:
    """Every seat, order, payment, refund and ticket by its id, and the sales by what they are counted by."""

    seats: dict[str, Row] = field(default_factory=dict)
    orders: dict[str, OrderPicture] = field(default_factory=dict)
    payments: dict[str, list[Any]] = field(default_factory=dict)
    refunds: dict[str, list[Any]] = field(default_factory=dict)
    tickets: dict[str, list[Any]] = field(default_factory=dict)
    sales: defaultdict[Row, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    zones: dict[str, tzinfo] = field(default_factory=dict)
    venues: dict[str, str] = field(default_factory=dict)

    def day_of(self, performance: str, told: Told) -> date:
        """Return the day at a performance's venue on which something was recorded."""
        zone: tzinfo = self.zones.get(self.venues.get(performance, ""), UTC)
        return told.recorded.recorded_at.astimezone(zone).date()

    def rows(self) -> dict[str, set[Row]]:
        """Return the rows that the read models must have, by table."""
        return {
            "seat": {(*stream.split("-", 1)[1].rsplit("-", 1), *stands) for stream, stands in self.seats.items()},
            "orders": {(order, *told.row()) for order, told in self.orders.items()},
            "payment": {(payment, *told) for payment, told in self.payments.items()},
            "refund": {(refund, *told) for refund, told in self.refunds.items()},
            "ticket": {(ticket, *told) for ticket, told in self.tickets.items()},
            "sale": {(*key, *(counts[name] for name in COUNTED)) for key, counts in self.sales.items()},
        }


def picture_of(log: Sequence[Told]) -> Picture:
    """Fold a whole log."""
    picture = Picture()
    folds = {
        "seat": fold_seat,
        "order": fold_order,
        "payment": fold_payment,
        "refund": fold_refund,
        "ticket": fold_ticket,
        "venue": fold_venue,
        "performance": fold_performance,
    }
    for told in log:
        fold = folds.get(told.recorded.stream.split("-", 1)[0])
        if fold is not None:
            fold(picture, told)
    return picture


def fold_venue(picture: Picture, told: Told) -> None:
    """Say by which clock a venue lives."""
    if isinstance(told.event, (venues.VenueOpened, venues.VenueChanged)):
        picture.zones[told.key] = ZoneInfo(told.event.details.time_zone)


def fold_performance(picture: Picture, told: Told) -> None:
    """Say where a performance is given."""
    if isinstance(told.event, performances.PerformanceScheduled):
        picture.venues[told.key] = told.event.venue


def fold_seat(picture: Picture, told: Told) -> None:
    """Say where a seat stands, and until when."""
    match told.event:
        case seats.SeatHeld() | seats.SeatHoldExtended():
            stands: Row = ("held", told.event.expires_at)
        case seats.SeatSold():
            stands = ("sold", None)
        case seats.SeatBlocked():
            stands = ("blocked", told.event.release_at)
        case _:
            stands = ("free", None)
    picture.seats[told.recorded.stream] = stands


def fold_order(picture: Picture, told: Told) -> None:
    """Say where an order stands, and count what it sold."""
    if isinstance(told.event, orders.OrderPlaced):
        picture.orders[told.key] = OrderPicture(placed=told.event, expires_at=told.event.expires_at)
        return
    order = picture.orders[told.key]
    day = picture.day_of(order.placed.performance, told)
    match told.event:
        case orders.OrderExtended():
            order.expires_at = told.event.expires_at
        case orders.OrderExpired():
            order.status = "expired"
        case orders.OrderCancelled():
            order.status = "cancelled"
        case orders.OrderConfirmed():
            order.status, order.paid_by = "confirmed", told.event.payment
            count(picture, order, order.placed.lines, day, sold="sold", gross="gross")
        case orders.OrderLinesCancelled():
            ended = [line for line in order.placed.lines if line.line_id in told.event.lines]
            order.cancelled += len(ended)
            count(picture, order, ended, day, sold="returned", gross="returned_gross")
        case orders.RefundOpened():
            order.refunds[told.event.refund] = told.event
        case orders.RefundClosed(outcome=orders.RefundOutcome.COMPLETED):
            count_refund(picture, order, order.refunds[told.event.refund], day)


def count(picture: Picture, order: OrderPicture, lines: Sequence[Line], day: date, *, sold: str, gross: str) -> None:
    """Count lines into a day's sales."""
    for line in lines:
        picture.sales[key_of(order, day, line.place.category, line.ticket_type)].update({sold: 1, gross: line.gross})


def count_refund(picture: Picture, order: OrderPicture, opened: orders.RefundOpened, day: date) -> None:
    """Count what went back: for its lines, or beside all lines."""
    for line in order.placed.lines:
        if line.line_id in opened.lines and opened.amount:
            back = sum(component.gross for component in line.components if component.refundable)
            picture.sales[key_of(order, day, line.place.category, line.ticket_type)]["refunded"] += back
    if not opened.lines:
        picture.sales[key_of(order, day, "", "", opened.currency)]["refunded"] += opened.amount


def key_of(order: OrderPicture, day: date, category: str, ticket_type: str, currency: str = "") -> Row:
    """Return what sales are counted by."""
    placed = order.placed
    return placed.organizer, placed.performance, day, category, ticket_type, currency or placed.currency


def fold_payment(picture: Picture, told: Told) -> None:
    """Say what was captured, and what it led to."""
    match told.event:
        case payments.PaymentRequested():
            picture.payments[told.key] = [told.event.order, told.event.amount, 0, None]
        case payments.PaymentCaptured():
            picture.payments[told.key][2] = told.event.amount
        case payments.PaymentSettled():
            picture.payments[told.key][3] = told.event.outcome.value
        case payments.DisputeLost(order=order, amount=amount, currency=currency):
            count_loss(picture, order, told, amount, currency)
        case payments.DisputeWon(order=order, recovered=amount, currency=currency):
            count_loss(picture, order, told, -amount, currency)


def count_loss(picture: Picture, order: str, told: Told, amount: int, currency: str) -> None:
    """Count what a dispute took, or gave back."""
    known = picture.orders[order]
    day = picture.day_of(known.placed.performance, told)
    picture.sales[key_of(known, day, "", "", currency)]["disputes_lost"] += amount


def fold_refund(picture: Picture, told: Told) -> None:
    """Say how far a refund is."""
    if isinstance(told.event, refunds.RefundRequested):
        picture.refunds[told.key] = [told.event.order, told.event.payment, "requested", told.event.amount]
    else:
        picture.refunds[told.key][2] = refund_status(told.event, picture.refunds[told.key][2])


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


def fold_ticket(picture: Picture, told: Told) -> None:
    """Say whether a ticket still admits."""
    match told.event:
        case tickets.TicketIssued():
            issued = told.event
            picture.tickets[told.key] = [issued.order, issued.account, issued.performance, "valid", None]
        case tickets.TicketVoided():
            picture.tickets[told.key][3] = "void"
        case tickets.EntryRecorded():
            picture.tickets[told.key][3:] = ["used", told.event.gate]
        case tickets.EntryReverted():
            picture.tickets[told.key][3:] = ["valid", None]
