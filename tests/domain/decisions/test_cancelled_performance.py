"""What does a cancelled performance mean for its holds, orders and money?"""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.decisions.cancelling import DueRefunds, due_refunds, end_basket, request_due_refund
from domain.decisions.holding import release_hold
from domain.decisions.refunds.refunding import RequestRefund, approve_refund, reject_refund
from domain.decisions.scheduling import CHANGES_AFTER_START_MAX, cancel
from domain.errors import PerformanceStarted
from domain.hold import HOLD, HoldReleased
from domain.order import ORDER, OrderCancelled, RefundOpened
from domain.performance import PerformanceCancelled as Cancelled
from domain.refund import REFUND, RefundCompleted
from domain.values import OrderCancelReason, PerformanceCancelReason, Price, RefundReason, ReleaseReason
from tests.support.paid_order import an_order
from tests.support.scenario import Scenario
from tests.support.shop import (
    HAMLET,
    HOLD_LASTS,
    PRICE,
    SEATS,
    STARTS_AT,
    on_sale,
    with_hold,
    with_order,
    with_paid_order,
    with_performance_cancelled,
)

RULE = "refund_cancelled_performances"


def with_refund_request(scenario: Scenario, order: str, *lines: str, refund: str = "asked") -> Scenario:
    return scenario.given_done(RequestRefund(refund=refund, order=order, account="ann", lines=lines))


def due_refunds_of(scenario: Scenario, order: str) -> DueRefunds:
    return scenario.state(due_refunds, order)


def with_due_refunds(scenario: Scenario, order: str) -> Scenario:
    """Let the process do what is due."""
    if due_refunds_of(scenario, order).request is not None:
        scenario = scenario.given_done(request_due_refund, order=order)
    for refund in due_refunds_of(scenario, order).undecided:
        scenario = scenario.given_done(approve_refund, refund=refund, by=RULE)
    return scenario


class TestCancelPerformance:
    @pytest.mark.parametrize("after", [-timedelta(days=1), timedelta(0), CHANGES_AFTER_START_MAX / 2], ids=str)
    def test_given_it_began_not_long_ago_then_it_is_cancelled(self, after: timedelta) -> None:
        on_sale().at(STARTS_AT + after).when(cancel, performance=HAMLET, reason=PerformanceCancelReason.ILLNESS).then(
            Cancelled(reason=PerformanceCancelReason.ILLNESS)
        )

    def test_given_it_began_long_ago_then_refused(self) -> None:
        on_sale().at(STARTS_AT + CHANGES_AFTER_START_MAX).when(
            cancel, performance=HAMLET, reason=PerformanceCancelReason.ILLNESS
        ).then_refused(PerformanceStarted)

    def test_given_it_is_cancelled_then_a_second_time_records_nothing_at_any_time(self) -> None:
        cancelled = on_sale().given_done(cancel, performance=HAMLET, reason=PerformanceCancelReason.SAFETY)
        for later in (STARTS_AT, STARTS_AT + timedelta(days=300)):
            cancelled.at(later).when(cancel, performance=HAMLET, reason=PerformanceCancelReason.OTHER).then_nothing()


