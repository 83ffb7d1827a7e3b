"""Refunds: requested by the order's owner or support, decided by support, transferred afterwards."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from uuid_utils.compat import uuid7

from api.auth.identity import identity_of
from api.auth.visibility import owner_filter
from api.dependencies import Services, services_of
from api.http.commands import MinPosition, command_response, execute_command, json_response, wait_for_position
from api.http.pagination import Limit, PositionCursor, placed_page
from api.http.routing import business_router
from api.presenters import refunds as present
from api.presenters.values import Body
from api.queries.performance_summary import summary_of
from api.queries.refunds import refunds_of
from api.schemas.refunds import RefundDecided, RefundDetails, RefundRequest, RefundRequested, Refunds, RejectionRequest
from domain.account import owns
from domain.decisions.refunds import refunding
from domain.errors import Invalid, NotFound
from domain.refund import RefundApproved, RefundCompleted, RefundStatus
from domain.values import RefundReason
from projections import catalogue, my_orders
from projections.catalogue import summaries_of
from projections.my_orders import Refund, list_refunds_of

router = business_router("refunds")


@router.post("/orders/{order_id}/refunds", status_code=201, responses={201: {"model": RefundRequested}})
async def request_refund(request: Request, order_id: UUID, body: RefundRequest | None = None) -> Response:
    """Request a refund.

    Requests a refund of the given lines of a confirmed order, or of all lines that can be refunded; support decides.
    Owners may request until the performance begins, and requests in time are decided at any time. Support may request
    later, with a reason. Lines with a used ticket are left out (`ticket_used` if they are named or no other line
    remains), unless the performance was cancelled or support gives a reason after the start. Lines whose money was lost
    to a dispute end without a transfer if support gives a reason: their tickets become void and their seats free.
    """
    owner, request_body = await owner_filter(request), body or RefundRequest()
    if owner is not None and request_body.reason is not None:
        raise Invalid("Only support may give a reason; omit it.")
    command = refunding.RequestRefund(
        refund=str(uuid7()),
        order=str(order_id),
        account=owner,
        lines=None if request_body.lines is None else tuple(request_body.lines),
        reason=RefundReason.BUYER_REQUEST if owner else RefundReason.SUPPORT,
        by=identity_of(request).account,
        reason_text=request_body.reason,
    )
    outcome = await execute_command(request, lambda context: refunding.request_refund(context, command))
    return command_response(outcome, present.refund_from_events(outcome.events, outcome.recorded_at), status=201)


@router.get("/refunds", responses={200: {"model": Refunds}})
async def list_refunds(
    request: Request,
    status: Annotated[RefundStatus | None, Query(description="Only refunds in this status.")] = None,
    limit: Limit = 20,
    cursor: PositionCursor = None,
    min_position: MinPosition = None,
) -> Response:
    """List refunds.

    Lists refunds, oldest first: support and admins get all, other accounts those of their own orders.
    """
    await wait_for_position(request, min_position, my_orders.MY_ORDERS.name, catalogue.NAME)
    models, owner = services_of(request).read_models, await owner_filter(request)
    if owner is None:
        rows = await my_orders.list_refunds(models, status=status, after=cursor or 0, limit=limit + 1)
    else:
        rows = await list_refunds_of(models, account=owner, status=status, after=cursor or 0, limit=limit + 1)
    page, next_cursor = placed_page(rows, limit)
    return json_response({"items": await with_performances(request, page), "next": next_cursor})


async def with_performances(request: Request, rows: Sequence[Refund]) -> list[Body]:
    """Return refunds as JSON, with a summary of their performances."""
    performances = [row.performance for row in rows if row.performance is not None]
    summaries = await summaries_of(services_of(request).read_models, performances)
    return [present.refund_with_performance(row, summaries.get(row.performance or "")) for row in rows]


@router.get("/refunds/{refund_id}", responses={200: {"model": RefundDetails}})
async def get_refund(request: Request, refund_id: UUID, min_position: MinPosition = None) -> Response:
    """Get a refund.

    Returns the refund to support and to the owner of its order. Read from the log, so always current.
    """
    await wait_for_position(request, min_position)
    services, owner = services_of(request), await owner_filter(request)
    (refund,) = await refunds_of(services, [str(refund_id)])
    if owner is not None and not await is_owned_by(services, owner, refund.account):
        raise NotFound("There is no such refund.")
    summary = await summary_of(services, refund.performance) if refund.performance else None
    return json_response(present.refund_with_performance(refund, summary))


async def is_owned_by(services: Services, account: str, owner: str | None) -> bool:
    """Return whether a refund's owner is the account, or a guest that was merged into it."""
    return owner is not None and await services.handler.query(lambda context: owns(context, account, owner))


@router.post("/refunds/{refund_id}/approve", responses={200: {"model": RefundDecided}})
async def approve_refund(request: Request, refund_id: UUID) -> Response:
    """Approve a refund.

    Voids the tickets and frees the seats at once; the transfer follows. The order's owner and the account that
    requested the refund cannot decide (`own_decision`). Above an amount set by the operator two accounts must approve:
    after the first approval the refund is still `requested`.
    """
    refund, by = str(refund_id), identity_of(request).account
    limits = services_of(request).api_settings.four_eyes
    outcome = await execute_command(
        request, lambda context: refunding.approve_refund(context, refund=refund, by=by, limits=limits)
    )
    return command_response(outcome, {"refund_id": refund, "status": status_after(outcome.events)})


def status_after(events: Sequence[tuple[str, Any]]) -> RefundStatus:
    """Return the status of a refund after its approval; it is completed at once if no money moves."""
    event_types = {type(fact) for _, fact in events}
    if RefundCompleted in event_types:
        return RefundStatus.COMPLETED
    return RefundStatus.APPROVED if RefundApproved in event_types else RefundStatus.REQUESTED


@router.post("/refunds/{refund_id}/reject", responses={200: {"model": RefundDecided}})
async def reject_refund(request: Request, refund_id: UUID, body: RejectionRequest | None = None) -> Response:
    """Reject a refund.

    Ends the refund; the order stays as it was. The order's owner and the account that requested the refund cannot
    decide.
    """
    refund, by, reason_text = str(refund_id), identity_of(request).account, (body or RejectionRequest()).reason
    outcome = await execute_command(
        request, lambda context: refunding.reject_refund(context, refund=refund, by=by, reason_text=reason_text)
    )
    return command_response(outcome, {"refund_id": refund, "status": RefundStatus.REJECTED})
