"""Seals: list, verification of the log against them, and the proof of one ticket."""

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
from api.schemas.operations.seals import Comparison, Seals, TicketProof
from application.tickets import ticket_details
from domain.ticket import TICKET
from eventstore.sealing.proof import proof_to_json
from eventstore.sealing.seal_repository import NEWEST

router = business_router("audit")


@router.get("/audit/seals", responses={200: {"model": Seals}})
async def list_seals(
    request: Request, limit: Limit = 20, cursor: PositionCursor = None, min_position: MinPosition = None
) -> Response:
    """List seals.

    Lists the seals, newest first, with all public keys and the state of the sealer. `cursor` is a seal's number.
    """
    await wait_for_position(request, min_position)
    table = services_of(request).seal_verification.table
    seals = await table.newest(before=NEWEST if cursor is None else cursor, limit=limit + 1)
    return json_response(present.seals(seals, limit, await table.keys(), await table.sealer()))


@router.get("/audit/verify", responses={200: {"model": Comparison}})
async def verify_log(
    request: Request,
    first: Annotated[
        int | None,
        Query(
            alias="from",
            ge=1,
            le=POSITION_MAX,
            description="`next` of the previous part; omitted: the newest positions.",
        ),
    ] = None,
    min_position: MinPosition = None,
) -> Response:
    """Verify a part of the log.

    Compares the log with the seal archive: 10,000 positions, extended to the end of their last seal. Without `from` the
    newest are compared; beginning with 1, `next` leads through the whole log. Comparisons run one at a time (503 while
    another runs). `seatledger audit verify` checks the whole log at once and faster.
    """
    await wait_for_position(request, min_position)
    return json_response(present.part(await services_of(request).seal_verification.compare(first)))


@router.get(
    "/tickets/{ticket_id}/proof", tags=["tickets"], responses={200: {"model": TicketProof}, **problem_responses(409)}
)
async def get_ticket_proof(request: Request, ticket_id: UUID, min_position: MinPosition = None) -> Response:
    """Get the proof of a ticket.

    Returns the proof that the ticket was issued, which can be verified offline with the public key. 409 until the
    ticket's event is sealed.
    """
    await wait_for_position(request, min_position)
    services = services_of(request)
    details = await ticket_details(services, str(ticket_id), identity_of(request).account)
    (issued,) = await services.store.read_stream(TICKET.stream(details.ticket), limit=1)
    return json_response(proof_to_json(await services.seal_verification.create_proof(issued.position)))
