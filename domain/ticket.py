"""The right to enter, once; and the refused scan, which is itself a fact."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from domain.books import Kind
from domain.values import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketIssued:
    """The holder may enter `performance` at `place`, once."""

    order: str
    line_id: str
    account: str
    performance: str
    event: str
    organizer: str
    place: Place
    ticket_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketVoided:
    """The right to enter ended through `refund`."""

    refund: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRecorded:
    """Somebody entered with it at `gate`; `nonce` is the reading's own number on `device`."""

    gate: str
    device: str
    nonce: str
    mode: str = "online"


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketDisputed:
    """The buyer's bank disputes the payment; whether the ticket still admits is the performance's entry rule."""

    payment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketDisputeWon:
    """The dispute was decided for the shop; the ticket is as good as any."""

    payment: str


TicketEvent = TicketIssued | TicketVoided | EntryRecorded | TicketDisputed | TicketDisputeWon


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Where and by which device the ticket was used."""

    gate: str
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoTicket:
    """Not issued."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedTicket:
    """A ticket with what decisions ask for."""

    order: str
    account: str
    performance: str
    event: str
    organizer: str
    void: bool = False
    disputed: bool = False
    entry: Entry | None = None


Ticket = NoTicket | IssuedTicket


def evolve(ticket: Ticket, event: TicketEvent) -> Ticket:
    """Return the ticket after `event`."""
    if isinstance(event, TicketIssued):
        return IssuedTicket(
            order=event.order,
            account=event.account,
            performance=event.performance,
            event=event.event,
            organizer=event.organizer,
        )
    assert isinstance(ticket, IssuedTicket)
    match event:
        case TicketVoided():
            return replace(ticket, void=True)
        case TicketDisputed():
            return replace(ticket, disputed=True)
        case TicketDisputeWon():
            return replace(ticket, disputed=False)
        case EntryRecorded():
            return replace(ticket, entry=Entry(gate=event.gate, device=event.device))
        case _:
            assert_never(event)


TICKET: Kind[Ticket] = Kind("ticket", NoTicket(), evolve)


def voided_events(ticket: Ticket, *, order: str, refund: str) -> Sequence[TicketEvent]:
    """Void a valid ticket if it is this order's."""
    match ticket:
        case IssuedTicket(order=own, void=False) if own == order:
            return (TicketVoided(refund=refund),)
        case _:
            return ()


class RefusalReason(StrEnum):
    """Why the gate stays shut."""

    UNREADABLE = "unreadable"
    FORGED = "forged"
    UNKNOWN_TICKET = "unknown_ticket"
    OTHER_ORGANIZER = "other_organizer"
    OTHER_PERFORMANCE = "other_performance"
    PERFORMANCE_CANCELLED = "performance_cancelled"
    VOID = "void"
    ALREADY_USED = "already_used"
    DISPUTED = "disputed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRefused:
    """A reading was turned away; the code itself is kept only as its hash."""

    code_sha256: str
    ticket: str | None
    reason: RefusalReason
    gate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One reading of one device: nothing, or refused."""

    refused: RefusalReason | None = None


def evolve_scan(_: Scan, event: ScanRefused) -> Scan:
    """Return the reading after `event`."""
    return Scan(refused=event.reason)


SCAN: Kind[Scan] = Kind("scan", Scan(), evolve_scan)
