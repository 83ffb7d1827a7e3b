"""Invariants of seats, orders, tickets and entries, one function each."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from domain import order as orders
from domain import payment as payments
from domain import seat as seats
from domain import ticket as tickets
from domain.invariants.check import command_invariant, event_invariant
from domain.invariants.ledger import Ledger, scan_of, stream_id
from domain.invariants.records import LoggedEvent, SeatRecord
from domain.scan import ScanAdmitted
from domain.values import ReleaseReason


@event_invariant
def one_live_claim_per_seat(ledger: Ledger, fact: LoggedEvent) -> Iterator[str]:
    """Invariant 1: a claim begins only on an unclaimed seat, and only its owner ends it."""
    seat = ledger.seats[fact.stream] if fact.stream.startswith("seat-") else SeatRecord()
    match fact.event:
        case seats.SeatHeld() | seats.SeatBlocked() if seat.claimed():
            yield f"{fact.stream} was claimed although {seat} had it."
        case seats.SeatSold(order=order) if seat.order or seat.blocked or not held_by_order(ledger, seat, order):
            yield f"{fact.stream} was sold to {order} although {seat} had it."
        case seats.SeatReturned(order=order) if seat.order != order:
            yield f"{fact.stream} was returned by {order} although {seat} had it."
        case seats.SeatReleased(hold=hold) | seats.SeatHoldExtended(hold=hold) if seat.hold != hold:
            yield f"{fact.stream} was released or extended by {hold} although {seat} had it."


def held_by_order(ledger: Ledger, seat: SeatRecord, order: str) -> bool:
    """Return whether a seat is free, or held by the basket of the order."""
    return seat.hold is None or (order in ledger.orders and ledger.orders[order].hold == seat.hold)


@event_invariant
def hold_not_released_before_expiry(ledger: Ledger, fact: LoggedEvent) -> Iterator[str]:
    """Invariant 1: a hold is released as lapsed only once its deadline has passed by the server's clock."""
    if isinstance(fact.event, seats.SeatReleased) and fact.event.reason is ReleaseReason.LAPSED:
        deadline = ledger.seats[fact.stream].deadline
        if deadline is not None and fact.recorded_at < deadline:
            yield f"{fact.stream} was taken from {fact.event.hold} before {deadline}."


@command_invariant
def a_sold_seat_has_one_ticket(ledger: Ledger, command: Sequence[LoggedEvent]) -> Iterator[str]:
    """Invariant 2: a sold seat's ticket is valid and for that seat; a void ticket has no seat."""
    touched = {fact.stream for fact in command}
    for stream in touched:
        seat = ledger.seats[stream] if stream.startswith("seat-") else SeatRecord()
        if seat.ticket is not None:
            ticket = ledger.tickets.get(seat.ticket)
            if ticket is None or ticket.void or ticket.seat != stream:
                yield f"{stream} is sold with {ticket}."
        held = ledger.tickets.get(stream_id(stream)) if stream.startswith("ticket-") else None
        if held is not None and held.void == (ledger.seats[held.seat].ticket == stream_id(stream)):
            yield f"{stream} is void: {held.void}, yet its seat is {ledger.seats[held.seat]}."


@command_invariant
def no_money_lost(ledger: Ledger, command: Sequence[LoggedEvent]) -> Iterator[str]:
    """Invariant 4: captured = live lines + fees kept + refunds not rejected, unless it is undecided or an exception."""
    for payment in {name for fact in command for name in payments_touched(ledger, fact)}:
        paid = ledger.payments[payment]
        if paid.captured is None or paid.outcome in {None, payments.PaymentOutcome.EXCEPTION}:
            continue
        order = ledger.orders[paid.order]
        refunds = [ledger.refunds[refund] for refund in order.refunds]
        refunds = [refund for refund in refunds if refund.payment == payment and not refund.rejected]
        refunded_lines = [line for refund in refunds for line in refund.lines]
        of_lines = sum(refund.amount for refund in refunds if refund.lines or refund.exception)
        kept = sum(order.lines[line].gross for line in refunded_lines) - of_lines
        live = 0
        if order.confirmed_by == payment:
            live = sum(line.gross for line in order.lines.values() if line.line_id not in refunded_lines)
        accounted = live + kept + sum(refund.amount for refund in refunds)
        if accounted != paid.captured or kept < 0 or len(set(refunded_lines)) < len(refunded_lines):
            yield f"payment {payment} captured {paid.captured}, accounted for {accounted}: {refunds}."


