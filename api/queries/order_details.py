"""An order with its payments, refunds and performance, read from the log, so always current."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from api.queries.performance_summary import summary_in
from api.queries.refunds import refunds_of
from domain.account import current_owner
from domain.decision import DecisionContext
from domain.decisions.ordering import require_visible_order
from domain.decisions.paying import require_payment
from domain.order import ORDER, PlacedOrder
from domain.payment import RequestedPayment
from projections.catalogue import PerformanceSummary
from projections.my_orders import Refund

if TYPE_CHECKING:
    from api.dependencies import Services

CONFIRMED = "OrderConfirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDetails:
    """An order as its owner and support see it, without its contact."""

    order: str
    state: PlacedOrder
    placed_at: datetime
    confirmed_at: datetime | None
    payments: Mapping[str, RequestedPayment]
    refunds: Sequence[Refund]
    summary: PerformanceSummary


async def order_details(services: "Services", order: str, owner: str | None) -> OrderDetails:
    """Return an order of the owner; None as owner: of any account.

    Raises:
        NotFound: no such order, or it belongs to another account.
    """

    def view(context: DecisionContext) -> tuple[PlacedOrder, dict[str, RequestedPayment], PerformanceSummary]:
        state = require_visible_order(context, order, owner)
        state = replace(state, account=owner or current_owner(context, state.account))
        payments = {payment: require_payment(context, payment) for payment in state.payments}
        return state, payments, summary_in(context, state.performance)

    state, payments, summary = await services.handler.query(view)
    stream = ORDER.stream(order)
    recorded = (await services.store.read_streams([stream]))[stream]
    return OrderDetails(
        order=order,
        state=state,
        placed_at=recorded[0].recorded_at,
        confirmed_at=next((each.recorded_at for each in recorded if each.name == CONFIRMED), None),
        payments=payments,
        refunds=await refunds_of(services, list(state.refunds)),
        summary=summary,
    )
