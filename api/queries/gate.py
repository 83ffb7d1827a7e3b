"""Scans: from request to command, and from the recorded scan to the response."""

import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi import Request

from api.auth.device_keys import AuthenticatedDevice
from api.auth.identity import Identity
from api.auth.visibility import require_organizers
from api.dependencies import services_of
from api.presenters import tickets as present
from api.presenters.values import Body
from api.schemas.tickets import ScanRequest
from application.event_reader import LoggedEvent, read_events, read_logged_events
from application.ticket_codes import UnreadableCode
from domain.decisions.entry import ScanDecision, ScanTicket
from domain.scan import SCAN, ScanAdmitted, ScanRefused, scan_id
from domain.ticket import TICKET, EntryMode, EntryRecorded, EntryReverted, RefusalReason
from domain.values import Role


async def command_of_scan(
    request: Request, identity: Identity, body: ScanRequest, device: AuthenticatedDevice | None
) -> ScanTicket:
    """Return the command for a scan.

    Raises:
        Forbidden: the sender is not an entry manager.
    """
    ticket, fault = find_ticket(request, body)
    read = body.code if body.code is not None else str(ticket)
    return ScanTicket(
        ticket=ticket,
        fault=fault,
        code_sha256=hashlib.sha256(read.encode()).hexdigest(),
        gate=body.gate,
        device=identity.account if device is None else device.device,
        nonce=body.nonce,
        organizers=await scannable_organizers(request, identity, device, ticket),
        performance=body.performance_id,
        registered=device is not None,
        mode=EntryMode.ONLINE if body.code is not None else EntryMode.MANUAL,
        override_window=body.override_window,
    )


def find_ticket(request: Request, body: ScanRequest) -> tuple[str | None, RefusalReason | None]:
    """Return the ticket of a code or a number, or the reason why the code is invalid."""
    if body.code is None:
        return str(UUID(body.ticket_number)), None
    try:
        return services_of(request).codes.read(body.code).ticket, None
    except UnreadableCode as unreadable:
        return None, unreadable.reason


async def scannable_organizers(
    request: Request, identity: Identity, device: AuthenticatedDevice | None, ticket: str | None
) -> frozenset[str]:
    """Return the organizers whose tickets the sender may scan, checked in the log.

    Raises:
        Forbidden: the sender is an entry manager of no organizer, or not of the device's organizer.
    """
    if device is not None:
        await identity.require_organizer_role(device.organizer, Role.ENTRY_MANAGER)
        return frozenset({device.organizer})
    organizer = None if ticket is None else await organizer_of(request, ticket)
    if organizer is not None and await identity.has_organizer_role(organizer, Role.ENTRY_MANAGER):
        await identity.require_organizer_role(organizer, Role.ENTRY_MANAGER)
        return frozenset({organizer})
    if await identity.has_role(Role.ADMIN):
        await identity.require_role(Role.ADMIN)
        return frozenset()
    own = await require_organizers(request, identity, Role.ENTRY_MANAGER)
    await identity.require_organizer_role(own[0], Role.ENTRY_MANAGER)
    return frozenset(own)


async def organizer_of(request: Request, ticket: str) -> str | None:
    """Return a ticket's organizer; None if the ticket was never issued."""
    events = (await read_events(services_of(request), TICKET.stream(ticket)))[TICKET.stream(ticket)]
    return events[0].organizer if events else None


async def scan_result(request: Request, command: ScanTicket) -> Body:
    """Return the recorded result of a scan as JSON, with the position of its event; repetitions return the same."""
    (recorded,) = await read_logged_events(services_of(request), SCAN.stream(command.device, command.nonce))
    scan: ScanAdmitted | ScanRefused = recorded.event
    history = await ticket_history(request, scan.ticket, command.organizers)
    entries = [logged for logged in history if logged.position < recorded.position]
    reason = scan.reason if isinstance(scan, ScanRefused) else None
    overrode = entries[-1].event.overrode if reason is None else None
    return {
        "outcome": "admitted" if reason is None else "refused",
        "reason": reason,
        "scan_id": scan_id(command.device, command.nonce),
        "mode": scan.reading.mode,
        "overrode": overrode,
        "ticket": scanned_ticket_json(scan.ticket, history),
        "first_entry": current_entry(entries) if reason is RefusalReason.ALREADY_USED else None,
        "position": recorded.position,
    }


async def preview_result(request: Request, command: ScanTicket, decision: ScanDecision) -> Body:
    """Return the result that a scan would have as JSON; nothing is recorded."""
    history = await ticket_history(request, command.ticket, command.organizers)
    return {
        "outcome": "confirmation_required" if decision.reason is None else "refused",
        "reason": decision.reason,
        "scan_id": None,
        "mode": command.mode,
        "overrode": decision.overridden,
        "ticket": scanned_ticket_json(command.ticket, history),
        "first_entry": current_entry(history) if decision.reason is RefusalReason.ALREADY_USED else None,
        "position": await services_of(request).store.head(),
    }


async def ticket_history(request: Request, ticket: str | None, organizers: frozenset[str]) -> Sequence[LoggedEvent]:
    """Return the events of a ticket; none if it belongs to another organizer."""
    events = [] if ticket is None else await read_logged_events(services_of(request), TICKET.stream(ticket))
    return events if events and events[0].event.organizer in organizers else []


def scanned_ticket_json(ticket: str | None, history: Sequence[LoggedEvent]) -> Body | None:
    """Return a ticket's details for the gate as JSON; None if it belongs to another organizer."""
    return None if ticket is None or not history else present.issued_ticket(ticket, history[0].event)


def current_entry(history: Sequence[LoggedEvent]) -> Body | None:
    """Return when and where a ticket was used: its last entry, unless that was reverted."""
    entry: Any = None
    for logged in history:
        if isinstance(logged.event, EntryRecorded):
            entry = logged
        elif isinstance(logged.event, EntryReverted):
            entry = None
    if entry is None:
        return None
    return {
        "at": entry.recorded_at,
        "gate": entry.event.gate,
        "scan_id": scan_id(entry.event.device, entry.event.nonce),
        "mode": entry.event.mode,
    }
