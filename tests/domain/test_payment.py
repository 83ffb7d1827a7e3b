"""How can an order be paid, and what ends a payment?"""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from domain.decisions.ordering import cancel_order
from domain.decisions.paying import (
    CHECKOUT_MARGIN,
    capture,
    expire,
    fail,
    open_checkout,
    require_action,
    require_payment,
)
from domain.decisions.reconciling import expire_unknown_payment
from domain.decisions.settling import settle
from domain.errors import AlreadyPaid, HoldLapsed, NotFound, OrderEnded, PerformanceIsCancelled, TooManyPayments
from domain.order import ORDER, PAYMENT_REQUESTS_PER_ORDER_MAX, PAYMENTS_PER_ORDER_MAX, PaymentOpened
from domain.payment import (
    PAYMENT,
    PaymentActionRequired,
    PaymentCancelled,
    PaymentCaptured,
    PaymentCheckoutOpened,
    PaymentExpired,
    PaymentFailed,
    PaymentRequested,
    PaymentStatus,
)
from domain.values import OrderCancelReason
from tests.support.paid_order import an_order
from tests.support.payments import another_payment, pending_order, with_checkout, with_payment
from tests.support.scenario import NOW
from tests.support.shop import HOLD_LASTS, PRICE, SEATS, on_sale, with_paid_order, with_performance_cancelled

TAKEN: dict[str, Any] = {"amount": PRICE, "currency": "EUR", "captured_at": NOW, "source": "webhook"}


class TestOpenPayment:
    def test_given_attempts_that_the_provider_never_answered_then_they_use_up_nothing(self) -> None:
        scenario, order = pending_order()
        for _ in range(PAYMENTS_PER_ORDER_MAX + 5):
            scenario, _ = with_payment(scenario, order)
        assert scenario.when(another_payment(order)).events()

    def test_given_ten_that_it_answered_then_refused(self) -> None:
        scenario, order = pending_order()
        for number in range(PAYMENTS_PER_ORDER_MAX):
            scenario, payment = with_checkout(scenario, order)
            if number % 2:
                scenario = scenario.given_done(fail, payment=payment, reason="card_declined")
        scenario.when(another_payment(order)).then_refused(TooManyPayments)

    def test_given_far_too_many_in_all_then_refused(self) -> None:
        scenario, order = pending_order()
        for _ in range(PAYMENT_REQUESTS_PER_ORDER_MAX):
            scenario, _ = with_payment(scenario, order)
        scenario.when(another_payment(order)).then_refused(TooManyPayments)

    def test_given_an_order_that_waits_for_money_then_its_total_is_requested_until_a_minute_before_its_end(
        self,
    ) -> None:
        given, order = pending_order()
        result = given.when(another_payment(order))
        (requested,) = result.changes[PAYMENT.stream("again")]
        assert isinstance(requested, PaymentRequested)
        assert (requested.amount, requested.currency) == (PRICE, "EUR")
        assert requested.expires_at == NOW + HOLD_LASTS - CHECKOUT_MARGIN
        result.then_on(ORDER.stream(order), PaymentOpened(payment="again", amount=PRICE))

    def test_given_too_little_time_for_a_checkout_then_it_is_refused(self) -> None:
        given, order = pending_order()
        given.later(HOLD_LASTS - CHECKOUT_MARGIN).when(another_payment(order)).then_refused(HoldLapsed)

    def test_given_a_paid_order_then_it_is_refused(self) -> None:
        given, order = with_paid_order(on_sale(), "hold", "ann", SEATS[0])
        given.when(another_payment(order)).then_refused(AlreadyPaid)

    def test_given_a_cancelled_order_then_it_is_refused(self) -> None:
        given, order = pending_order()
        given = given.given_done(cancel_order, order=order, account="ann", reason=OrderCancelReason.BUYER)
        given.when(another_payment(order)).then_refused(OrderEnded, order_status="cancelled")

    def test_given_a_cancelled_performance_then_it_is_refused(self) -> None:
        given, order = pending_order()
        with_performance_cancelled(given).when(another_payment(order)).then_refused(PerformanceIsCancelled)

    def test_given_an_order_of_another_buyer_then_it_is_not_found(self) -> None:
        given, order = pending_order()
        given.when(replace(another_payment(order), account="bob")).then_refused(NotFound)