class TestRequestDueRefund:
    def test_given_a_performance_that_takes_place_then_nothing(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", SEATS[0])
        scenario.when(request_due_refund, order=order).then_nothing()

    def test_given_a_part_lost_to_a_dispute_then_the_lines_that_the_rest_covers_are_refunded(self) -> None:
        case = an_order().paid().disputed("lost", 1, amount=PRICE)
        scenario = with_due_refunds(with_performance_cancelled(case.scenario), case.order)
        placed = replace(case, scenario=scenario).order_state()
        assert (placed.amount_committed(case.payment), placed.cancelled_lines) == (PRICE, frozenset({"1"}))
        scenario.when(request_due_refund, order=case.order).then_nothing()

    def test_given_all_lost_to_a_dispute_then_nothing_is_requested(self) -> None:
        case = an_order().paid().disputed("lost", 1)
        with_performance_cancelled(case.scenario).when(request_due_refund, order=case.order).then_nothing()

    def test_given_a_paid_order_then_all_of_it_is_requested_by_no_account(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", *SEATS[:2])
        requested, opened = with_performance_cancelled(scenario).when(request_due_refund, order=order).events()
        assert (requested.reason, requested.requested_by) == (RefundReason.PERFORMANCE_CANCELLED, None)
        assert (requested.lines, requested.amount) == (("1", "2"), 2 * PRICE)
        assert isinstance(opened, RefundOpened)

    def test_given_it_has_begun_and_tickets_were_used_then_all_of_it_all_the_same(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", *SEATS[:2])
        late = with_performance_cancelled(scenario.at(STARTS_AT + timedelta(hours=1)))
        requested, _ = late.when(request_due_refund, order=order).events()
        assert requested.lines == ("1", "2")

    def test_given_an_open_request_of_the_owner_then_the_rest_and_both_are_approved_once(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", *SEATS[:3])
        done = with_due_refunds(with_performance_cancelled(with_refund_request(scenario, order, "2")), order)
        assert due_refunds_of(done, order) == DueRefunds()
        done.when(request_due_refund, order=order).then_nothing()

    def test_given_a_request_rejected_before_then_its_lines_are_refunded(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", *SEATS[:2])
        scenario = with_refund_request(scenario, order, "1").given_done(reject_refund, refund="asked", by="support")
        requested, _ = with_performance_cancelled(scenario).when(request_due_refund, order=order).events()
        assert requested.lines == ("1", "2")

    def test_given_support_rejected_the_refund_of_the_cancellation_then_it_stays_rejected(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", SEATS[0])
        scenario = with_performance_cancelled(scenario).given_done(request_due_refund, order=order)
        (refund,) = due_refunds_of(scenario, order).undecided
        scenario = scenario.given_done(reject_refund, refund=refund, by="support")
        assert due_refunds_of(scenario, order) == DueRefunds()

    def test_given_part_of_it_was_refunded_then_the_rest_under_another_id(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", *SEATS[:2])
        scenario = with_refund_request(scenario, order, "1").given_done(approve_refund, refund="asked", by="support")
        requested, _ = with_performance_cancelled(scenario).when(request_due_refund, order=order).events()
        assert requested.lines == ("2",)

    def test_given_nothing_was_to_pay_then_the_tickets_are_void_and_nothing_is_transferred(self) -> None:
        free = on_sale(prices=(Price(category="A", amount=0), Price(category="S", amount=0)))
        scenario, order = with_order(with_hold(free, "hold", "ann", SEATS[0]), "hold", "ann")
        done = with_due_refunds(with_performance_cancelled(scenario), order)
        refunds = [events for stream, events in done.history.items() if stream.startswith(REFUND.prefix)]
        assert isinstance(refunds[0][-1], RefundCompleted)
        assert due_refunds_of(done, order) == DueRefunds()

    @pytest.mark.parametrize("after", [timedelta(0), timedelta(days=400)], ids=str)
    def test_given_the_owner_asks_again_then_the_process_and_the_owner_never_both(self, after: timedelta) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", SEATS[0])
        scenario = with_refund_request(with_performance_cancelled(scenario).at(STARTS_AT + after), order, "1")
        assert due_refunds_of(scenario, order) == DueRefunds(undecided=("asked",))


class TestEndHold:
    def test_given_an_unpaid_order_then_it_is_cancelled_and_its_seats_are_released(self) -> None:
        scenario, order = with_order(with_hold(on_sale(), "hold", "ann", SEATS[0]), "hold", "ann")
        ended = with_performance_cancelled(scenario).when(end_basket, hold="hold")
        ended.then_on(ORDER.stream(order), OrderCancelled(reason=OrderCancelReason.PERFORMANCE_CANCELLED))
        ended.then_on(HOLD.stream("hold"), HoldReleased(reason=ReleaseReason.ORDER_CANCELLED))

    @pytest.mark.parametrize("after", [timedelta(0), 2 * HOLD_LASTS], ids=["living", "lapsed"])
    def test_given_a_hold_then_it_is_released(self, after: timedelta) -> None:
        scenario = with_performance_cancelled(with_hold(on_sale(), "hold", "ann", SEATS[0])).later(after)
        scenario.when(end_basket, hold="hold").then_on(
            HOLD.stream("hold"), HoldReleased(reason=ReleaseReason.PERFORMANCE_CANCELLED)
        )

    def test_given_a_paid_order_or_an_ended_hold_then_nothing(self) -> None:
        scenario, _ = with_paid_order(on_sale(), "paid", "ann", SEATS[0])
        scenario = with_hold(scenario, "ended", "bob", SEATS[1]).given_done(release_hold, hold="ended", holder="bob")
        for hold in ("paid", "ended"):
            with_performance_cancelled(scenario).when(end_basket, hold=hold).then_nothing()

    def test_given_a_performance_that_takes_place_then_nothing(self) -> None:
        with_hold(on_sale(), "hold", "ann", SEATS[0]).when(end_basket, hold="hold").then_nothing()
