"""Refunds: asked for by the owner, decided by support; the money moves afterwards."""

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
from domain.decisions.refunding import RequestRefund, approve_refund, reject_refund, request_refund
from domain.errors import Invalid, NotFound
from domain.refund import RefundApproved, RefundCompleted, RefundStatus
from domain.values import RefundReason
from projections import catalogue, my_orders
from projections.catalogue import summaries_of
from projections.my_orders import Refund, list_refunds, list_refunds_of

router = business_router("refunds")


@router.post("/orders/{order_id}/refunds", status_code=201, responses={201: {"model": RefundRequested}})
async def create_refund(request: Request, order_id: UUID, body: RefundRequest | None = None) -> Response:
    """Ask for money back for some lines of a confirmed order, or for all that are left; support decides.

    Owners ask until the performance begins; what was asked for in time is decided at any time. Support may ask later
    too, with a reason. Lines somebody has entered with are left out (`ticket_used` if they are named, or nothing is
    left), unless the performance was cancelled, or support gives a reason after the start. Lines whose
    money a lost dispute took end without money if support gives a reason: their tickets are void, their seats free.
    """
    owner, request_body = await owner_filter(request), body or RefundRequest()
    if owner is not None and request_body.reason is not None:
        raise Invalid("Only support gives a reason; leave it out.")
    command = RequestRefund(
        refund=str(uuid7()),
        order=str(order_id),
        account=owner,
        lines=None if request_body.lines is None else tuple(request_body.lines),
        reason=RefundReason.BUYER_REQUEST if owner else RefundReason.SUPPORT,
        by=identity_of(request).account,
        reason_text=request_body.reason,
    )
    outcome = await execute_command(request, lambda context: request_refund(context, command))
    return command_response(outcome, present.refund_from_events(outcome.events, outcome.recorded_at), status=201)


@router.get("/refunds", responses={200: {"model": Refunds}})
async def list_refunds_in(
    request: Request,
    status: Annotated[RefundStatus | None, Query(description="Only refunds in this status.")] = None,
    limit: Limit = 20,
    cursor: PositionCursor = None,
    min_position: MinPosition = None,
) -> Response:
    """List refunds, oldest first: all for support, for everybody else those of their orders."""
    await wait_for_position(request, min_position, my_orders.MY_ORDERS.name, catalogue.NAME)
    models, owner = services_of(request).read_models, await owner_filter(request)
    if owner is None:
        rows = await list_refunds(models, status=status, after=cursor or 0, limit=limit + 1)
    else:
        rows = await list_refunds_of(models, account=owner, status=status, after=cursor or 0, limit=limit + 1)
    page, following = placed_page(rows, limit)
    return json_response({"items": await with_performances(request, page), "next": following})


async def with_performances(request: Request, rows: Sequence[Refund]) -> list[Body]:
    """Show refunds with the performances they are about."""
    performances = [row.performance for row in rows if row.performance is not None]
    summaries = await summaries_of(services_of(request).read_models, performances)
    return [present.refund_with_performance(row, summaries.get(row.performance or "")) for row in rows]


@router.get("/refunds/{refund_id}", responses={200: {"model": RefundDetails}})
async def show_refund(request: Request, refund_id: UUID, min_position: MinPosition = None) -> Response:
    """Show a refund to the owner of its order and to support; read from the log, so never behind."""
    await wait_for_position(request, min_position)
    services, owner = services_of(request), await owner_filter(request)
    (refund,) = await refunds_of(services, [str(refund_id)])
    if owner is not None and not await is_owned_by(services, owner, refund.account):
        raise NotFound("There is no such refund.")
    summary = await summary_of(services, refund.performance) if refund.performance else None
    return json_response(present.refund_with_performance(refund, summary))


async def is_owned_by(services: Services, account: str, owner: str | None) -> bool:
    """Return whether a refund's owner is the account, or a guest that logged in to it."""
    return owner is not None and await services.handler.query(lambda context: owns(context, account, owner))


@router.post("/refunds/{refund_id}/approve", responses={200: {"model": RefundDecided}})
async def approve(request: Request, refund_id: UUID) -> Response:
    """Let the money go back: the tickets are void and the seats free at once, the transfer follows.

    The order's owner and the account that asked never decide. Above an amount that the operator sets it takes the
    approval of two accounts: after the first, the refund is still `requested`.
    """
    refund, by = str(refund_id), identity_of(request).account
    limits = services_of(request).api_settings.four_eyes
    outcome = await execute_command(
        request, lambda context: approve_refund(context, refund=refund, by=by, limits=limits)
    )
    return command_response(outcome, {"refund_id": refund, "status": status_after(outcome.events)})


def status_after(events: Sequence[tuple[str, Any]]) -> RefundStatus:
    """Return the status of a refund after its approval; where no money moves it is completed at once."""
    kinds = {type(fact) for _, fact in events}
    if RefundCompleted in kinds:
        return RefundStatus.COMPLETED
    return RefundStatus.APPROVED if RefundApproved in kinds else RefundStatus.REQUESTED


@router.post("/refunds/{refund_id}/reject", responses={200: {"model": RefundDecided}})
async def reject(request: Request, refund_id: UUID, body: RejectionRequest | None = None) -> Response:
    """Leave the order as it was."""
    refund, by, why = str(refund_id), identity_of(request).account, (body or RejectionRequest()).reason
    outcome = await execute_command(
        request, lambda context: reject_refund(context, refund=refund, by=by, reason_text=why)
    )
    return command_response(outcome, {"refund_id": refund, "status": RefundStatus.REJECTED})