class TestOpenCheckout:
    def test_given_a_payment_cancelled_while_its_checkout_was_opened_then_the_buyer_is_not_sent_there(self) -> None:
        scenario, order = pending_order()
        scenario, payment = with_payment(scenario, order)
        scenario = scenario.given_done(cancel_order, order=order, account="ann", reason=OrderCancelReason.BUYER)
        scenario.when(open_checkout, payment=payment, checkout="co").then_refused(OrderEnded)

    def test_given_a_requested_payment_then_its_checkout_is_recorded_once(self) -> None:
        given, payment = with_payment(*pending_order())
        given.when(open_checkout, payment=payment, checkout="co").then(PaymentCheckoutOpened(checkout="co"))
        given = given.given_done(open_checkout, payment=payment, checkout="co")
        given.when(open_checkout, payment=payment, checkout="another").then_nothing()

    def test_given_no_such_payment_then_it_is_not_found(self) -> None:
        on_sale().when(open_checkout, payment="none", checkout="co").then_refused(NotFound)


class TestProviderAnswers:
    """What the provider reports about a payment is recorded once, and an end stays an end."""

    def test_given_a_requested_payment_then_one_more_step_of_the_buyer_is_recorded_once(self) -> None:
        given, payment = with_payment(*pending_order())
        given.when(require_action, payment=payment).then(PaymentActionRequired())
        given.given_done(require_action, payment=payment).when(require_action, payment=payment).then_nothing()

    def test_given_a_requested_payment_then_its_capture_is_recorded_once(self) -> None:
        given, payment = with_payment(*pending_order())
        given.when(capture, payment=payment, **TAKEN).then(PaymentCaptured(**TAKEN))
        given.given_done(capture, payment=payment, **TAKEN).when(capture, payment=payment, **TAKEN).then_nothing()

    def test_given_a_requested_payment_then_it_fails_or_expires_once(self) -> None:
        given, payment = with_payment(*pending_order())
        given.when(fail, payment=payment, reason="card_declined").then(PaymentFailed(reason="card_declined"))
        given.when(expire, payment=payment).then(PaymentExpired())
        failed = given.given_done(fail, payment=payment, reason="card_declined")
        failed.when(expire, payment=payment).then_nothing()
        given.given_done(expire, payment=payment).when(fail, payment=payment, reason="late").then_nothing()

    def test_given_a_capture_then_a_later_failure_records_nothing(self) -> None:
        given, payment = with_payment(*pending_order())
        captured = given.given_done(capture, payment=payment, **TAKEN)
        captured.when(fail, payment=payment, reason="card_declined").then_nothing()
        captured.when(require_action, payment=payment).then_nothing()


class TestCancelPayments:
    """An order that needs no money ends its other payments."""

    def test_given_the_order_is_cancelled_then_its_payments_are(self) -> None:
        scenario, order = pending_order()
        scenario, first = with_checkout(scenario, order)
        scenario, second = with_payment(scenario, order)
        scenario, failed = with_checkout(scenario, order)
        scenario = scenario.given_done(fail, payment=failed, reason="card_declined")
        cancel = partial(cancel_order, order=order, account="ann", reason=OrderCancelReason.BUYER)
        ended = scenario.when(cancel)
        for payment in (first, second):
            ended.then_on(PAYMENT.stream(payment), PaymentCancelled())
        ended.then_on(PAYMENT.stream(failed))

    def test_given_another_payment_confirms_the_order_then_they_are_cancelled(self) -> None:
        scenario, order = pending_order()
        scenario, first = with_checkout(scenario, order)
        scenario, second = with_checkout(scenario, order)
        now = scenario.now
        scenario = scenario.given_done(
            capture, payment=second, amount=PRICE, currency="EUR", captured_at=now, source="webhook"
        )
        scenario.when(settle, payment=second).then_on(PAYMENT.stream(first), PaymentCancelled())


class TestExpireUnknownPayment:
    def test_given_a_payment_the_provider_does_not_know_then_it_expires_after_its_time(self) -> None:
        case = an_order().payment_requested()
        case.scenario.when(expire_unknown_payment, payment=case.payment).then_nothing()
        late = case.scenario.later(HOLD_LASTS - timedelta(seconds=60))
        expired = late.given_done(expire_unknown_payment, payment=case.payment)
        assert expired.state(require_payment, payment=case.payment).status is PaymentStatus.EXPIRED
