"""How often an order can be tried, and what becomes of its other checkouts when it ends."""

from functools import partial

from uuid_utils.compat import uuid7

from domain.decisions.ordering import cancel_order
from domain.decisions.paying import OpenPayment, capture, fail, open_checkout
from domain.decisions.settling import settle
from domain.errors import OrderEnded, TooManyPayments
from domain.order import PAYMENT_REQUESTS_PER_ORDER_MAX, PAYMENTS_PER_ORDER_MAX
from domain.payment import PAYMENT, PaymentCancelled, PaymentCaptured
from domain.values import OrderCancelReason
from tests.support.scenario import Scenario
from tests.support.shop import PRICE, SEATS, on_sale, with_hold, with_order


def pending() -> tuple[Scenario, str]:
    return with_order(with_hold(on_sale(), "hold", "ann", SEATS[0]), "hold", "ann")


def requested(scenario: Scenario, order: str) -> tuple[Scenario, str]:
    payment = str(uuid7())
    command = OpenPayment(payment=payment, order=order, account="ann", provider="sandbox")
    return scenario.given_done(command), payment


def opened(scenario: Scenario, order: str) -> tuple[Scenario, str]:
    scenario, payment = requested(scenario, order)
    return scenario.given_done(open_checkout, payment=payment, checkout="co"), payment


def again(order: str) -> OpenPayment:
    return OpenPayment(payment="again", order=order, account="ann", provider="sandbox")


class TestOpenPayment:
    def test_given_attempts_that_the_provider_never_answered_then_they_use_up_nothing(self) -> None:
        scenario, order = pending()
        for _ in range(PAYMENTS_PER_ORDER_MAX + 5):
            scenario, _ = requested(scenario, order)
        assert scenario.when(again(order)).events()

    def test_given_ten_that_it_answered_then_refused(self) -> None:
        scenario, order = pending()
        for number in range(PAYMENTS_PER_ORDER_MAX):
            scenario, payment = opened(scenario, order)
            if number % 2:
                scenario = scenario.given_done(fail, payment=payment, reason="card_declined")
        scenario.when(again(order)).then_refused(TooManyPayments)

    def test_given_far_too_many_in_all_then_refused(self) -> None:
        scenario, order = pending()
        for _ in range(PAYMENT_REQUESTS_PER_ORDER_MAX):
            scenario, _ = requested(scenario, order)
        scenario.when(again(order)).then_refused(TooManyPayments)


class TestOtherCheckouts:
    def test_given_the_order_is_cancelled_then_its_payments_are(self) -> None:
        scenario, order = pending()
        scenario, first = opened(scenario, order)
        scenario, second = requested(scenario, order)
        scenario, failed = opened(scenario, order)
        scenario = scenario.given_done(fail, payment=failed, reason="card_declined")
        cancel = partial(cancel_order, order=order, account="ann", reason=OrderCancelReason.BUYER)
        ended = scenario.when(cancel)
        for payment in (first, second):
            ended.then_on(PAYMENT.stream(payment), PaymentCancelled())
        ended.then_on(PAYMENT.stream(failed))

    def test_given_another_payment_confirms_the_order_then_they_are_cancelled(self) -> None:
        scenario, order = pending()
        scenario, first = opened(scenario, order)
        scenario, second = opened(scenario, order)
        now = scenario.now
        scenario = scenario.given_done(
            capture, payment=second, amount=PRICE, currency="EUR", captured_at=now, source="webhook"
        )
        scenario.when(settle, payment=second).then_on(PAYMENT.stream(first), PaymentCancelled())

    def test_given_a_cancelled_payment_then_money_that_comes_all_the_same_is_recorded(self) -> None:
        scenario, order = pending()
        scenario, payment = opened(scenario, order)
        scenario = scenario.given_done(cancel_order, order=order, account="ann", reason=OrderCancelReason.BUYER)
        captured = scenario.when(
            capture, payment=payment, amount=PRICE, currency="EUR", captured_at=scenario.now, source="webhook"
        )
        captured.then(PaymentCaptured(amount=PRICE, currency="EUR", captured_at=scenario.now, source="webhook"))

    def test_given_a_payment_cancelled_while_its_checkout_was_opened_then_the_buyer_is_not_sent_there(self) -> None:
        scenario, order = pending()
        scenario, payment = requested(scenario, order)
        scenario = scenario.given_done(cancel_order, order=order, account="ann", reason=OrderCancelReason.BUYER)
        scenario.when(open_checkout, payment=payment, checkout="co").then_refused(OrderEnded)
