"""Bugs at the gate that the state machine must catch."""

from dataclasses import replace

from domain.decision import Changes, DecisionContext
from domain.decisions import entry
from domain.errors import DeviceIsRevoked, NonceReused
from domain.scan import SCAN, Admitted, ScanAdmitted, ScanRefused
from domain.ticket import TICKET, EntryRecorded, EntryReverted, RefusalReason, RevertReason
from tests.properties.engine.machine import EngineMachine


def scan_forgetting_the_nonce(context: DecisionContext, *, command: entry.ScanTicket) -> Changes:
    """A planted bug: a nonce that was used for another scan is judged anew."""
    try:
        return entry.scan_ticket(context, command)
    except NonceReused:
        refused = ScanRefused(reading=command.reading, ticket=None, reason=RefusalReason.UNREADABLE)
        return {SCAN.stream(command.device, command.nonce): [refused]}


def scan_with_a_revoked_device(context: DecisionContext, *, command: entry.ScanTicket) -> Changes:
    """A planted bug: a device that was revoked is accepted as one that is not registered."""
    try:
        return entry.scan_ticket(context, command)
    except DeviceIsRevoked:
        return entry.scan_ticket(context, replace(command, registered=False))


def scan_admitting_twice(context: DecisionContext, *, command: entry.ScanTicket) -> Changes:
    """A planted bug: a used ticket admits."""
    changes = entry.scan_ticket(context, command)
    used = [each for events in changes.values() for each in events if each == already_used(command)]
    if not used or command.ticket is None:
        return changes
    recorded = EntryRecorded(gate=command.gate, device=command.device, nonce=command.nonce)
    admitted = ScanAdmitted(reading=command.reading, ticket=command.ticket)
    return {TICKET.stream(command.ticket): [recorded], SCAN.stream(command.device, command.nonce): [admitted]}


def already_used(command: entry.ScanTicket) -> ScanRefused:
    """Return the refusal of a used ticket."""
    return ScanRefused(reading=command.reading, ticket=command.ticket, reason=RefusalReason.ALREADY_USED)


def revert_twice(context: DecisionContext, *, scan: str, reason: RevertReason) -> Changes:
    """A planted bug: an entry that was reverted before is reverted again."""
    admitted = context.read(SCAN, scan)
    assert isinstance(admitted, Admitted)
    context.read(TICKET, admitted.ticket)
    device, nonce = scan.rsplit("-", 1)
    return {TICKET.stream(admitted.ticket): [EntryReverted(device=device, nonce=nonce, reason=reason)]}


class NonceForgotten(EngineMachine):
    """The engine with a nonce that is judged anew."""

    scan_ticket = staticmethod(scan_forgetting_the_nonce)


class RevokedDeviceAdmits(EngineMachine):
    """The engine with a revoked device that admits."""

    scan_ticket = staticmethod(scan_with_a_revoked_device)


class AdmittedTwice(EngineMachine):
    """The engine with a used ticket that admits."""

    scan_ticket = staticmethod(scan_admitting_twice)


class RevertedTwice(EngineMachine):
    """The engine with an entry that is reverted twice."""

    revert = staticmethod(revert_twice)
