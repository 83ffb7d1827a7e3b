"""Cancellation of performances, and the progress of their refunds."""

from uuid import UUID

import orjson
from fastapi import Request, Response

from api.dependencies import Services, services_of
from api.http.commands import MinPosition, command_response, execute_command, json_response, wait_for_position
from api.http.routing import business_router
from api.presenters.values import Body, money
from api.schemas.performances import Cancellation, CancellationResponse, PerformanceCancelled
from domain.decisions import scheduling
from domain.errors import NotFound
from domain.layout.model import CAPACITY_MAX
from domain.performance import PERFORMANCE, require_performance
from domain.seat import SEAT
from projections import my_orders
from projections.my_orders import RefundProgress, refund_progress

SOLD, HELD = "SeatSold", ("SeatHeld", "SeatHoldExtended")

router = business_router("performances")


@router.post(
    "/performances/{performance_id}/cancel",
    responses={200: {"model": PerformanceCancelled}},
)
async def cancel_performance(request: Request, performance_id: UUID, body: Cancellation | None = None) -> Response:
    """Cancel a performance.

    Stops sale, order confirmation and entry at once; possible until 48 hours after the start. A process then refunds
    all confirmed orders, used tickets included, and ends unpaid orders and holds; `GET …/cancellation` shows its
    progress. Repeating it changes nothing.
    """
    services, performance, reason = services_of(request), str(performance_id), (body or Cancellation()).reason
    outcome = await execute_command(request, lambda context: scheduling.cancel(context, performance, reason))
    state = await services.handler.query(lambda context: require_performance(context, performance))
    cancelled = {
        "performance_id": performance,
        "cancelled": True,
        "cancel_reason": state.cancel_reason,
        "to_end": await claims_to_end(services, performance),
    }
    return command_response(outcome, cancelled)


async def claims_to_end(services: Services, performance: str) -> Body:
    """Count the orders, tickets and holds that still claim seats of a performance, read from the log."""
    latest = await services.store.read_latest(SEAT.stream(performance, ""), limit=CAPACITY_MAX)
    sold = [orjson.loads(event.data)["order"] for event in latest if event.name == SOLD]
    held = {orjson.loads(event.data)["hold"] for event in latest if event.name in HELD}
    return {"orders": len(set(sold)), "tickets": len(sold), "baskets": len(held)}


@router.get("/performances/{performance_id}/cancellation", responses={200: {"model": CancellationResponse}})
async def get_cancellation_progress(
    request: Request, performance_id: UUID, min_position: MinPosition = None
) -> Response:
    """Get the progress of a cancellation.

    Returns how many orders of a cancelled performance are refunded, failed and remaining. 404 if it is not cancelled.
    """
    services, performance = services_of(request), str(performance_id)
    await wait_for_position(request, min_position, my_orders.MY_ORDERS.name)
    stream = PERFORMANCE.stream(performance)
    state = await services.handler.query(lambda context: require_performance(context, performance))
    recorded = (await services.store.read_streams([stream]))[stream]
    cancelled_at = next((event.recorded_at for event in recorded if event.name == "PerformanceCancelled"), None)
    if cancelled_at is None:
        raise NotFound("This performance is not cancelled.")
    progress = await refund_progress(services.read_models, performance=performance)
    known = {"performance_id": performance, "cancel_reason": state.cancel_reason, "cancelled_at": cancelled_at}
    return json_response({**known, **refund_progress_json(progress, state.currency)})


def refund_progress_json(progress: RefundProgress, currency: str) -> Body:
    """Return the progress of a cancellation's refunds as JSON."""
    return {
        "orders": progress.orders,
        "refunded": progress.refunded,
        "failed": progress.failed,
        "remaining": progress.remaining,
        "refunded_amount": money(progress.refunded_amount, currency),
        "unrefunded": [
            {
                "order_id": order.order_id,
                "order_code": order.order_code,
                "refund_id": order.refund,
                "failure": order.failure,
            }
            for order in progress.unrefunded
        ],
    }
