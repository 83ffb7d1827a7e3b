"""Exceptions: money that no rule explains, listed for support and ended by support with a reason."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from api.auth.identity import identity_of
from api.dependencies import services_of
from api.http.commands import MinPosition, command_response, execute_command, json_response, wait_for_position
from api.http.pagination import Limit, PositionCursor, placed_page
from api.http.routing import business_router
from api.presenters.exceptions import exception_from_row
from api.schemas.exceptions import ExceptionResolved, Exceptions, ExceptionStatus, ResolutionRequest
from domain.decisions.resolving_exceptions import ResolveException, resolve_exception
from domain.money_exception import ExceptionClosed, ExceptionKind, Resolution
from projections.exceptions import fold as exceptions

router = business_router("exceptions")


@router.get("/exceptions", responses={200: {"model": Exceptions}})
async def list_exceptions_in(
    request: Request,
    *,
    status: Annotated[ExceptionStatus | None, Query(description="Only open ones, or only closed ones.")] = None,
    kind: Annotated[ExceptionKind | None, Query(description="Only exceptions of this kind.")] = None,
    limit: Limit = 20,
    cursor: PositionCursor = None,
    min_position: MinPosition = None,
) -> Response:
    """List exceptions, oldest first."""
    await wait_for_position(request, min_position, exceptions.NAME)
    services = services_of(request)
    rows = await exceptions.list_exceptions(
        services.read_models, status=status, kind=kind, after=cursor or 0, limit=limit + 1
    )
    page, following = placed_page(rows, limit)
    now = services.clock.now()
    return json_response({"items": [exception_from_row(row, now) for row in page], "next": following})


@router.post("/exceptions/{exception_id}/accept", responses={200: {"model": ExceptionResolved}})
async def accept(request: Request, exception_id: UUID, body: ResolutionRequest) -> Response:
    """Take things as they are; a refund that failed was paid another way."""
    return await resolve_for_sender(request, exception_id, Resolution.ACCEPT, body)


@router.post("/exceptions/{exception_id}/refund", responses={200: {"model": ExceptionResolved}})
async def refund(request: Request, exception_id: UUID, body: ResolutionRequest) -> Response:
    """Send what is refundable back to where it came from; the transfer follows."""
    return await resolve_for_sender(request, exception_id, Resolution.REFUND, body)


@router.post("/exceptions/{exception_id}/retry", responses={200: {"model": ExceptionResolved}})
async def retry(request: Request, exception_id: UUID, body: ResolutionRequest) -> Response:
    """Try again: the transfers of a refund that failed, or to compare an entry that could not be read."""
    return await resolve_for_sender(request, exception_id, Resolution.RETRY, body)


@router.post("/exceptions/{exception_id}/write-off", responses={200: {"model": ExceptionResolved}})
async def write_off(request: Request, exception_id: UUID, body: ResolutionRequest) -> Response:
    """Give the money up; a refund that failed is not tried again."""
    return await resolve_for_sender(request, exception_id, Resolution.WRITE_OFF, body)


async def resolve_for_sender(
    request: Request, exception_id: UUID, resolution: Resolution, body: ResolutionRequest
) -> Response:
    """End an exception for the sender; above the operator's limit, propose it to a second account."""
    command = ResolveException(
        exception=str(exception_id),
        resolution=resolution,
        reason=body.reason,
        by=identity_of(request).account,
        limits=services_of(request).api_settings.four_eyes,
    )
    outcome = await execute_command(request, lambda context: resolve_exception(context, command))
    closed = next((fact for _, fact in outcome.events if isinstance(fact, ExceptionClosed)), None)
    shown_end = {
        "exception_id": command.exception,
        "status": ExceptionStatus.CLOSED if closed else ExceptionStatus.OPEN,
        "resolution": resolution,
        "refund_id": closed.refund if closed else None,
    }
    return command_response(outcome, shown_end)
