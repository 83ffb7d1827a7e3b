"""What does a dispute cost that is won or lost?"""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from domain.decisions.paying import capture
from domain.decisions.refunds.refunding import RequestRefund, approve_refund
from domain.decisions.refunds.transfers import complete_refund
from domain.decisions.resolving_exceptions import ResolveException
from domain.decisions.settling import settle
from domain.dispute import DisputeLost, DisputeOpened, DisputeStatus, DisputeWon
from domain.errors import DisputeSettled, PaymentDisputed
from domain.money_exception import ExceptionClosed, ExceptionKind, Resolution, ResolutionReason
from domain.payment import PAYMENT, PaymentOutcome
from domain.refund import RefundCompleted
from domain.seat import SeatReturned
from domain.ticket import TicketDisputeWon, TicketVoided
from domain.values import derived_id
from tests.support.paid_order import (
    TOTAL,
    OrderScenario,
    an_order,
    at_minute,
    exception_kinds,
    only_exception_id,
    opened_exceptions,
    when_refund_requested,
)
from tests.support.scenario import Result
from tests.support.shop import GLOBE, HAMLET, PRICE

SUBJECT: dict[str, Any] = {
    "dispute": "dp_1",
    "organizer": GLOBE,
    "performance": HAMLET,
    "currency": "EUR",
    "source": "webhook",
}


class TestDecideDispute:
    def test_given_an_open_dispute_that_is_won_then_the_tickets_are_as_good_as_before(self) -> None:
        case = an_order().paid().disputed("opened", 1)
        result = case.when_disputed("won", 2)
        won = DisputeWon(order=case.order, recovered=0, decided_at=at_minute(2), overall=DisputeStatus.WON, **SUBJECT)
        result.then_on(PAYMENT.stream(case.payment), won)
        assert sum(isinstance(event, TicketDisputeWon) for event in result.events()) == 2

    def test_given_an_open_dispute_that_is_lost_then_support_owns_the_loss(self) -> None:
        case = an_order().paid().disputed("opened", 1)
        result = case.when_disputed("lost", 2)
        lost = DisputeLost(
            order=case.order, amount=TOTAL, decided_at=at_minute(2), overall=DisputeStatus.LOST, **SUBJECT
        )
        result.then_on(PAYMENT.stream(case.payment), lost)
        (exception,) = opened_exceptions(result)
        assert (exception.kind, exception.amount, exception.account) == (ExceptionKind.DISPUTE_LOST, TOTAL, "ann")

    @pytest.mark.parametrize("step", ["won", "lost"])
    def test_given_the_end_before_the_beginning_then_both_are_recorded_and_the_beginning_has_no_effect(
        self, step: str
    ) -> None:
        case = an_order().paid()
        events = case.when_disputed(step, 2).changes[PAYMENT.stream(case.payment)]
        assert [type(event) for event in events] == [DisputeOpened, DisputeWon if step == "won" else DisputeLost]
        case.disputed(step, 2).when_disputed("opened", 1).then_nothing()

    def test_given_a_lost_dispute_that_is_won_later_then_the_money_is_back(self) -> None:
        case = an_order().paid().disputed("lost", 2).disputed("won", 3)
        assert (case.payment_state().lost, case.payment_state().disputed) == (0, False)
        when_refund_requested(case).events()

    def test_given_a_lost_dispute_that_is_won_later_then_support_has_nothing_to_do_any_more(self) -> None:
        case = an_order().paid().refund_submitted("1")
        done = case.scenario.given_done(complete_refund, reference=case.refund, provider_refund="re_1")
        lost = replace(case, scenario=done).disputed("lost", 2)
        closed = [event for event in lost.when_disputed("won", 3).events() if isinstance(event, ExceptionClosed)]
        assert [each.resolution for each in closed] == [Resolution.RESOLVED] * 2
        assert lost.disputed("won", 3).payment_state().lost == 0

    def test_given_support_has_written_the_loss_off_then_a_win_leaves_that_as_it_is(self) -> None:
        case = an_order().paid().disputed("lost", 2)
        command = ResolveException(
            exception=only_exception_id(case), resolution=Resolution.WRITE_OFF, reason=ResolutionReason.OTHER, by="sue"
        )
        written_off = replace(case, scenario=case.scenario.given_done(command))
        won = written_off.when_disputed("won", 3)
        assert not [event for event in won.events() if isinstance(event, ExceptionClosed)]

    def test_given_an_older_win_after_the_loss_then_the_loss_stays(self) -> None:
        case = an_order().paid().disputed("lost", 3)
        case.when_disputed("won", 2).then_nothing()

    def test_given_a_won_dispute_that_is_lost_later_then_the_money_is_gone(self) -> None:
        case = an_order().paid().disputed("won", 2).disputed("lost", 3)
        assert (case.payment_state().lost, case.payment_state().disputed) == (TOTAL, True)

    def test_given_a_won_dispute_that_is_opened_again_then_it_is_open(self) -> None:
        case = an_order().paid().disputed("won", 2).disputed("opened", 3)
        assert case.payment_state().dispute_status is DisputeStatus.OPEN

    def test_given_a_lost_dispute_that_is_opened_again_then_it_stays_lost_and_is_lost_once(self) -> None:
        case = an_order().paid().disputed("lost", 2)
        case.when_disputed("opened", 3).then_nothing()
        case.when_disputed("lost", 4).then_nothing()

    @pytest.mark.parametrize("step", ["opened", "lost"])
    def test_given_another_sum_of_the_same_dispute_then_support_owns_it(self, step: str) -> None:
        case = an_order().paid().disputed(step, 1, amount=1_000)
        again = case.when_disputed(step, 2, amount=2_000)
        assert (exception_kinds(again), opened_exceptions(again)[0].amount) == ([ExceptionKind.OTHER_DISPUTE], 2_000)
        case.disputed(step, 2, amount=2_000).when_disputed(step, 2, amount=2_000).then_nothing()

    def test_given_another_sum_comes_back_than_was_lost_then_support_owns_the_difference(self) -> None:
        case = an_order().paid().disputed("lost", 2, amount=2_000)
        assert exception_kinds(case.when_disputed("won", 3, amount=1_000)) == [ExceptionKind.OTHER_DISPUTE]
        assert case.disputed("won", 3, amount=1_000).payment_state().lost == 2_000

    def test_given_a_loss_in_another_currency_then_it_is_not_summed(self) -> None:
        case = an_order().paid().disputed("lost", 2, currency="USD")
        assert case.payment_state().lost == 0
        when_refund_requested(case).then_refused(PaymentDisputed)

    def test_given_a_partial_loss_before_the_capture_then_the_rest_can_be_sent_back(self) -> None:
        case = an_order().payment_requested().disputed("lost", 1, amount=PRICE)
        taken = case.scenario.given_done(
            capture, payment=case.payment, amount=TOTAL, currency="EUR", captured_at=at_minute(0), source="webhook"
        )
        (exception,) = opened_exceptions(taken.when(settle, payment=case.payment))
        assert (exception.kind, exception.amount, exception.refundable) == (
            ExceptionKind.UNDECIDED_CAPTURE,
            TOTAL,
            TOTAL - PRICE,
        )
        settled = taken.given_done(settle, payment=case.payment)
        refund = ResolveException(
            exception=derived_id(case.payment, ExceptionKind.UNDECIDED_CAPTURE),
            resolution=Resolution.REFUND,
            reason=ResolutionReason.OTHER,
            by="sue",
        )
        assert settled.when(refund).events()

    def test_given_a_loss_before_the_capture_then_the_order_is_not_confirmed(self) -> None:
        case = an_order().payment_requested().disputed("lost", 1)
        taken = case.scenario.given_done(
            capture, payment=case.payment, amount=TOTAL, currency="EUR", captured_at=at_minute(0), source="webhook"
        )
        case = replace(case, scenario=taken.given_done(settle, payment=case.payment))
        assert case.payment_state().outcome is PaymentOutcome.EXCEPTION
        won = case.when_disputed("won", 2)
        assert exception_kinds(won) == [ExceptionKind.UNDECIDED_CAPTURE]
        assert opened_exceptions(won)[0].refundable == TOTAL


