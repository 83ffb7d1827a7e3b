"""Taking money: open a payment and record what the provider reports; `settling` decides every capture once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.decision import Changes, DecisionContext
from domain.decisions.ordering import require_visible_order
from domain.errors import AlreadyPaid, HoldLapsed, NotFound, OrderEnded, TooManyPayments
from domain.order import (
    ORDER,
    PAYMENT_REQUESTS_PER_ORDER_MAX,
    PAYMENTS_PER_ORDER_MAX,
    OrderStatus,
    PaymentOpened,
    PlacedOrder,
)
from domain.payment import (
    AWAITING_BUYER,
    PAYMENT,
    PaymentActionRequired,
    PaymentCaptured,
    PaymentCheckoutOpened,
    PaymentExpired,
    PaymentFailed,
    PaymentRequested,
    PaymentStatus,
    RequestedPayment,
)
from domain.performance import require_not_cancelled
from domain.provider_facts import require_storable

CHECKOUT_MARGIN = timedelta(seconds=60)
"""The provider's checkout ends this long before the order does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPayment:
    """Pay an order through `provider`."""

    payment: str
    order: str
    account: str
    provider: str


def open_payment(context: DecisionContext, command: OpenPayment) -> Changes:
    """Begin an attempt to pay the whole order.

    Raises:
        NotFound, PerformanceIsCancelled.
        AlreadyPaid: the order is confirmed.
        OrderEnded: it has expired or was cancelled.
        HoldLapsed: too little time is left for a checkout.
        TooManyPayments: see `check_attempts`.
    """
    order = require_visible_order(context, command.order, command.account)
    check_payable(context, order)
    check_attempts(context, order)
    performance = require_not_cancelled(context, order.performance)
    requested = PaymentRequested(
        order=command.order,
        account=command.account,
        performance=order.performance,
        organizer=performance.organizer,
        provider=command.provider,
        amount=order.total,
        currency=order.currency,
        expires_at=order.expires_at - CHECKOUT_MARGIN,
    )
    return {
        PAYMENT.stream(command.payment): [requested],
        ORDER.stream(command.order): [PaymentOpened(payment=command.payment, amount=order.total)],
    }


def check_payable(context: DecisionContext, order: PlacedOrder) -> None:
    """Refuse an order that is paid or has ended, or whose deadline is too near for a checkout.

    Raises:
        AlreadyPaid, OrderEnded, HoldLapsed: see `open_payment`.
    """
    if order.status is OrderStatus.CONFIRMED:
        raise AlreadyPaid("The order is paid.")
    if order.status is not OrderStatus.PENDING:
        raise OrderEnded("The order has ended; choose seats again.", order_status=order.status.value)
    if context.deadline_passed(order.expires_at):
        raise OrderEnded("The time to pay has passed; choose seats again.", order_status=OrderStatus.EXPIRED.value)
    if context.deadline_passed(order.expires_at - CHECKOUT_MARGIN):
        raise HoldLapsed("Too little time is left to pay; extend the hold or choose seats again.")


def check_attempts(context: DecisionContext, order: PlacedOrder) -> None:
    """Refuse more attempts than allowed; attempts that the provider never answered have a limit of their own.

    Raises:
        TooManyPayments: too many attempts that the provider answered, or too many in all.
    """
    payments = context.read_many(PAYMENT, [(payment,) for payment in order.payments])
    reached = sum(isinstance(payment, RequestedPayment) and payment.reached_provider for payment in payments)
    if reached >= PAYMENTS_PER_ORDER_MAX or len(payments) >= PAYMENT_REQUESTS_PER_ORDER_MAX:
        raise TooManyPayments(f"An order has at most {PAYMENTS_PER_ORDER_MAX} attempts to pay; ask support.")


def require_payment(context: DecisionContext, payment: str) -> RequestedPayment:
    """Return a payment that exists.

    Raises:
        NotFound: it was never requested.
    """
    state = context.read(PAYMENT, payment)
    if not isinstance(state, RequestedPayment):
        raise NotFound("There is no such payment.")
    return state


def open_checkout(context: DecisionContext, *, payment: str, checkout: str) -> Changes:
    """Record the provider's checkout; a second time records nothing.

    Raises:
        OrderEnded: the payment was cancelled while its checkout was opened.
    """
    state = require_payment(context, payment)
    if state.checkout is not None:
        return {}
    if state.status is PaymentStatus.CANCELLED:
        raise OrderEnded("The order no longer needs a payment; nothing was charged.")
    return {PAYMENT.stream(payment): [PaymentCheckoutOpened(checkout=checkout)]}


def require_action(context: DecisionContext, *, payment: str) -> Changes:
    """Record that the provider asks the buyer for one more step; only an open payment records it."""
    if require_payment(context, payment).status is not PaymentStatus.OPEN:
        return {}
    return {PAYMENT.stream(payment): [PaymentActionRequired()]}


def capture(
    context: DecisionContext, *, payment: str, amount: int, currency: str, captured_at: datetime, source: str
) -> Changes:
    """Record that the provider took the money, at any time, once. `settle` decides about it.

    Raises:
        NotFound: no such payment.
        Invalid: the money cannot be recorded.
    """
    require_storable(amount, currency, captured_at)
    if require_payment(context, payment).status in {PaymentStatus.CAPTURED, PaymentStatus.SETTLED}:
        return {}
    captured = PaymentCaptured(amount=amount, currency=currency, captured_at=captured_at, source=source)
    return {PAYMENT.stream(payment): [captured]}


def fail(context: DecisionContext, *, payment: str, reason: str) -> Changes:
    """Record that the provider declined; a payment that has ended records nothing."""
    return end_payment_events(context, payment, PaymentFailed(reason=reason))


def expire(context: DecisionContext, *, payment: str) -> Changes:
    """Record that the checkout ended without a payment; a payment that has ended records nothing."""
    return end_payment_events(context, payment, PaymentExpired())


def end_payment_events(
    context: DecisionContext, payment: str, event: PaymentFailed | PaymentExpired
) -> dict[str, list[Any]]:
    """Return the events that end a payment which awaits the buyer; none if it does not."""
    if require_payment(context, payment).status not in AWAITING_BUYER:
        return {}
    return {PAYMENT.stream(payment): [event]}
