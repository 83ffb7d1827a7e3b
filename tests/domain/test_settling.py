"""What a capture leads to, when the rules changed after the basket was held."""

from dataclasses import asdict
from datetime import timedelta

from domain.decisions.holding import expire_hold
from domain.decisions.scheduling import ChangePerformance, cancel
from domain.decisions.settling import settle
from domain.order import OrderCancelled, OrderConfirmed
from domain.payment import PaymentOutcome, PaymentSettled
from domain.performance import SalesState
from domain.refund import RefundRequested
from domain.values import Limits, PerformanceCancelReason, Price, RefundReason
from tests.support.scenario import NOW, Result, Scenario
from tests.support.shop import (
    HAMLET,
    HOLD_LASTS,
    PRICE,
    SEATS,
    on_sale,
    with_capture,
    with_hold,
    with_order,
    with_paid_order,
)

A1, A2, A3, B1 = SEATS[:4]
FEW = Limits(seats_per_order=1, seats_per_buyer=1, live_holds_per_buyer=1)


def limited(scenario: Scenario, limits: Limits) -> Scenario:
    """Change the limits."""
    return scenario.given_done(ChangePerformance(performance=HAMLET, limits=asdict(limits)))


def confirmed(result: Result) -> bool:
    """Say whether the order was confirmed, and the payment settled so."""
    events = result.events()
    settled = [event for event in events if isinstance(event, PaymentSettled)]
    assert len(settled) == 1
    assert (settled[0].outcome is PaymentOutcome.CONFIRMED) == any(
        isinstance(event, OrderConfirmed) for event in events
    )
    return settled[0].outcome is PaymentOutcome.CONFIRMED


def refund_reason(result: Result) -> RefundReason:
    """Return why the money goes back."""
    (refund,) = [event for event in result.events() if isinstance(event, RefundRequested)]
    return refund.reason


def paid(scenario: Scenario, order: str, seats: int) -> Result:
    """Let ann pay an order, and decide the capture."""
    scenario, payment = with_capture(scenario, order, "ann", amount=PRICE * seats)
    return scenario.when(settle, payment=payment)


class TestSettleInTime:
    def test_given_limits_lowered_since_the_hold_then_it_is_confirmed(self) -> None:
        given, order = with_order(with_hold(on_sale(), "h1", "ann", A1, A2, A3), "h1", "ann")
        assert confirmed(paid(limited(given, FEW), order, 3))

    def test_given_two_baskets_held_under_higher_limits_then_both_are_confirmed(self) -> None:
        given, _ = with_paid_order(with_hold(on_sale(), "h2", "ann", A3), "h1", "ann", A1, A2)
        given, order = with_order(limited(given, FEW), "h2", "ann")
        assert confirmed(paid(given, order, 1))

    def test_given_other_prices_and_closed_sales_since_the_hold_then_it_is_confirmed_at_its_price(self) -> None:
        dearer = ChangePerformance(
            performance=HAMLET, prices=(Price(category="A", amount=9 * PRICE),), sales=SalesState.CLOSED
        )
        given, order = with_order(with_hold(on_sale(), "h1", "ann", A1).given_done(dearer), "h1", "ann")
        assert confirmed(paid(given, order, 1))

    def test_given_the_performance_began_meanwhile_then_it_is_confirmed(self) -> None:
        given, order = with_order(
            with_hold(on_sale(starts_at=NOW + timedelta(minutes=1)), "h1", "ann", A1), "h1", "ann"
        )
        assert confirmed(paid(given.later(timedelta(minutes=2)), order, 1))

    def test_given_it_was_cancelled_then_the_money_goes_back(self) -> None:
        given, order = with_order(with_hold(on_sale(), "h1", "ann", A1), "h1", "ann")
        given, payment = with_capture(given, order, "ann", amount=PRICE)
        result = given.given_done(cancel, HAMLET, PerformanceCancelReason.ILLNESS).when(settle, payment=payment)
        assert refund_reason(result) is RefundReason.PERFORMANCE_CANCELLED
        assert any(isinstance(event, OrderCancelled) for event in result.events())


class TestSettleLapsed:
    def lapsed(self, *, swept: bool, **different: object) -> tuple[Scenario, str]:
        """Return a scenario in which ann's payment of three seats arrives after her basket lapsed."""
        given, order = with_order(with_hold(on_sale(**different), "h1", "ann", A1, A2, A3), "h1", "ann")
        given, payment = with_capture(given, order, "ann", amount=3 * PRICE)
        given = given.later(HOLD_LASTS)
        return (given.given_done(expire_hold, hold="h1") if swept else given), payment

    def test_given_nothing_taken_since_then_its_own_size_is_not_judged_again(self) -> None:
        for swept in (False, True):
            given, payment = self.lapsed(swept=swept)
            assert confirmed(limited(given, FEW).when(settle, payment=payment))

    def test_given_seats_taken_since_then_both_count(self) -> None:
        for swept in (False, True):
            given, payment = self.lapsed(swept=swept)
            given = with_hold(given, "h2", "ann", B1)
            assert confirmed(given.when(settle, payment=payment))
            result = limited(given, FEW).when(settle, payment=payment)
            assert refund_reason(result) is RefundReason.LIMIT_REACHED

    def test_given_the_performance_began_then_the_money_goes_back(self) -> None:
        for swept in (False, True):
            given, payment = self.lapsed(swept=swept, starts_at=NOW + timedelta(minutes=5))
            assert refund_reason(given.when(settle, payment=payment)) is RefundReason.LATE_PAYMENT
