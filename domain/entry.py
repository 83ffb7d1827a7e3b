"""At the gate: admit a ticket once, or say why not. Of two gates one wins, because both write the ticket's stream."""

from dataclasses import dataclass

from domain.books import Books, Changes
from domain.event import EVENT
from domain.performance import PERFORMANCE, ScheduledPerformance
from domain.ticket import SCAN, TICKET, EntryRecorded, IssuedTicket, RefusalReason, ScanRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanTicket:
    """One reading of a device: the ticket its code names, or the `fault` that made it unreadable.

    `organizers`: those the entry manager works for; `performance`: the one this gate admits to, if it is set to one.
    """

    ticket: str | None
    fault: RefusalReason | None = None
    code_sha256: str
    gate: str
    device: str
    nonce: str
    organizers: frozenset[str]
    performance: str | None = None


def scan_ticket(books: Books, command: ScanTicket) -> Changes:
    """Record the entry on the ticket, or the refusal on the reading's own stream."""
    reason = command.fault or objection(books, command)
    if reason is None and command.ticket is not None:
        entry = EntryRecorded(gate=command.gate, device=command.device, nonce=command.nonce)
        return {TICKET.stream(command.ticket): [entry]}
    refused = ScanRefused(
        code_sha256=command.code_sha256,
        ticket=command.ticket,
        reason=reason or RefusalReason.UNREADABLE,
        gate=command.gate,
    )
    books.read(SCAN, command.device, command.nonce)
    return {SCAN.stream(command.device, command.nonce): [refused]}


def objection(books: Books, command: ScanTicket) -> RefusalReason | None:
    """Return why the ticket does not admit here and now, if it does not."""
    ticket = books.read(TICKET, command.ticket) if command.ticket else None
    if not isinstance(ticket, IssuedTicket):
        return RefusalReason.UNKNOWN_TICKET
    if ticket.organizer not in command.organizers:
        return RefusalReason.OTHER_ORGANIZER
    if command.performance not in {None, ticket.performance}:
        return RefusalReason.OTHER_PERFORMANCE
    performance = books.read(PERFORMANCE, ticket.performance)
    books.read(EVENT, ticket.event)
    if not isinstance(performance, ScheduledPerformance) or performance.called_off:
        return RefusalReason.PERFORMANCE_CANCELLED
    if ticket.void:
        return RefusalReason.VOID
    if ticket.disputed and not performance.entry_rules.disputed_tickets_admitted:
        return RefusalReason.DISPUTED
    return RefusalReason.ALREADY_USED if ticket.entry else None
