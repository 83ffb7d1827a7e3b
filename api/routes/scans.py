"""At the gate: one reading, one answer."""

import hashlib
from uuid import UUID, uuid5

from fastapi import Request, Response

from api.codes import TicketCode, UnreadableCode
from api.commands import answer, carry_out
from api.engine import engine_of
from api.facts import recall
from api.identity import Identity, identity_of
from api.presenters import tickets as present
from api.presenters.values import Body, id_of
from api.routing import business_router
from api.schemas.tickets import Scanned, ScanWish
from api.visibility import organizers_of
from domain.entry import ScanTicket, scan_ticket
from domain.ticket import TICKET, EntryRecorded, RefusalReason, ScanRefused
from domain.values import Role
from eventstore.command import Outcome

router = business_router("scans")


@router.post("/scans", responses={200: {"model": Scanned}})
async def scan(request: Request, body: ScanWish) -> Response:
    """Admit a ticket once, or say why not; a refused reading is on record, too.

    The same nonce of the same account gives the same answer, so a lost answer can be asked for again.
    """
    identity = identity_of(request)
    reading, fault = read(request, body.code)
    command = ScanTicket(
        ticket=None if reading is None else reading.ticket,
        fault=fault,
        code_sha256=hashlib.sha256(body.code.encode()).hexdigest(),
        gate=body.gate,
        device=identity.account,
        nonce=body.nonce,
        organizers=await organizers_at_the_gate(request, identity, reading),
        performance=body.performance_id,
    )
    outcome = await carry_out(
        request,
        lambda books: scan_ticket(books, command),
        command_id=uuid5(UUID(identity.account), f"scans/{body.nonce}"),
    )
    return answer(outcome, await scanned(request, outcome, command.organizers))


def read(request: Request, code: str) -> tuple[TicketCode | None, RefusalReason | None]:
    """Return what a code says, or what is wrong with it."""
    try:
        return engine_of(request).codes.read(code), None
    except UnreadableCode as unreadable:
        return None, unreadable.reason


async def organizers_at_the_gate(request: Request, identity: Identity, reading: TicketCode | None) -> frozenset[str]:
    """Return the organizers whose tickets the sender may scan, checked in the log.

    Raises:
        Forbidden: the sender is entry manager of nobody.
    """
    organizer = None if reading is None else await organizer_of(request, reading.ticket)
    if organizer is not None and Role.ENTRY_MANAGER in await identity.roles_within(organizer):
        await identity.must_act_for(organizer, Role.ENTRY_MANAGER)
        return frozenset({organizer})
    own = await organizers_of(request, identity, Role.ENTRY_MANAGER)
    if own:
        await identity.must_act_for(own[0], Role.ENTRY_MANAGER)
        return frozenset(own)
    await identity.must_hold(Role.ADMIN)
    return frozenset() if organizer is None else frozenset({organizer})


async def organizer_of(request: Request, ticket: str) -> str | None:
    """Return whose ticket it is; None if it was never issued."""
    events = (await recall(engine_of(request), TICKET.stream(ticket)))[TICKET.stream(ticket)]
    return events[0].organizer if events else None


async def scanned(request: Request, outcome: Outcome, organizers: frozenset[str]) -> Body:
    """Show what a reading came to; another organizer's ticket is not shown."""
    ((stream, fact),) = outcome.events
    if isinstance(fact, EntryRecorded):
        ticket = await ticket_of(request, id_of(stream), organizers)
        return {"outcome": "admitted", "reason": None, "ticket": ticket}
    assert isinstance(fact, ScanRefused)
    refused = None if fact.ticket is None else await ticket_of(request, fact.ticket, organizers)
    return {"outcome": "refused", "reason": fact.reason, "ticket": refused}


async def ticket_of(request: Request, ticket: str, organizers: frozenset[str]) -> Body | None:
    """Show what the person at the gate needs to know of a ticket; None if it is none of theirs."""
    events = (await recall(engine_of(request), TICKET.stream(ticket)))[TICKET.stream(ticket)]
    if not events or events[0].organizer not in organizers:
        return None
    return present.issued_ticket(ticket, events[0])
