"""How does an approved refund become money that went back?"""

import pytest
from uuid_utils.compat import uuid7

from domain.decisions.refunds.refunding import reject_refund
from domain.decisions.refunds.transfers import complete_refund, fail_refund, submit_refund
from domain.errors import NotFound
from domain.order import ORDER, RefundClosed, RefundOutcome
from domain.refund import REFUND, RefundCompleted, RefundFailed, RefundSubmitted, transfer_of, transfer_reference
from tests.support.paid_order import an_order, only_exception_id


class TestSubmitRefund:
    def test_given_an_approved_refund_then_its_first_transfer_is_recorded(self) -> None:
        case = an_order().paid().refund_approved()
        case.scenario.when(submit_refund, refund=case.refund).then(RefundSubmitted(attempt=1))

    def test_given_a_refund_that_waits_for_its_decision_or_was_rejected_then_nothing(self) -> None:
        case = an_order().paid().refund_requested()
        case.scenario.when(submit_refund, refund=case.refund).then_nothing()
        rejected = case.scenario.given_done(reject_refund, refund=case.refund, by="sue")
        rejected.when(submit_refund, refund=case.refund).then_nothing()

    def test_given_a_failed_transfer_then_the_next_has_another_reference(self) -> None:
        case = an_order().paid().refund_submitted()
        failed = case.scenario.given_done(fail_refund, reference=case.refund, reason="closed")
        failed.when(submit_refund, refund=case.refund).then(RefundSubmitted(attempt=2))
        assert transfer_reference(case.refund, 2) != transfer_reference(case.refund, 1)

    def test_given_no_such_refund_then_it_is_not_found(self) -> None:
        an_order().scenario.when(submit_refund, refund="none").then_refused(NotFound)


class TestCompleteRefund:
    def test_given_a_transfer_under_way_then_the_refund_is_completed_and_closed_on_its_order_once(self) -> None:
        case = an_order().paid().refund_submitted()
        result = case.scenario.when(complete_refund, reference=case.refund, provider_refund="re_1")
        result.then_on(REFUND.stream(case.refund), RefundCompleted(provider_refund="re_1", attempt=1))
        result.then_on(ORDER.stream(case.order), RefundClosed(refund=case.refund, outcome=RefundOutcome.COMPLETED))
        done = case.scenario.given_done(complete_refund, reference=case.refund, provider_refund="re_1")
        done.when(complete_refund, reference=case.refund, provider_refund="re_1").then_nothing()


class TestFailRefund:
    def test_given_a_transfer_under_way_then_its_failure_is_recorded(self) -> None:
        case = an_order().paid().refund_submitted()
        result = case.scenario.when(fail_refund, reference=case.refund, reason="closed")
        result.then(RefundFailed(reason="closed"))

    def test_given_a_completed_refund_then_a_later_failure_records_nothing(self) -> None:
        case = an_order().paid().refund_submitted()
        done = case.scenario.given_done(complete_refund, reference=case.refund, provider_refund="re_1")
        done.when(fail_refund, reference=case.refund, reason="closed").then_nothing()


class TestTransfers:
    """A refund has one transfer at a time, each under a reference of its own."""

    def test_given_a_transfer_under_way_then_no_other_is_begun(self) -> None:
        case = an_order().paid().refund_submitted()
        case.scenario.when(submit_refund, refund=case.refund).then_nothing()

    def test_given_late_word_of_a_failed_transfer_then_the_one_under_way_stays(self) -> None:
        case = an_order().paid().refund_submitted()
        failed = case.scenario.given_done(fail_refund, reference=case.refund, reason="closed")
        again = failed.given_done(submit_refund, refund=case.refund)
        again.when(fail_refund, reference=case.refund, reason="closed").then_nothing()

    def test_given_the_last_attempt_then_support_owns_the_refund_and_no_other_is_begun(self) -> None:
        case = an_order().paid().refund_failed()
        case.scenario.when(submit_refund, refund=case.refund).then_nothing()
        assert only_exception_id(case)

    @pytest.mark.parametrize("attempt", [".2", ".0"])
    def test_given_a_transfer_that_was_never_begun_then_nothing(self, attempt: str) -> None:
        case = an_order().paid().refund_submitted()
        reference = f"{case.refund}{attempt}"
        case.scenario.when(complete_refund, reference=reference, provider_refund="re").then_nothing()

    def test_a_reference_names_its_refund_and_attempt(self) -> None:
        refund = str(uuid7())
        assert transfer_reference(refund, 1) == refund
        named = [transfer_of(transfer_reference(refund, attempt)) for attempt in (1, 2, 8, 24)]
        assert named == [(refund, 1), (refund, 2), (refund, 8), (refund, 24)]
