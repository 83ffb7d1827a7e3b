"""The decision on a capture: either the order is confirmed or the money is refunded, in one append.

No deadline applies to a captured payment: if every seat is free, lapsed or still in this basket and the performance
takes place, the order is confirmed. If the basket had lapsed, its seats are sold anew: the performance must not have
begun, and seats the buyer took since count against the limits (record 21).
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from domain.buyer_quota import check_paid_limits, has_share, quota_of
from domain.decision import Changes, DecisionContext, merge_changes
from domain.decisions.disputes.disputed_money import disputed_ticket_events
from domain.decisions.ordering import (
    cancel_payment_events,
    confirmation_events,
    release_basket_events,
    require_visible_order,
)
from domain.errors import LimitReached, NotFound, PerformanceIsCancelled, PerformanceStarted, Rejected, SeatsTaken
from domain.money_exception import EXCEPTIONS_OWNER, ExceptionKind, ExceptionOpened, exception_opened_events
from domain.order import ORDER, OrderCancelled, OrderStatus, PaymentTaken, PlacedOrder, RefundOpened
from domain.payment import PAYMENT, PaymentOutcome, PaymentSettled, PaymentStatus, RequestedPayment
from domain.performance import require_not_cancelled
from domain.refund import REFUND, RefundApproved, RefundRequested
from domain.seat import SEAT, Held, Seat, SeatEvent, free_events
from domain.values import OrderCancelReason, RefundReason, ReleaseReason, derived_id, seats_of

RULE = "settle_payments"
UNDECIDED_MAX = timedelta(seconds=30)
"""The longest time a capture may stay undecided: grace period, take-over by a standby, and a margin for backlog."""


def settle(context: DecisionContext, *, payment: str) -> Changes:
    """Decide a capture in one append to payment and order; a payment without an undecided capture records nothing."""
    state = context.read(PAYMENT, payment)
    if not isinstance(state, RequestedPayment) or state.status is not PaymentStatus.CAPTURED:
        return {}
    order = require_visible_order(context, state.order, None)
    if state.captured_currency != order.currency:
        return exception_events(context, payment, state, ExceptionKind.WRONG_CURRENCY)
    if state.lost:
        return exception_events(context, payment, state, ExceptionKind.UNDECIDED_CAPTURE)
    taken = {ORDER.stream(state.order): [PaymentTaken(payment=payment, amount=state.captured)]}
    reason = refund_reason_for(state, order)
    if reason is None:
        try:
            return merge_changes(taken, confirmation_or_refund_events(context, payment, state.order, order))
        except Rejected as refusal:
            reason = refund_reason_of_refusal(refusal)
            if reason is None:
                return exception_events(context, payment, state, ExceptionKind.UNDECIDED_CAPTURE)
    ended = cancel_unpaid_events(context, state.order, order, payment, reason)
    return merge_changes(taken, ended, refund_events(payment, state, order, reason))


def exception_events(context: DecisionContext, payment: str, state: RequestedPayment, kind: ExceptionKind) -> Changes:
    """Return the events that refer a capture to support: the order is unchanged, the undisputed part is refundable."""
    opened = ExceptionOpened(
        kind=kind,
        owner=EXCEPTIONS_OWNER,
        provider=state.provider,
        amount=state.captured,
        currency=state.captured_currency or state.currency,
        refundable=max(0, state.captured - state.lost),
        order=state.order,
        payment=payment,
        account=state.account,
        organizer=state.organizer,
        performance=state.performance,
        checkout=state.checkout,
    )
    return merge_changes(
        {PAYMENT.stream(payment): [PaymentSettled(outcome=PaymentOutcome.EXCEPTION, owner=EXCEPTIONS_OWNER)]},
        exception_opened_events(context, derived_id(payment, kind), opened),
    )


def refund_reason_for(payment: RequestedPayment, order: PlacedOrder) -> RefundReason | None:
    """Return why the money must be refunded regardless of the seats; None: it need not be."""
    if payment.captured != order.total:
        return RefundReason.WRONG_AMOUNT
    match order.status:
        case OrderStatus.CONFIRMED:
            return RefundReason.ALREADY_PAID
        case OrderStatus.CANCELLED:
            return RefundReason.ORDER_CANCELLED
        case _:
            return None


def confirmation_or_refund_events(context: DecisionContext, payment: str, order_id: str, order: PlacedOrder) -> Changes:
    """Return the events that sell the order's seats, including those whose claim had lapsed.

    Raises:
        SeatsTaken, PerformanceIsCancelled, LimitReached, NotFound: the order can no longer be confirmed.
        PerformanceStarted: its basket had lapsed, and the performance has begun.
    """
    performance = require_not_cancelled(context, order.performance)
    owner, buyer = quota_of(context, order.account, order.performance)
    if not has_share(buyer, order.hold, context) and context.deadline_passed(performance.starts_at):
        raise PerformanceStarted("The basket had lapsed and the performance has begun.")
    check_paid_limits(buyer, performance.limits, hold=order.hold, seats=len(order.lines), context=context)
    keys = seats_of(order.lines)
    seats = context.read_many(SEAT, keys)
    lapsed = {
        SEAT.stream(*key): reclaim_events(seat, key[1], order.hold, context)
        for key, seat in zip(keys, seats, strict=True)
    }
    settled = {PAYMENT.stream(payment): [PaymentSettled(outcome=PaymentOutcome.CONFIRMED)]}
    sold = confirmation_events(order_id, order, payment=payment, owner=owner)
    paid = context.read(PAYMENT, payment)
    assert isinstance(paid, RequestedPayment)
    issued = [derived_id(order_id, "ticket", line.line_id) for line in order.lines]
    others = cancel_payment_events(context, order, besides=payment)
    return merge_changes(lapsed, sold, disputed_ticket_events(payment, paid, issued), settled, others)


def reclaim_events(seat: Seat, key: str, hold: str, context: DecisionContext) -> Sequence[SeatEvent]:
    """Return the events that must precede the sale of a seat to the basket `hold`.

    Raises:
        SeatsTaken: another buyer has the seat.
    """
    match seat:
        case Held(hold=own) if own == hold:
            return ()
        case _:
            return free_events(seat, key, context)


def refund_reason_of_refusal(refusal: Rejected) -> RefundReason | None:
    """Return the refund reason for an order that could not be confirmed; None: support has to decide."""
    match refusal:
        case SeatsTaken() | PerformanceStarted():
            return RefundReason.LATE_PAYMENT
        case PerformanceIsCancelled() | NotFound():
            return RefundReason.PERFORMANCE_CANCELLED
        case LimitReached():
            return RefundReason.LIMIT_REACHED
        case _:
            return None


def cancel_unpaid_events(
    context: DecisionContext, order_id: str, order: PlacedOrder, payment: str, reason: RefundReason
) -> Changes:
    """Return the events that cancel a pending order whose money is refunded; a wrong amount leaves it pending."""
    if order.status is not OrderStatus.PENDING or reason is RefundReason.WRONG_AMOUNT:
        return {}
    is_cancelled = reason is RefundReason.PERFORMANCE_CANCELLED
    cancel_reason = OrderCancelReason.PERFORMANCE_CANCELLED if is_cancelled else OrderCancelReason.PAYMENT_REFUNDED
    ending: dict[str, list[Any]] = {ORDER.stream(order_id): [OrderCancelled(reason=cancel_reason)]}
    cancelled = cancel_payment_events(context, order, besides=payment)
    return merge_changes(ending, release_basket_events(context, order, ReleaseReason.PAYMENT_REFUNDED), cancelled)


def refund_events(payment: str, state: RequestedPayment, order: PlacedOrder, reason: RefundReason) -> Changes:
    """Return the events that refund the whole capture; it needs no approval."""
    refund = derived_id(payment, "refund")
    requested = RefundRequested(
        order=state.order,
        payment=payment,
        account=order.account,
        organizer=order.organizer,
        performance=order.performance,
        provider=state.provider,
        lines=(),
        amount=state.captured,
        currency=order.currency,
        reason=reason,
    )
    return {
        PAYMENT.stream(payment): [PaymentSettled(outcome=PaymentOutcome.REFUNDED, refund=refund)],
        ORDER.stream(state.order): [
            RefundOpened(refund=refund, payment=payment, lines=(), amount=state.captured, currency=order.currency)
        ],
        REFUND.stream(refund): [requested, RefundApproved(by=RULE)],
    }
