"""Seals: what was sealed, whether the log is still that, and the proof of one ticket."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from api.auth.identity import identity_of
from api.dependencies import services_of
from api.http.commands import POSITION_MAX, MinPosition, json_response, wait_for_position
from api.http.pagination import Limit, PositionCursor
from api.http.problems import problem_responses
from api.http.routing import business_router
from api.presenters import seals as present
from api.schemas.seals import Comparison, Seals, TicketProof
from application.tickets import ticket_details
from domain.ticket import TICKET
from eventstore.sealing.proof import proof_to_json
from eventstore.sealing.seal_repository import NEWEST

router = business_router("audit")


@router.get("/audit/seals", responses={200: {"model": Seals}})
async def list_seals(
    request: Request, limit: Limit = 20, cursor: PositionCursor = None, min_position: MinPosition = None
) -> Response:
    """List the seals, newest first, with every public key, and how the sealer is; `cursor` is a seal's number."""
    await wait_for_position(request, min_position)
    table = services_of(request).seal_verification.table
    seals = await table.newest(before=NEWEST if cursor is None else cursor, limit=limit + 1)
    return json_response(present.seals(seals, limit, await table.keys(), await table.sealer()))


@router.get("/audit/verify", responses={200: {"model": Comparison}})
async def compare(
    request: Request,
    first: Annotated[
        int | None,
        Query(alias="from", ge=1, le=POSITION_MAX, description="`next` of the part before; none: the newest."),
    ] = None,
    min_position: MinPosition = None,
) -> Response:
    """Compare a part of the log with the second place, 10,000 positions and what their seals cover beyond.

    Without `from` the newest are compared; from 1 on, `next` leads through the whole log. One comparison at a time: 503
    while another is under way. All at once, and faster: `seatledger audit verify`.
    """
    await wait_for_position(request, min_position)
    return json_response(present.part(await services_of(request).seal_verification.compare(first)))


@router.get("/tickets/{ticket_id}/proof", responses={200: {"model": TicketProof}, **problem_responses(409)})
async def prove_ticket(request: Request, ticket_id: UUID, min_position: MinPosition = None) -> Response:
    """Give a ticket's owner the proof that it was issued, to be checked without us; 409 until it is sealed."""
    await wait_for_position(request, min_position)
    services = services_of(request)
    details = await ticket_details(services, str(ticket_id), identity_of(request).account)
    (issued,) = await services.store.read_stream(TICKET.stream(details.ticket), limit=1)
    return json_response(proof_to_json(await services.seal_verification.prove(issued.position)))
