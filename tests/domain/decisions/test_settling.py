"""What does captured money lead to, when it comes in time?"""

from datetime import timedelta

from domain.buyer_quota import BUYER_QUOTA, BuyerQuotaKept
from domain.decisions.scheduling import ChangePerformance, cancel
from domain.decisions.settling import settle
from domain.money_exception import ExceptionKind
from domain.order import ORDER, OrderCancelled, PaymentTaken
from domain.performance import SalesState
from domain.seat import SeatSold
from domain.ticket import TicketIssued
from domain.values import Limits, PerformanceCancelReason, Price, RefundReason
from tests.support.paid_order import exception_kinds
from tests.support.payments import is_confirmed, pending_order, refund_reason, when_paid, with_limits, with_payment
from tests.support.scenario import NOW
from tests.support.shop import (
    HAMLET,
    PRICE,
    SEATS,
    on_sale,
    seat_stream,
    with_capture,
    with_hold,
    with_order,
    with_paid_order,
)

A1, A2, A3, B1 = SEATS[:4]
FEW = Limits(seats_per_order=1, seats_per_buyer=1, live_holds_per_buyer=1)


class TestSettle:
    def test_given_limits_lowered_since_the_hold_then_it_is_confirmed(self) -> None:
        given, order = with_order(with_hold(on_sale(), "h1", "ann", A1, A2, A3), "h1", "ann")
        assert is_confirmed(when_paid(with_limits(given, FEW), order, 3))

    def test_given_two_holds_held_under_higher_limits_then_both_are_confirmed(self) -> None:
        given, _ = with_paid_order(with_hold(on_sale(), "h2", "ann", A3), "h1", "ann", A1, A2)
        given, order = with_order(with_limits(given, FEW), "h2", "ann")
        assert is_confirmed(when_paid(given, order, 1))

    def test_given_other_prices_and_closed_sales_since_the_hold_then_it_is_confirmed_at_its_price(self) -> None:
        dearer = ChangePerformance(
            performance=HAMLET, prices=(Price(category="A", amount=9 * PRICE),), sales=SalesState.CLOSED
        )
        given, order = with_order(with_hold(on_sale(), "h1", "ann", A1).given_done(dearer), "h1", "ann")
        assert is_confirmed(when_paid(given, order, 1))

    def test_given_the_performance_began_meanwhile_then_it_is_confirmed(self) -> None:
        given, order = with_order(
            with_hold(on_sale(starts_at=NOW + timedelta(minutes=1)), "h1", "ann", A1), "h1", "ann"
        )
        assert is_confirmed(when_paid(given.later(timedelta(minutes=2)), order, 1))

    def test_given_it_was_cancelled_then_the_money_goes_back(self) -> None:
        given, order = with_order(with_hold(on_sale(), "h1", "ann", A1), "h1", "ann")
        given, payment = with_capture(given, order, "ann", amount=PRICE)
        result = given.given_done(cancel, HAMLET, PerformanceCancelReason.ILLNESS).when(settle, payment=payment)
        assert refund_reason(result) is RefundReason.PERFORMANCE_CANCELLED
        assert any(isinstance(event, OrderCancelled) for event in result.events())

    def test_given_the_whole_total_then_the_order_is_confirmed_its_seats_sold_and_its_tickets_issued(self) -> None:
        given, order = with_order(with_hold(on_sale(), "h1", "ann", A1, A2), "h1", "ann")
        given, payment = with_capture(given, order, "ann", amount=2 * PRICE)
        result = given.when(settle, payment=payment)
        taken, confirmed = result.changes[ORDER.stream(order)]
        assert (taken, confirmed.payment) == (PaymentTaken(payment=payment, amount=2 * PRICE), payment)
        for key, ordered in zip((A1, A2), confirmed.tickets, strict=True):
            result.then_on(seat_stream(key), SeatSold(order=order, ticket=ordered.ticket))
        assert sum(isinstance(event, TicketIssued) for event in result.events()) == 2
        result.then_on(BUYER_QUOTA.stream("ann", HAMLET), BuyerQuotaKept(hold="h1", order=order, seats=2))

    def test_given_another_amount_than_the_total_then_it_goes_back_and_the_order_waits_on(self) -> None:
        given, order = with_order(with_hold(on_sale(), "h1", "ann", A1), "h1", "ann")
        for amount in (PRICE - 1, PRICE + 1):
            captured, payment = with_capture(given, order, "ann", amount=amount)
            result = captured.when(settle, payment=payment)
            assert refund_reason(result) is RefundReason.WRONG_AMOUNT
            assert not any(isinstance(event, OrderCancelled) for event in result.events())

    def test_given_another_currency_then_it_is_an_exception_and_the_order_waits_on(self) -> None:
        given, order = with_order(with_hold(on_sale(), "h1", "ann", A1), "h1", "ann")
        given, payment = with_capture(given, order, "ann", amount=PRICE, currency="USD")
        result = given.when(settle, payment=payment)
        assert exception_kinds(result) == [ExceptionKind.WRONG_CURRENCY]
        result.then_on(ORDER.stream(order))

    def test_given_it_was_decided_then_a_second_time_records_nothing(self) -> None:
        given, order = with_order(with_hold(on_sale(), "h1", "ann", A1), "h1", "ann")
        given, payment = with_capture(given, order, "ann", amount=PRICE)
        given.given_done(settle, payment=payment).when(settle, payment=payment).then_nothing()

    def test_given_a_payment_that_is_not_captured_then_nothing(self) -> None:
        given, payment = with_payment(*pending_order())
        given.when(settle, payment=payment).then_nothing()
        given.when(settle, payment="none").then_nothing()
