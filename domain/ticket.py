"""The right to enter once: issued, used by an entry, usable again after a reverted entry, or void."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from domain.decision import StreamType
from domain.values import Place


class RefusalReason(StrEnum):
    """Why a scan is refused."""

    UNREADABLE = "unreadable"
    FORGED = "forged"
    UNKNOWN_TICKET = "unknown_ticket"
    OTHER_ORGANIZER = "other_organizer"
    OTHER_PERFORMANCE = "other_performance"
    DEVICE_REQUIRED = "device_required"
    DEVICE_NOT_ALLOWED = "device_not_allowed"
    PERFORMANCE_CANCELLED = "performance_cancelled"
    VOID = "void"
    ALREADY_USED = "already_used"
    DISPUTED = "disputed"
    TOO_EARLY = "too_early"
    TOO_LATE = "too_late"


class EntryMode(StrEnum):
    """How a ticket was presented: its code scanned, or its printed number typed in."""

    ONLINE = "online"
    MANUAL = "manual"


class RevertReason(StrEnum):
    """Why an entry is reverted."""

    SCANNED_BY_MISTAKE = "scanned_by_mistake"
    WRONG_TICKET = "wrong_ticket"
    DEVICE_FAULT = "device_fault"
    LEFT_BEFORE_START = "left_before_start"
    HOUSE_CLEARED = "house_cleared"
    OTHER = "other"


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
    """The ticket admitted its holder at `gate`, by the scan `nonce` of `device`.

    `device`: a registered device, or the account that sent the scan. `overrode`: the refusal that the entry manager
    overrode.
    """

    gate: str
    device: str
    nonce: str
    mode: EntryMode = EntryMode.ONLINE
    overrode: RefusalReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketDisputed:
    """The buyer's bank disputes the payment; the performance's entry rules decide whether the ticket still admits."""

    payment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketDisputeWon:
    """The dispute was decided for the shop; the ticket is no longer disputed."""

    payment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryReverted:
    """The entry by the scan `nonce` of `device` was reverted; the ticket admits again."""

    device: str
    nonce: str
    reason: RevertReason


TicketEvent = TicketIssued | TicketVoided | EntryRecorded | EntryReverted | TicketDisputed | TicketDisputeWon


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The entry that used the ticket: its gate and its scan."""

    gate: str
    device: str
    nonce: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoTicket:
    """Not issued."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedTicket:
    """The fields of a ticket that decisions read."""

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
            return replace(ticket, entry=Entry(gate=event.gate, device=event.device, nonce=event.nonce))
        case EntryReverted():
            return replace(ticket, entry=None)
        case _:
            assert_never(event)


TICKET: StreamType[Ticket] = StreamType("ticket", NoTicket(), evolve)


def voided_events(ticket: Ticket, *, order: str, refund: str) -> Sequence[TicketEvent]:
    """Return the events that void a ticket; none unless it is valid and belongs to `order`."""
    match ticket:
        case IssuedTicket(order=own, void=False) if own == order:
            return (TicketVoided(refund=refund),)
        case _:
            return ()
