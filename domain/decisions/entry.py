"""Entry: admit a ticket once within its hours, or record the refusal; revert an entry made by mistake.

Concurrent scans of one ticket conflict on the ticket's stream, so only one admits. Concurrent scans under one nonce
conflict on the scan's stream, so only one is recorded.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.decision import Changes, DecisionContext
from domain.device import RegisteredDevice, require_active_device, works_for
from domain.errors import Conflict, Forbidden, NonceReused, NotFound
from domain.event import EVENT
from domain.performance import PERFORMANCE, ScheduledPerformance
from domain.scan import SCAN, Admitted, NoScan, Reading, Refused, ScanAdmitted, ScanRefused
from domain.scan import scan_id as scan_id_of
from domain.ticket import (
    TICKET,
    EntryMode,
    EntryRecorded,
    EntryReverted,
    IssuedTicket,
    RefusalReason,
    RevertReason,
)

ENTRY_OPENS_BEFORE_DOORS = timedelta(hours=1)
ENTRY_OPENS_BEFORE_START = timedelta(hours=3)
"""Applies if the performance has no time for its doors."""
ENTRY_CLOSES_AFTER_START = timedelta(hours=12)
OUTSIDE_WINDOW = frozenset({RefusalReason.TOO_EARLY, RefusalReason.TOO_LATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanTicket:
    """Scan a ticket code.

    Args:
        ticket: the ticket that the code names; None if the code is unusable.
        fault: why the code is unusable.
        organizers: those whose tickets the sender may scan.
        performance: the performance the gate is set to; None: any.
        device: the id of a registered device (`registered`), or the sender's account.
        override_window: admit outside the entry hours as well.
    """

    ticket: str | None
    fault: RefusalReason | None = None
    code_sha256: str
    gate: str
    device: str
    nonce: str
    organizers: frozenset[str]
    performance: str | None = None
    registered: bool = False
    mode: EntryMode = EntryMode.ONLINE
    override_window: bool = False

    @property
    def reading(self) -> Reading:
        """The input that is stored with the scan, and compared when the nonce is sent again."""
        return Reading(
            code_sha256=self.code_sha256,
            gate=self.gate,
            performance=self.performance,
            mode=self.mode,
            override_window=self.override_window,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanDecision:
    """The result of a scan: refused for `reason`, or admitted although `overridden` was a reason to refuse."""

    reason: RefusalReason | None = None
    overridden: RefusalReason | None = None


def scan_ticket(context: DecisionContext, command: ScanTicket) -> Changes:
    """Record the entry or the refusal; a retry of the same scan under its nonce records nothing.

    Raises:
        DeviceIsRevoked: the device may no longer send scans.
        NonceReused: the device used the nonce for another scan, or for an entry that was reverted or is void.
        Forbidden: the sender is no longer entry manager of the organizer whose ticket the nonce admitted.
    """
    device = require_active_device(context, command.device) if command.registered else None
    stream = SCAN.stream(command.device, command.nonce)
    known = context.read(SCAN, command.device, command.nonce)
    if not isinstance(known, NoScan):
        check_repeated(context, known, command)
        return {}
    decision = decide_scan(context, command, device)
    if decision.reason is None and command.ticket is not None:
        entry = EntryRecorded(
            gate=command.gate,
            device=command.device,
            nonce=command.nonce,
            mode=command.mode,
            overrode=decision.overridden,
        )
        admitted = ScanAdmitted(reading=command.reading, ticket=command.ticket)
        return {TICKET.stream(command.ticket): [entry], stream: [admitted]}
    reason = decision.reason or RefusalReason.UNREADABLE
    return {stream: [ScanRefused(reading=command.reading, ticket=command.ticket, reason=reason)]}


def check_repeated(context: DecisionContext, known: Admitted | Refused, command: ScanTicket) -> None:
    """Refuse a repeated nonce unless the scan equals the recorded one and its entry, if any, is still in force.

    Raises:
        NonceReused, Forbidden: see `scan_ticket`.
    """
    if known.reading != command.reading:
        raise NonceReused("This nonce was used for another scan. Take a new one.")
    if isinstance(known, Refused):
        return
    ticket = context.read(TICKET, known.ticket)
    assert isinstance(ticket, IssuedTicket)
    if ticket.organizer not in command.organizers:
        raise Forbidden("You are no longer an entry manager of this ticket's organizer.")
    if ticket.void or not entered_by(ticket, scan_id_of(command.device, command.nonce)):
        raise NonceReused("The entry under this nonce was reverted, or its ticket is void. Take a new nonce.")


def entered_by(ticket: IssuedTicket, scan: str) -> bool:
    """Return whether the ticket is used, by this scan."""
    return ticket.entry is not None and scan_id_of(ticket.entry.device, ticket.entry.nonce) == scan


def preview_scan(context: DecisionContext, command: ScanTicket) -> ScanDecision:
    """Decide a scan without recording it.

    Raises:
        DeviceIsRevoked, NonceReused, Forbidden: see `scan_ticket`.
    """
    device = require_active_device(context, command.device) if command.registered else None
    known = context.read(SCAN, command.device, command.nonce)
    if not isinstance(known, NoScan):
        check_repeated(context, known, command)
    return decide_scan(context, command, device)


def decide_scan(context: DecisionContext, command: ScanTicket, device: RegisteredDevice | None) -> ScanDecision:
    """Decide whether a scan admits; the command can override a refusal for being outside the entry hours."""
    reason = command.fault or refusal_reason(context, command, device)
    if reason in OUTSIDE_WINDOW and command.override_window:
        return ScanDecision(overridden=reason)
    return ScanDecision(reason=reason)


def refusal_reason(
    context: DecisionContext, command: ScanTicket, device: RegisteredDevice | None
) -> RefusalReason | None:
    """Return why the ticket does not admit at this gate and time; None if it does."""
    ticket = context.read(TICKET, command.ticket) if command.ticket else None
    if not isinstance(ticket, IssuedTicket):
        return RefusalReason.UNKNOWN_TICKET
    if ticket.organizer not in command.organizers or (device and ticket.organizer != device.organizer):
        return RefusalReason.OTHER_ORGANIZER
    if command.performance not in {None, ticket.performance}:
        return RefusalReason.OTHER_PERFORMANCE
    performance = context.read(PERFORMANCE, ticket.performance)
    context.read(EVENT, ticket.event)
    if not isinstance(performance, ScheduledPerformance) or performance.cancelled:
        return RefusalReason.PERFORMANCE_CANCELLED
    if device is None and performance.entry_rules.registered_devices:
        return RefusalReason.DEVICE_REQUIRED
    if device is not None and not works_for(context, device, ticket.performance):
        return RefusalReason.DEVICE_NOT_ALLOWED
    if ticket.void:
        return RefusalReason.VOID
    if ticket.disputed and not performance.entry_rules.disputed_tickets_admitted:
        return RefusalReason.DISPUTED
    return RefusalReason.ALREADY_USED if ticket.entry else time_refusal(context, performance)


def time_refusal(context: DecisionContext, performance: ScheduledPerformance) -> RefusalReason | None:
    """Return TOO_EARLY or TOO_LATE outside the entry hours; None within them."""
    if not context.deadline_passed(entry_opens_at(performance.starts_at, performance.doors_at)):
        return RefusalReason.TOO_EARLY
    return RefusalReason.TOO_LATE if context.deadline_passed(entry_closes_at(performance.starts_at)) else None


def entry_opens_at(starts_at: datetime, doors_at: datetime | None) -> datetime:
    """Return the time from which tickets of a performance admit."""
    return starts_at - ENTRY_OPENS_BEFORE_START if doors_at is None else doors_at - ENTRY_OPENS_BEFORE_DOORS


def entry_closes_at(starts_at: datetime) -> datetime:
    """Return the time from which tickets of a performance no longer admit."""
    return starts_at + ENTRY_CLOSES_AFTER_START


def revert_entry(context: DecisionContext, scan: str, reason: RevertReason) -> Changes:
    """Revert the entry that a scan recorded, so that the ticket admits again; a second time records nothing.

    Raises:
        NotFound: no such scan.
        Conflict: the scan was refused, or the ticket is void.
    """
    admitted = context.read(SCAN, scan)
    if isinstance(admitted, NoScan):
        raise NotFound("There is no such scan.")
    if not isinstance(admitted, Admitted):
        raise Conflict("The scan was refused: there is no entry to revert.")
    ticket = context.read(TICKET, admitted.ticket)
    assert isinstance(ticket, IssuedTicket)
    entry = ticket.entry
    if entry is None or not entered_by(ticket, scan):
        return {}
    if ticket.void:
        raise Conflict("The ticket is void: it would not admit again.")
    return {TICKET.stream(admitted.ticket): [EntryReverted(device=entry.device, nonce=entry.nonce, reason=reason)]}