def payments_touched(ledger: Ledger, fact: LoggedEvent) -> set[str]:
    """Return the ids of the captured payments whose sum an event may change."""
    match fact.stream.split("-", 1)[0]:
        case "payment":
            return {stream_id(fact.stream)} & ledger.payments.keys()
        case "refund":
            paid_by = ledger.refunds[stream_id(fact.stream)].payment
            return {paid_by} if paid_by else set()
        case "order":
            confirmed_by = ledger.orders[stream_id(fact.stream)].confirmed_by
            return {confirmed_by} if confirmed_by else set()
        case _:
            return set()


@event_invariant
def one_entry_per_ticket(ledger: Ledger, fact: LoggedEvent) -> Iterator[str]:
    """Invariant 7: a single-entry ticket admits again only after its own entry was reverted."""
    if not isinstance(fact.event, tickets.EntryRecorded | tickets.EntryReverted):
        return
    entry = ledger.tickets[stream_id(fact.stream)].entry
    if isinstance(fact.event, tickets.EntryRecorded) and entry is not None:
        yield f"{fact.stream} was admitted twice, by {entry} and by {scan_of(fact.event)}."
    if isinstance(fact.event, tickets.EntryReverted) and entry != scan_of(fact.event):
        yield f"{fact.stream} had the entry {scan_of(fact.event)} reverted, but its entry was {entry}."


@event_invariant
def one_result_per_scan(ledger: Ledger, fact: LoggedEvent) -> Iterator[str]:
    """Invariant 6: a scan has one result, however often it is sent."""
    if fact.stream in ledger.scans:
        yield f"{fact.stream} had a second result."


@command_invariant
def an_entry_has_its_scan(_: Ledger, command: Sequence[LoggedEvent]) -> Iterator[str]:
    """Invariant 6: an entry and the scan that admits are recorded together, for one ticket."""
    entries = {
        (f"scan-{scan_of(fact.event)}", stream_id(fact.stream))
        for fact in command
        if isinstance(fact.event, tickets.EntryRecorded)
    }
    scans = {(fact.stream, fact.event.ticket) for fact in command if isinstance(fact.event, ScanAdmitted)}
    if entries != scans:
        yield f"The entries {entries} were recorded with the scans {scans}."


@event_invariant
def only_devices_that_may_admit(ledger: Ledger, fact: LoggedEvent) -> Iterator[str]:
    """A revoked device admits no ticket; where registered devices are required, no other device admits."""
    if not isinstance(fact.event, tickets.EntryRecorded):
        return
    device, performance = fact.event.device, ledger.tickets[stream_id(fact.stream)].performance
    if ledger.devices.get(device) is False:
        yield f"{fact.stream} was admitted by the revoked device {device}."
    if performance in ledger.devices_required and device not in ledger.devices:
        yield f"{fact.stream} was admitted without a registered device."


@event_invariant
def nothing_enters_on_a_void_ticket(ledger: Ledger, fact: LoggedEvent) -> Iterator[str]:
    """Invariant 9: a void ticket does not admit, and is not voided again."""
    if not fact.stream.startswith("ticket-"):
        return
    ticket = ledger.tickets.get(stream_id(fact.stream))
    if ticket is None:
        return
    if isinstance(fact.event, tickets.EntryRecorded) and ticket.void:
        yield f"{fact.stream} was admitted although it is void."
    if isinstance(fact.event, tickets.TicketVoided) and ticket.void:
        yield f"{fact.stream} was voided although it was void."


@event_invariant
def a_cancelled_performance_sells_and_admits_nothing(ledger: Ledger, fact: LoggedEvent) -> Iterator[str]:
    """A cancelled performance sells, confirms and admits nothing after its cancellation."""
    match fact.event:
        case seats.SeatHeld() | seats.SeatSold():
            if fact.stream.split("-", 1)[1].rsplit("-", 1)[0] in ledger.cancelled:
                yield f"{fact.stream} was sold for a cancelled performance."
        case tickets.EntryRecorded():
            seat = ledger.tickets[stream_id(fact.stream)].seat
            if seat.split("-", 1)[1].rsplit("-", 1)[0] in ledger.cancelled:
                yield f"{fact.stream} was admitted to a cancelled performance."


@command_invariant
def seats_of_an_order_are_sold_together(ledger: Ledger, command: Sequence[LoggedEvent]) -> Iterator[str]:
    """Invariant 12: one command sells all of an order's seats, or none."""
    sold: dict[str, set[str]] = defaultdict(set)
    for fact in command:
        if isinstance(fact.event, seats.SeatSold):
            sold[fact.event.order].add(fact.stream)
        if isinstance(fact.event, orders.OrderConfirmed):
            sold[stream_id(fact.stream)] |= set()
    for order, streams in sold.items():
        known = ledger.orders.get(order)
        wanted = {f"seat-{line.performance}-{line.place.seat}" for line in known.lines.values()} if known else set()
        if streams != wanted or known is None or not known.confirmed:
            yield f"order {order} was sold {sorted(streams)} of {sorted(wanted)}."
