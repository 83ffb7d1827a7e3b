"""Exceptions: payments and refunds that no rule can settle, listed for support and closed by support with a reason."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from api.auth.identity import identity_of
from api.dependencies import services_of
from api.http.commands import MinPosition, command_response, execute_command, json_response, wait_for_position
from api.http.pagination import Limit, PositionCursor, placed_page
from api.http.routing import business_router
from api.presenters.exceptions import exception_from_row
from api.schemas.operations.exceptions import ExceptionResolved, Exceptions, ExceptionStatus, ResolutionRequest
from domain.decisions.resolving_exceptions import ResolveException, resolve_exception
from domain.money_exception import ExceptionClosed, ExceptionKind, Resolution
from projections.exceptions import queries as exceptions
from projections.exceptions.fold import EXCEPTIONS

router = business_router("exceptions")


@router.get("/exceptions", responses={200: {"model": Exceptions}})
async def list_exceptions(
    request: Request,
    *,
    status: Annotated[ExceptionStatus | None, Query(description="Only exceptions in this status.")] = None,
    kind: Annotated[ExceptionKind | None, Query(description="Only exceptions of this kind.")] = None,
    limit: Limit = 20,
    cursor: PositionCursor = None,
    min_position: MinPosition = None,
) -> Response:
    """List exceptions.

    Lists exceptions, oldest first, optionally of one status or kind.
    """
    await wait_for_position(request, min_position, EXCEPTIONS.name)
    services = services_of(request)
    rows = await exceptions.list_exceptions(
        services.read_models, status=status, kind=kind, after=cursor or 0, limit=limit + 1
    )
    page, next_cursor = placed_page(rows, limit)
    now = services.clock.now()
    return json_response({"items": [exception_from_row(row, now) for row in page], "next": next_cursor})


@router.post("/exceptions/{exception_id}/accept", responses={200: {"model": ExceptionResolved}})
async def accept_exception(request: Request, exception_id: UUID, body: ResolutionRequest) -> Response:
    """Accept an exception.

    Closes the exception without a transfer; a failed refund counts as paid in another way. Above an amount set by the
    operator a second account must agree first.
    """
    return await resolve_for_sender(request, exception_id, Resolution.ACCEPT, body)


@router.post("/exceptions/{exception_id}/refund", responses={200: {"model": ExceptionResolved}})
async def refund_exception(request: Request, exception_id: UUID, body: ResolutionRequest) -> Response:
    """Refund an exception.

    Closes the exception with a refund of the refundable amount to its source; the transfer follows. Above an amount set
    by the operator a second account must agree first.
    """
    return await resolve_for_sender(request, exception_id, Resolution.REFUND, body)


@router.post("/exceptions/{exception_id}/retry", responses={200: {"model": ExceptionResolved}})
async def retry_exception(request: Request, exception_id: UUID, body: ResolutionRequest) -> Response:
    """Retry an exception.

    Closes the exception and repeats the failed transfers of a refund, or the comparison of an entry that could not be
    read. Above an amount set by the operator a second account must agree first.
    """
    return await resolve_for_sender(request, exception_id, Resolution.RETRY, body)


@router.post("/exceptions/{exception_id}/write-off", responses={200: {"model": ExceptionResolved}})
async def write_off_exception(request: Request, exception_id: UUID, body: ResolutionRequest) -> Response:
    """Write off an exception.

    Closes the exception and gives the money up; a failed refund is not tried again. Above an amount set by the operator
    a second account must agree first.
    """
    return await resolve_for_sender(request, exception_id, Resolution.WRITE_OFF, body)


async def resolve_for_sender(
    request: Request, exception_id: UUID, resolution: Resolution, body: ResolutionRequest
) -> Response:
    """Close an exception for the sender; above the operator's limit, propose the resolution to a second account."""
    command = ResolveException(
        exception=str(exception_id),
        resolution=resolution,
        reason=body.reason,
        by=identity_of(request).account,
        limits=services_of(request).api_settings.four_eyes,
    )
    outcome = await execute_command(request, lambda context: resolve_exception(context, command))
    closed = next((fact for _, fact in outcome.events if isinstance(fact, ExceptionClosed)), None)
    response_body = {
        "exception_id": command.exception,
        "status": ExceptionStatus.CLOSED if closed else ExceptionStatus.OPEN,
        "resolution": resolution,
        "refund_id": closed.refund if closed else None,
    }
    return command_response(outcome, response_body)
