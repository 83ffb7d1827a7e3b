"""Tickets of the sender: list, details, QR code and PDF."""

from uuid import UUID

from fastapi import Request, Response

from api.auth.identity import identity_of
from api.dependencies import services_of
from api.http.commands import MinPosition, json_response, wait_for_position
from api.http.pagination import Limit, PositionCursor, placed_page
from api.http.problems import problem_responses
from api.http.routing import business_router
from api.presenters import tickets as present
from api.schemas.tickets import TicketResponse, Tickets
from application.ticket_codes import TicketCode, qr_svg
from application.ticket_page import notice
from application.tickets import TicketDetails, ticket_details
from domain.errors import Conflict, PerformanceIsCancelled
from projections import catalogue
from projections.catalogue import summaries_of
from projections.engine.queries import NEWEST
from projections.tickets import fold as tickets
from projections.tickets.queries import list_tickets

SVG = "image/svg+xml"
PDF = "application/pdf"
OWN = {"Cache-Control": "private, no-cache"}
BINARY = {"schema": {"type": "string", "format": "binary"}}

router = business_router("tickets")


@router.get("/tickets", responses={200: {"model": Tickets}})
async def list_own_tickets(
    request: Request, limit: Limit = 20, cursor: PositionCursor = None, min_position: MinPosition = None
) -> Response:
    """List the sender's tickets.

    Lists the tickets of the account's orders, newest first.
    """
    await wait_for_position(request, min_position, tickets.NAME, catalogue.NAME)
    models, account = services_of(request).read_models, identity_of(request).account
    rows = await list_tickets(models, account=account, before=cursor or NEWEST, limit=limit + 1)
    page, next_cursor = placed_page(rows, limit)
    summaries = await summaries_of(models, (row.performance for row in page))
    items = [present.ticket_from_row(row, summaries.get(row.performance)) for row in page]
    return json_response({"items": items, "next": next_cursor})


@router.get("/tickets/{ticket_id}", responses={200: {"model": TicketResponse}})
async def get_ticket(request: Request, ticket_id: UUID, min_position: MinPosition = None) -> Response:
    """Get a ticket.

    Returns the ticket with its code to its owner. Read from the log, so always current.
    """
    await wait_for_position(request, min_position)
    details = await require_own_ticket(request, ticket_id)
    code = None if details.state in present.NOT_ADMITTING else code_of(request, details)
    return json_response(present.ticket_with_show(details, code))


@router.get(
    "/tickets/{ticket_id}/qr.svg",
    response_class=Response,
    responses={200: {"description": "The QR code.", "content": {SVG: BINARY}}, **problem_responses(409)},
)
async def get_ticket_qr(request: Request, ticket_id: UUID, min_position: MinPosition = None) -> Response:
    """Get the QR code of a ticket.

    Returns the ticket's code as an SVG image. 409 if the ticket is void or its performance is cancelled.
    """
    await wait_for_position(request, min_position)
    details = await require_admitting_ticket(request, ticket_id)
    return Response(qr_svg(code_of(request, details)), headers=OWN, media_type=SVG)


@router.get(
    "/tickets/{ticket_id}/ticket.pdf",
    response_class=Response,
    responses={200: {"description": "The ticket, on one page.", "content": {PDF: BINARY}}},
)
async def get_ticket_pdf(request: Request, ticket_id: UUID, min_position: MinPosition = None) -> Response:
    """Get a ticket as PDF.

    Returns the ticket for printing. The page of a void ticket or a cancelled performance states this and has no code.
    """
    await wait_for_position(request, min_position)
    details = await require_own_ticket(request, ticket_id)
    code = None if notice(details) else code_of(request, details)
    page = await services_of(request).printer.print(details, code)
    headers = {**OWN, "Content-Disposition": f'inline; filename="ticket-{details.ticket}.pdf"'}
    return Response(page, headers=headers, media_type=PDF)


async def require_own_ticket(request: Request, ticket_id: UUID) -> TicketDetails:
    """Return a ticket of the sender.

    Raises:
        NotFound: the sender has no such ticket.
    """
    return await ticket_details(services_of(request), str(ticket_id), identity_of(request).account)


async def require_admitting_ticket(request: Request, ticket_id: UUID) -> TicketDetails:
    """Return a ticket of the sender that is neither void nor cancelled.

    Raises:
        NotFound: the sender has no such ticket.
        Conflict: the ticket is void.
        PerformanceIsCancelled: the performance is cancelled.
    """
    details = await require_own_ticket(request, ticket_id)
    if details.state == present.VOID:
        raise Conflict("The ticket is void.")
    if details.state == present.CANCELLED:
        raise PerformanceIsCancelled("The performance was cancelled; the ticket is not valid.")
    return details


def code_of(request: Request, details: TicketDetails) -> str:
    """Return the ticket code, the text of the QR code."""
    code = TicketCode(ticket=details.ticket, performance=details.issued.performance)
    return services_of(request).codes.write(code)
