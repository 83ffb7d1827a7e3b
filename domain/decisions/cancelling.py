"""The consequences of a cancelled performance: refund its orders and end its baskets, one at a time."""

from dataclasses import dataclass

from domain.decision import Changes, DecisionContext, merge_changes
from domain.decisions.disputes.disputed_money import money_left
from domain.decisions.holding import hold_release_events
from domain.decisions.ordering import cancel_order, require_visible_order
from domain.decisions.refunds.refunding import RequestRefund, request_refund, require_refund
from domain.errors import OrderAlreadyConfirmed
from domain.hold import HOLD, HoldEvent, HoldReleased, OpenHold
from domain.order import OrderStatus, PlacedOrder, RefundOutcome
from domain.payment import PAYMENT, RequestedPayment
from domain.performance import require_performance
from domain.pricing import refundable_amount
from domain.refund import RefundStatus
from domain.values import Line, OrderCancelReason, RefundReason, ReleaseReason, derived_id


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRefunds:
    """The refunds that an order of a cancelled performance still needs.

    Args:
        undecided: refunds of its lines that await approval, requested by any account or rule.
        request: the refund to request, of all lines without one; None: there are no such lines.
    """

    undecided: tuple[str, ...] = ()
    request: RequestRefund | None = None


def due_refunds(context: DecisionContext, order: str) -> DueRefunds:
    """Return the refunds an order still needs; lines whose refund support rejected after the cancellation need none."""
    state = require_visible_order(context, order, None)
    if state.status is not OrderStatus.CONFIRMED or not require_performance(context, state.performance).cancelled:
        return DueRefunds()
    refunds = {refund: require_refund(context, refund) for refund, claim in state.refunds.items() if claim.lines}
    undecided = tuple(refund for refund, known in refunds.items() if known.status is RefundStatus.REQUESTED)
    rejected = any(
        known.reason is RefundReason.PERFORMANCE_CANCELLED and state.refunds[refund].outcome is RefundOutcome.REJECTED
        for refund, known in refunds.items()
    )
    lines = [] if rejected else affordable_lines(context, state)
    if not lines:
        return DueRefunds(undecided=undecided)
    return DueRefunds(
        undecided=undecided,
        request=RequestRefund(
            refund=derived_id(order, "performance_cancelled", str(len(state.refunds))),
            order=order,
            account=None,
            lines=None if len(lines) == len(state.refundable()) else tuple(line.line_id for line in lines),
            reason=RefundReason.PERFORMANCE_CANCELLED,
        ),
    )


def affordable_lines(context: DecisionContext, order: PlacedOrder) -> list[Line]:
    """Return the lines without a refund; if a dispute lost a part of the payment, those that the rest covers."""
    lines = order.refundable()
    payment = context.read(PAYMENT, order.paid_by) if order.paid_by else None
    if order.paid_by is None or not isinstance(payment, RequestedPayment):
        return lines
    if not payment.lost or payment.dispute_open:
        return lines
    left = money_left(payment, order, order.paid_by, refund=None)
    covered: list[Line] = []
    for line in lines:
        if refundable_amount([*covered, line]) <= left:
            covered.append(line)
    return covered


def request_due_refund(context: DecisionContext, *, order: str) -> Changes:
    """Request the refund of all lines without one; if there are none, record nothing.

    Raises:
        NotFound: no such order.
    """
    request = due_refunds(context, order).request
    return {} if request is None else request_refund(context, request)


def end_basket(context: DecisionContext, *, hold: str) -> Changes:
    """End a basket of a cancelled performance with its unpaid order; an ended or paid one records nothing."""
    state = context.read(HOLD, hold)
    if not isinstance(state, OpenHold) or not require_performance(context, state.performance).cancelled:
        return {}
    if state.order is not None:
        try:
            return cancel_order(
                context, order=state.order, account=None, reason=OrderCancelReason.PERFORMANCE_CANCELLED
            )
        except OrderAlreadyConfirmed:
            return {}
    reason = ReleaseReason.PERFORMANCE_CANCELLED
    ended: list[HoldEvent] = [HoldReleased(reason=reason)]
    return merge_changes({HOLD.stream(hold): ended}, hold_release_events(context, hold, state, reason))
