"""May money be refunded while its payment is disputed?"""

from dataclasses import replace

from domain.decisions.refunds.refunding import approve_refund
from domain.decisions.refunds.transfers import complete_refund, submit_refund
from domain.errors import PaymentDisputed
from domain.money_exception import ExceptionKind
from domain.refund import REFUND, RefundFailed, RefundSubmitted
from tests.support.paid_order import (
    TOTAL,
    an_order,
    exception_kinds,
    opened_exceptions,
    when_refund_requested,
)
from tests.support.shop import PRICE


class TestRefundBesideDispute:
    def test_given_an_open_dispute_then_no_refund_is_asked_for_or_approved(self) -> None:
        asked = an_order().paid().refund_requested().disputed("opened", 1)
        asked.scenario.when(approve_refund, refund=asked.refund, by="sue").then_refused(PaymentDisputed)
        when_refund_requested(an_order().paid().disputed("opened", 1)).then_refused(PaymentDisputed)

    def test_given_an_open_dispute_then_an_approved_refund_waits_until_it_is_won(self) -> None:
        case = an_order().paid().refund_approved().disputed("opened", 1)
        case.scenario.when(submit_refund, refund=case.refund).then_nothing()
        won = case.disputed("won", 2)
        won.scenario.when(submit_refund, refund=case.refund).then(RefundSubmitted(attempt=1))

    def test_given_a_lost_dispute_then_an_approved_refund_is_supports(self) -> None:
        case = an_order().paid().refund_approved().disputed("lost", 1)
        result = case.scenario.when(submit_refund, refund=case.refund)
        result.then_on(REFUND.stream(case.refund), RefundFailed(reason="lost_to_dispute", owner="support"))
        assert exception_kinds(result) == [ExceptionKind.REFUND_FAILED]

    def test_given_a_refund_completed_before_a_loss_then_what_left_twice_is_an_exception(self) -> None:
        case = an_order().paid().refund_submitted("1")
        done = case.scenario.given_done(complete_refund, reference=case.refund, provider_refund="re_1")
        result = replace(case, scenario=done).when_disputed("lost", 1)
        assert [(each.kind, each.amount) for each in opened_exceptions(result)] == [
            (ExceptionKind.DISPUTE_LOST, TOTAL),
            (ExceptionKind.REFUNDED_AND_DISPUTED, PRICE),
        ]

    def test_given_a_refund_under_way_that_completes_after_a_loss_then_what_left_twice_is_an_exception(self) -> None:
        case = an_order().paid().refund_submitted("1").disputed("lost", 1)
        result = case.scenario.when(complete_refund, reference=case.refund, provider_refund="re_1")
        assert [(each.kind, each.amount) for each in opened_exceptions(result)] == [
            (ExceptionKind.REFUNDED_AND_DISPUTED, PRICE)
        ]

    def test_given_a_partial_loss_then_what_is_left_can_be_refunded_and_no_more(self) -> None:
        case = an_order().paid().disputed("lost", 1, amount=PRICE)
        when_refund_requested(case).then_refused(PaymentDisputed)
        when_refund_requested(case, "1").events()
        when_refund_requested(case.refund_requested("1"), "2").then_refused(PaymentDisputed)

    def test_given_a_loss_after_a_partial_refund_of_the_rest_then_nothing_left_twice(self) -> None:
        case = an_order().paid().refund_submitted("1")
        done = case.scenario.given_done(complete_refund, reference=case.refund, provider_refund="re_1")
        result = replace(case, scenario=done).when_disputed("lost", 1, amount=PRICE)
        assert exception_kinds(result) == [ExceptionKind.DISPUTE_LOST]
