"""What happens to money that comes late?"""

from datetime import timedelta

from domain.decisions.holding import expire_hold
from domain.decisions.ordering import cancel_order
from domain.decisions.paying import capture, expire, fail
from domain.decisions.settling import settle
from domain.order import OrderCancelled
from domain.payment import PAYMENT, PaymentCaptured, PaymentOutcome, PaymentSettled
from domain.refund import REFUND, RefundApproved, RefundRequested
from domain.values import Limits, OrderCancelReason, RefundReason, derived_id
from tests.support.payments import is_confirmed, pending_order, refund_reason, with_checkout, with_limits, with_payment
from tests.support.scenario import NOW, Scenario
from tests.support.shop import (
    HOLD_LASTS,
    PRICE,
    SEATS,
    on_sale,
    with_capture,
    with_hold,
    with_order,
    with_paid_order,
    with_performance_cancelled,
)

A1, A2, A3, B1 = SEATS[:4]
FEW = Limits(seats_per_order=1, seats_per_buyer=1, live_holds_per_buyer=1)


class TestSettleLapsedHold:
    """The hold lapsed before the money came."""

    def lapsed(self, *, cleared: bool, **different: object) -> tuple[Scenario, str]:
        """Return a scenario in which ann's payment of three seats arrives after her hold lapsed."""
        given, order = with_order(with_hold(on_sale(**different), "h1", "ann", A1, A2, A3), "h1", "ann")
        given, payment = with_capture(given, order, "ann", amount=3 * PRICE)
        given = given.later(HOLD_LASTS)
        return (given.given_done(expire_hold, hold="h1") if cleared else given), payment

    def test_given_nothing_taken_since_then_its_own_size_is_not_judged_again(self) -> None:
        for cleared in (False, True):
            given, payment = self.lapsed(cleared=cleared)
            assert is_confirmed(with_limits(given, FEW).when(settle, payment=payment))

    def test_given_seats_taken_since_then_both_count(self) -> None:
        for cleared in (False, True):
            given, payment = self.lapsed(cleared=cleared)
            given = with_hold(given, "h2", "ann", B1)
            assert is_confirmed(given.when(settle, payment=payment))
            result = with_limits(given, FEW).when(settle, payment=payment)
            assert refund_reason(result) is RefundReason.LIMIT_REACHED

    def test_given_the_performance_began_then_the_money_goes_back(self) -> None:
        for cleared in (False, True):
            given, payment = self.lapsed(cleared=cleared, starts_at=NOW + timedelta(minutes=5))
            assert refund_reason(given.when(settle, payment=payment)) is RefundReason.LATE_PAYMENT

    def test_given_a_seat_sold_to_another_buyer_since_then_the_money_goes_back_and_the_order_ends(self) -> None:
        given, payment = self.lapsed(cleared=False)
        given, _ = with_paid_order(given, "h2", "bob", A1)
        result = given.when(settle, payment=payment)
        assert refund_reason(result) is RefundReason.LATE_PAYMENT
        assert OrderCancelled(reason=OrderCancelReason.PAYMENT_REFUNDED) in result.events()

    def test_given_a_seat_in_the_live_hold_of_another_buyer_then_the_money_goes_back(self) -> None:
        given, payment = self.lapsed(cleared=True)
        given = with_hold(given, "h2", "bob", A1)
        assert refund_reason(given.when(settle, payment=payment)) is RefundReason.LATE_PAYMENT

    def test_given_a_hold_of_another_buyer_that_lapsed_since_then_the_order_is_confirmed(self) -> None:
        given, payment = self.lapsed(cleared=True)
        given = with_hold(given, "h2", "bob", A1).later(HOLD_LASTS)
        assert is_confirmed(given.when(settle, payment=payment))

    def test_given_the_performance_was_cancelled_then_the_money_goes_back(self) -> None:
        given, payment = self.lapsed(cleared=True)
        result = with_performance_cancelled(given).when(settle, payment=payment)
        assert refund_reason(result) is RefundReason.PERFORMANCE_CANCELLED


class TestSettleEndedPayment:
    """The payment or its order had ended before the money came."""

    def test_given_a_cancelled_payment_then_money_that_comes_all_the_same_is_recorded(self) -> None:
        scenario, order = pending_order()
        scenario, payment = with_checkout(scenario, order)
        scenario = scenario.given_done(cancel_order, order=order, account="ann", reason=OrderCancelReason.BUYER)
        captured = scenario.when(
            capture, payment=payment, amount=PRICE, currency="EUR", captured_at=scenario.now, source="webhook"
        )
        captured.then(PaymentCaptured(amount=PRICE, currency="EUR", captured_at=scenario.now, source="webhook"))

    def test_given_a_cancelled_order_then_the_money_goes_back_in_full(self) -> None:
        given, order = pending_order()
        given, payment = with_payment(given, order)
        given = given.given_done(cancel_order, order=order, account="ann", reason=OrderCancelReason.BUYER)
        result = self.taken(given, payment).when(settle, payment=payment)
        assert refund_reason(result) is RefundReason.ORDER_CANCELLED
        (requested,) = [event for event in result.events() if isinstance(event, RefundRequested)]
        assert (requested.amount, requested.payment, requested.lines) == (PRICE, payment, ())

    def test_given_an_order_that_another_payment_paid_then_the_second_money_goes_back(self) -> None:
        given, order = pending_order()
        given, first = with_payment(given, order)
        given, second = with_payment(given, order)
        given = self.taken(given, first).given_done(settle, payment=first)
        result = self.taken(given, second).when(settle, payment=second)
        assert refund_reason(result) is RefundReason.ALREADY_PAID
        assert not any(isinstance(event, OrderCancelled) for event in result.events())

    def test_given_a_payment_that_failed_or_expired_then_money_that_comes_all_the_same_confirms_the_order(self) -> None:
        given, order = pending_order()
        given, payment = with_payment(given, order)
        failed = given.given_done(fail, payment=payment, reason="timeout")
        for ended in (failed, given.given_done(expire, payment=payment)):
            assert is_confirmed(self.taken(ended, payment).when(settle, payment=payment))

    def taken(self, scenario: Scenario, payment: str) -> Scenario:
        """Let the provider capture a payment."""
        return scenario.given_done(
            capture, payment=payment, amount=PRICE, currency="EUR", captured_at=scenario.now, source="webhook"
        )


class TestRefundOfLateMoney:
    """Late money goes back without a request and without an approval by an account."""

    def test_given_late_money_then_the_rule_itself_approves_the_refund(self) -> None:
        given, order = pending_order()
        given, payment = with_capture(given, order, "ann", amount=PRICE)
        given = with_performance_cancelled(given)
        result = given.when(settle, payment=payment)
        refund = derived_id(payment, "refund")
        assert result.changes[REFUND.stream(refund)][-1] == RefundApproved(by="settle_payments")
        result.then_on(PAYMENT.stream(payment), PaymentSettled(outcome=PaymentOutcome.REFUNDED, refund=refund))

    def test_given_it_was_decided_then_a_second_time_records_nothing(self) -> None:
        given, order = pending_order()
        given, payment = with_capture(given, order, "ann", amount=PRICE)
        decided = with_performance_cancelled(given).given_done(settle, payment=payment)
        decided.when(settle, payment=payment).then_nothing()
