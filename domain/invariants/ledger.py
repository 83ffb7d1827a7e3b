"""The invariants' view of the log, folded by code that shares nothing with the states that decisions read."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from domain import dispute as disputes
from domain import money_exception as exceptions
from domain import order as orders
from domain import payment as payments
from domain import performance as performances
from domain import refund as refunds
from domain import seat as seats
from domain import ticket as tickets
from domain.device import DeviceRegistered
from domain.invariants.occupancy import Occupancy
from domain.invariants.records import (
    ExceptionRecord,
    LoggedEvent,
    OrderRecord,
    PaymentRecord,
    RefundRecord,
    SeatRecord,
    TicketRecord,
)
from domain.values import EntryRules


@dataclass(slots=True)
class Ledger:
    """The records that the invariants are checked on, folded from the log.

    `devices`: whether each device is active. `refused`: the ids of commands whose last response was a refusal, added
    by the sender.
    """

    seats: dict[str, SeatRecord] = field(default_factory=lambda: defaultdict(SeatRecord))
    tickets: dict[str, TicketRecord] = field(default_factory=dict)
    orders: dict[str, OrderRecord] = field(default_factory=dict)
    payments: dict[str, PaymentRecord] = field(default_factory=dict)
    refunds: dict[str, RefundRecord] = field(default_factory=dict)
    exceptions: dict[str, ExceptionRecord] = field(default_factory=dict)
    waiting: dict[str, None] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    starts: dict[str, datetime] = field(default_factory=dict)
    scans: set[str] = field(default_factory=set)
    devices: dict[str, bool] = field(default_factory=dict)
    devices_required: set[str] = field(default_factory=set)
    occupancy: Occupancy = field(default_factory=Occupancy)
    refused: set[UUID] = field(default_factory=set)

    def takes_place(self, performance: str) -> bool:
        """Return whether a performance was not cancelled."""
        return performance not in self.cancelled

    def started(self, performance: str, at: datetime) -> bool:
        """Return whether a performance had begun at a time."""
        return performance in self.starts and self.starts[performance] <= at

    def undecided(self) -> list[str]:
        """Return the ids of the payments whose capture is undecided."""
        return list(self.waiting)

    def captures_waiting(self) -> list[tuple[str, PaymentRecord]]:
        """Return the undecided captures as (payment, record)."""
        return [(name, self.payments[name]) for name in self.waiting]

    def exceptions_of(self, payment: str) -> list[ExceptionRecord]:
        """Return the exceptions about a payment."""
        return [each for each in self.exceptions.values() if each.payment == payment]


def stream_id(stream: str) -> str:
    """Return the part of a stream's name after its prefix."""
    return stream.split("-", 1)[1]


def apply(ledger: Ledger, fact: LoggedEvent) -> None:
    """Fold one event into the ledger."""
    ledger.occupancy.apply(fact.stream, fact.event)
    match fact.stream.split("-", 1)[0]:
        case "seat":
            ledger.seats[fact.stream] = seat_after(ledger.seats[fact.stream], fact.event)
        case "ticket":
            apply_to_ticket(ledger, stream_id(fact.stream), fact.event)
        case "order":
            apply_to_order(ledger, stream_id(fact.stream), fact.event)
        case "payment":
            apply_to_payment(ledger, stream_id(fact.stream), fact)
        case "refund":
            apply_to_refund(ledger, stream_id(fact.stream), fact.event)
        case "exception":
            apply_to_exception(ledger, stream_id(fact.stream), fact.event)
        case "performance":
            apply_to_performance(ledger, stream_id(fact.stream), fact.event)
        case "device":
            ledger.devices[stream_id(fact.stream)] = isinstance(fact.event, DeviceRegistered)
        case "scan":
            ledger.scans.add(fact.stream)


def seat_after(seat: SeatRecord, event: seats.SeatEvent) -> SeatRecord:
    """Return the claim on a seat after an event."""
    match event:
        case seats.SeatHeld():
            return SeatRecord(hold=event.hold, deadline=event.expires_at)
        case seats.SeatHoldExtended():
            return SeatRecord(hold=seat.hold, deadline=event.expires_at)
        case seats.SeatSold():
            return SeatRecord(order=event.order, ticket=event.ticket)
        case seats.SeatBlocked():
            return SeatRecord(blocked=True)
        case _:
            return SeatRecord()