class TestLinesEndWithoutMoney:
    """Support frees the seats of an order whose money a lost dispute took."""

    def ended(
        self, case: OrderScenario, *lines: str, by: str | None = "sue", reason: str | None = "chargeback"
    ) -> Result:
        """Let support ask for lines to end."""
        command = RequestRefund(
            refund="r1",
            order=case.order,
            account=None if by else "ann",
            lines=lines or None,
            by=by,
            reason_text=reason,
        )
        return case.scenario.when(command)

    def asked(self, case: OrderScenario, *lines: str) -> OrderScenario:
        """Record that support asked for lines to end."""
        command = RequestRefund(
            refund="r1", order=case.order, account=None, lines=lines or None, by="sue", reason_text="chargeback"
        )
        return replace(case, scenario=case.scenario.given_done(command), refund="r1")

    def test_given_a_lost_dispute_then_tickets_are_void_seats_free_and_no_money_moves(self) -> None:
        case = self.asked(an_order().paid().disputed("lost", 1))
        result = case.scenario.when(approve_refund, refund="r1", by="tom")
        found = Counter(type(event) for event in result.events())
        assert (found[TicketVoided], found[SeatReturned], found[RefundCompleted]) == (2, 2, 1)
        assert case.order_state().refunds["r1"].amount == 0

    @pytest.mark.parametrize(("by", "reason"), [(None, None), ("sue", None)])
    def test_given_the_owner_asks_or_support_without_a_reason_then_it_is_refused(
        self, by: str | None, reason: str | None
    ) -> None:
        self.ended(an_order().paid().disputed("lost", 1), by=by, reason=reason).then_refused(PaymentDisputed)

    def test_given_an_open_dispute_then_it_is_refused(self) -> None:
        self.ended(an_order().paid().disputed("opened", 1)).then_refused(PaymentDisputed)

    def test_given_a_part_was_lost_then_what_is_left_still_goes_back_for_its_line(self) -> None:
        case = an_order().paid().disputed("lost", 1, amount=PRICE)
        first = self.asked(case, "1")
        assert first.order_state().refunds["r1"].amount == PRICE

    def test_given_the_dispute_is_won_afterwards_then_support_has_the_money_that_came_back_to_refund(self) -> None:
        case = self.asked(an_order().paid().disputed("lost", 1), "1")
        case = replace(case, scenario=case.scenario.given_done(approve_refund, refund="r1", by="tom"))
        won = case.when_disputed("won", 2)
        assert [(each.kind, each.refundable) for each in opened_exceptions(won)] == [
            (ExceptionKind.UNDECIDED_CAPTURE, PRICE)
        ]
        back = case.disputed("won", 2)
        exception = derived_id(case.payment, ExceptionKind.UNDECIDED_CAPTURE, "dp_1", at_minute(2).isoformat())
        refund = ResolveException(
            exception=exception, resolution=Resolution.REFUND, reason=ResolutionReason.OTHER, by="sue"
        )
        assert back.scenario.when(refund).events()

    def test_given_the_dispute_is_won_before_the_approval_then_the_money_is_asked_for_anew(self) -> None:
        case = self.asked(an_order().paid().disputed("lost", 1)).disputed("won", 2)
        case.scenario.when(approve_refund, refund="r1", by="tom").then_refused(DisputeSettled)
