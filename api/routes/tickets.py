"""Tickets: listed, shown, and as something a gate can read."""

from uuid import UUID

from fastapi import Request, Response

from api.codes import TicketCode, qr_svg
from api.commands import MinPosition, caught_up, shown
from api.engine import engine_of
from api.identity import identity_of
from api.paging import Limit, PositionCursor, placed_page
from api.presenters import tickets as present
from api.problems import documented
from api.routing import business_router
from api.schemas.tickets import Tickets, TicketShown
from api.ticket_page import notice
from api.tickets import TicketDetails, ticket_details
from domain.errors import Conflict, PerformanceIsCancelled
from projections import catalogue, tickets
from projections.catalogue import summaries_of
from projections.tickets import list_tickets

NEWEST = 2**63 - 1
SVG = "image/svg+xml"
PDF = "application/pdf"
OWN = {"Cache-Control": "private, no-cache"}
BINARY = {"schema": {"type": "string", "format": "binary"}}

router = business_router("tickets")


@router.get("/tickets", responses={200: {"model": Tickets}})
async def list_own_tickets(
    request: Request, limit: Limit = 20, cursor: PositionCursor = None, min_position: MinPosition = None
) -> Response:
    """List the account's tickets, newest first."""
    await caught_up(request, min_position, tickets.NAME, catalogue.NAME)
    models, account = engine_of(request).read_models, identity_of(request).account
    rows = await list_tickets(models, account=account, before=cursor or NEWEST, limit=limit + 1)
    page, following = placed_page(rows, limit)
    summaries = await summaries_of(models, (row.performance for row in page))
    items = [present.listed_ticket(row, summaries.get(row.performance)) for row in page]
    return shown({"items": items, "next": following})


@router.get("/tickets/{ticket_id}", responses={200: {"model": TicketShown}})
async def show_ticket(request: Request, ticket_id: UUID, min_position: MinPosition = None) -> Response:
    """Show a ticket to its owner; read from the log, so never behind."""
    await caught_up(request, min_position)
    details = await own(request, ticket_id)
    code = None if details.state in present.ADMITTING_NOBODY else code_of(request, details)
    return shown(present.ticket_with_show(details, code))


@router.get(
    "/tickets/{ticket_id}/qr.svg",
    response_class=Response,
    responses={200: {"description": "The code as a QR.", "content": {SVG: BINARY}}, **documented(409)},
)
async def show_qr(request: Request, ticket_id: UUID, min_position: MinPosition = None) -> Response:
    """Draw a ticket's code as a QR; a ticket that admits nobody has none any more."""
    await caught_up(request, min_position)
    details = await admitting(request, ticket_id)
    return Response(qr_svg(code_of(request, details)), headers=OWN, media_type=SVG)


@router.get(
    "/tickets/{ticket_id}/ticket.pdf",
    response_class=Response,
    responses={200: {"description": "The ticket on one page.", "content": {PDF: BINARY}}},
)
async def show_pdf(request: Request, ticket_id: UUID, min_position: MinPosition = None) -> Response:
    """Give a ticket to print. If it is void, or its performance was cancelled, it says so and has no code."""
    await caught_up(request, min_position)
    details = await own(request, ticket_id)
    code = None if notice(details) else code_of(request, details)
    page = await engine_of(request).printer.print(details, code)
    headers = {**OWN, "Content-Disposition": f'inline; filename="ticket-{details.ticket}.pdf"'}
    return Response(page, headers=headers, media_type=PDF)


async def own(request: Request, ticket_id: UUID) -> TicketDetails:
    """Return a ticket of the sender's own."""
    return await ticket_details(engine_of(request), str(ticket_id), identity_of(request).account)


async def admitting(request: Request, ticket_id: UUID) -> TicketDetails:
    """Return a ticket of the sender's own that may admit somebody.

    Raises:
        NotFound: there is none.
        Impossible: it is void.
        PerformanceCancelled: its performance does not take place.
    """
    details = await own(request, ticket_id)
    if details.state == present.VOID:
        raise Conflict("The ticket is void; it admits nobody.")
    if details.state == present.CANCELLED:
        raise PerformanceIsCancelled("The performance was cancelled; the ticket admits nobody.")
    return details


def code_of(request: Request, details: TicketDetails) -> str:
    """Return the code of a ticket."""
    code = TicketCode(ticket=details.ticket, performance=details.issued.performance)
    return engine_of(request).codes.write(code)