def apply_to_ticket(ledger: Ledger, ticket: str, event: tickets.TicketEvent) -> None:
    """Fold an event of a ticket into the ledger."""
    match event:
        case tickets.TicketIssued():
            ledger.tickets[ticket] = TicketRecord(
                seat=f"seat-{event.performance}-{event.place.seat}", performance=event.performance
            )
        case tickets.TicketVoided():
            ledger.tickets[ticket].void = True
        case tickets.EntryRecorded():
            ledger.tickets[ticket].entry = scan_of(event)
        case tickets.EntryReverted():
            ledger.tickets[ticket].entry = None


def scan_of(event: tickets.EntryRecorded | tickets.EntryReverted) -> str:
    """Return the id of the scan that recorded or reverted an entry."""
    return f"{event.device}-{event.nonce}"


def apply_to_order(ledger: Ledger, order: str, event: orders.OrderEvent) -> None:
    """Fold an event of an order into the ledger."""
    match event:
        case orders.OrderPlaced():
            lines = {line.line_id: line for line in event.lines}
            ledger.orders[order] = OrderRecord(performance=event.performance, hold=event.hold, lines=lines)
        case orders.OrderConfirmed():
            ledger.orders[order].confirmed = True
            ledger.orders[order].confirmed_by = event.payment
        case orders.RefundOpened():
            ledger.orders[order].refunds.add(event.refund)


def apply_to_payment(ledger: Ledger, payment: str, fact: LoggedEvent) -> None:
    """Fold an event of a payment into the ledger."""
    event: payments.PaymentEvent = fact.event
    match event:
        case payments.PaymentRequested():
            ledger.payments[payment] = PaymentRecord(order=event.order, currency=event.currency)
        case payments.PaymentCaptured():
            paid = ledger.payments[payment]
            paid.captured, paid.currency, paid.captured_at = event.amount, event.currency, fact.recorded_at
            paid.awaits_buyer = False
            ledger.waiting[payment] = None
        case payments.PaymentFailed() | payments.PaymentExpired() | payments.PaymentCancelled():
            ledger.payments[payment].awaits_buyer = False
        case payments.PaymentSettled():
            ledger.payments[payment].outcome = event.outcome
            ledger.waiting.pop(payment, None)
        case disputes.DisputeOpened():
            ledger.payments[payment].disputes_open.add(event.dispute)
        case disputes.DisputeWon():
            ledger.payments[payment].disputes_open.discard(event.dispute)
            ledger.payments[payment].lost -= event.recovered
        case disputes.DisputeLost():
            apply_loss(ledger.payments[payment], event)


def apply_loss(paid: PaymentRecord, event: disputes.DisputeLost) -> None:
    """Add a lost dispute to a payment; an amount in another currency than the capture's is not added."""
    paid.disputes_open.discard(event.dispute)
    if paid.currency == event.currency:
        paid.lost += event.amount


def apply_to_exception(ledger: Ledger, exception: str, event: exceptions.ExceptionEvent) -> None:
    """Fold an event of an exception into the ledger."""
    match event:
        case exceptions.ExceptionOpened():
            ledger.exceptions[exception] = ExceptionRecord(
                kind=event.kind,
                owner=event.owner,
                amount=event.amount,
                refundable=event.refundable,
                payment=event.payment,
                refund=event.refund,
                account=event.account,
            )
        case exceptions.ExceptionClosed():
            ledger.exceptions[exception].open = False


def apply_to_refund(ledger: Ledger, refund: str, event: refunds.RefundEvent) -> None:
    """Fold an event of a refund into the ledger."""
    match event:
        case refunds.RefundRequested():
            ledger.refunds[refund] = RefundRecord(
                payment=event.payment,
                lines=event.lines,
                amount=event.amount,
                explained=event.reason_text is not None,
                account=event.account,
                requested_by=event.requested_by,
                exception=event.exception,
            )
        case refunds.RefundRejected():
            ledger.refunds[refund].rejected = True
        case refunds.RefundCompleted():
            ledger.refunds[refund].completed = True


def apply_to_performance(ledger: Ledger, performance: str, event: performances.PerformanceEvent) -> None:
    """Fold an event of a performance into the ledger: its start, entry rules and cancellation."""
    match event:
        case performances.PerformanceScheduled():
            ledger.starts[performance] = event.starts_at
            apply_entry_rules(ledger, performance, event.entry_rules)
        case performances.PerformanceRescheduled():
            ledger.starts[performance] = event.starts_at
        case performances.EntryRulesChanged():
            apply_entry_rules(ledger, performance, event.rules)
        case performances.PerformanceCancelled():
            ledger.cancelled.add(performance)


def apply_entry_rules(ledger: Ledger, performance: str, rules: EntryRules) -> None:
    """Record whether a performance requires registered devices."""
    change = set.add if rules.registered_devices else set.discard
    change(ledger.devices_required, performance)
