"""How does money end that no rule explains?"""

from dataclasses import replace

import pytest

from domain.decisions.reconciling import unreadable_events
from domain.decisions.refunds.transfers import complete_refund, fail_refund, report_unanswered, submit_refund
from domain.decisions.resolving_exceptions import exception_refund_id
from domain.errors import ExceptionEnded, NotFound, PaymentDisputed, ResolutionNotPossible
from domain.money_exception import EXCEPTION, RESOLUTIONS, ExceptionClosed, ExceptionKind, Resolution
from domain.order import ORDER, RefundClosed, RefundOpened, RefundOutcome
from domain.refund import (
    REFUND,
    RefundApproved,
    RefundClosedManually,
    RefundCompleted,
    RefundRequested,
    RefundRetried,
    transfer_reference,
)
from tests.support.money_exceptions import (
    ACCEPT,
    REFUND_IT,
    RETRY,
    WHY,
    WRITE_OFF,
    is_failure,
    stray_capture,
    when_resolved,
    with_failed_transfers,
    with_resolution,
    wrong_currency_capture,
)
from tests.support.paid_order import (
    CAPTURE,
    REFUND_ENTRY,
    TOTAL,
    OrderScenario,
    an_order,
    exception_id,
    exception_kinds,
    ledger_entry,
    only_exception_id,
)


class TestResolveException:
    @pytest.mark.parametrize("kind", list(ExceptionKind))
    def test_every_kind_has_an_end(self, kind: ExceptionKind) -> None:
        assert {ACCEPT, WRITE_OFF} <= RESOLUTIONS[kind]

    @pytest.mark.parametrize("resolution", [ACCEPT, WRITE_OFF])
    def test_given_stray_money_then_it_can_be_accepted_or_written_off(self, resolution: Resolution) -> None:
        case = stray_capture()
        when_resolved(case, resolution).then(ExceptionClosed(resolution=resolution, by="sue", reason=WHY))

    def test_given_a_closed_exception_then_it_is_not_ended_again(self) -> None:
        case = with_resolution(stray_capture(), ACCEPT)
        for resolution in Resolution:
            when_resolved(case, resolution, by="tom").then_refused(ExceptionEnded, resolution="accept")

    def test_given_no_such_exception_then_it_is_not_found(self) -> None:
        when_resolved(stray_capture(), ACCEPT, exception="nothing").then_refused(NotFound)

    @pytest.mark.parametrize(
        ("case", "resolution"),
        [(stray_capture(), RETRY), (wrong_currency_capture(), RETRY), (stray_capture(), Resolution.RESOLVED)],
    )
    def test_given_an_end_that_the_kind_does_not_have_then_it_is_refused(
        self, case: OrderScenario, resolution: Resolution
    ) -> None:
        when_resolved(case, resolution).then_refused(ResolutionNotPossible)


class TestRefundAnException:
    def test_given_stray_money_then_it_goes_back_to_its_checkout_without_an_order(self) -> None:
        case = stray_capture()
        refund = exception_refund_id(only_exception_id(case))
        result = when_resolved(case, REFUND_IT)
        requested, approved = result.changes[REFUND.stream(refund)]
        assert isinstance(requested, RefundRequested)
        assert (requested.order, requested.payment, requested.checkout, requested.amount) == (None, None, "co_1", TOTAL)
        assert approved == RefundApproved(by="sue")
        closed = ExceptionClosed(resolution=REFUND_IT, by="sue", reason=WHY, refund=refund)
        result.then_on(EXCEPTION.stream(only_exception_id(case)), closed)

    def test_given_the_wrong_currency_then_what_came_goes_back_in_that_currency(self) -> None:
        case = wrong_currency_capture()
        refund = exception_refund_id(only_exception_id(case))
        claim = RefundOpened(refund=refund, payment=case.payment, lines=(), amount=TOTAL, currency="USD")
        when_resolved(case, REFUND_IT).then_on(ORDER.stream(case.order), claim)

    def test_given_a_second_capture_then_its_refund_is_no_claim_on_the_first(self) -> None:
        case = an_order().paid()
        case = case.reconciled(ledger_entry(CAPTURE, case.payment)).reconciled(ledger_entry(CAPTURE, case.payment, 2))
        case = with_resolution(case, REFUND_IT)
        assert case.order_state().amount_committed(case.payment) == 0
        assert case.refund_requested().refund

    def test_given_an_open_dispute_of_the_payment_then_it_is_refused(self) -> None:
        when_resolved(wrong_currency_capture().disputed("opened", 1, currency="USD"), REFUND_IT).then_refused(
            PaymentDisputed
        )

    def test_given_nothing_refundable_then_it_is_refused(self) -> None:
        case = an_order().paid()
        case = case.reconciled(ledger_entry(CAPTURE, case.payment, amount=TOTAL - 1))
        when_resolved(case, REFUND_IT).then_refused(ResolutionNotPossible)

    def test_given_the_refund_is_carried_out_then_it_is_completed_once(self) -> None:
        case = with_resolution(stray_capture(), REFUND_IT)
        refund = exception_refund_id(only_exception_id(case))
        submitted = case.scenario.given_done(submit_refund, refund=refund)
        done = submitted.when(complete_refund, reference=refund, provider_refund="re_1")
        done.then(RefundCompleted(provider_refund="re_1", attempt=1))


class TestRefundThatFailed:
    def test_given_a_retry_then_another_round_of_transfers_begins(self) -> None:
        case = an_order().paid().refund_failed()
        when_resolved(case, RETRY).then_on(REFUND.stream(case.refund), RefundRetried(by="sue"))
        again = with_resolution(case, RETRY)
        failed_again = with_failed_transfers(again, case.refund, first=9)
        assert sum(is_failure(failed_again, stream) for stream in failed_again.scenario.history) == 2
        failed_again.scenario.when(submit_refund, refund=case.refund).then_nothing()

    @pytest.mark.parametrize(
        ("resolution", "outcome"),
        [(ACCEPT, RefundOutcome.PAID_ANOTHER_WAY), (WRITE_OFF, RefundOutcome.WRITTEN_OFF)],
    )
    def test_given_another_end_then_no_transfer_follows(self, resolution: Resolution, outcome: RefundOutcome) -> None:
        case = an_order().paid().refund_failed()
        result = when_resolved(case, resolution)
        result.then_on(REFUND.stream(case.refund), RefundClosedManually(outcome=outcome, by="sue"))
        result.then_on(ORDER.stream(case.order), RefundClosed(refund=case.refund, outcome=outcome))
        with_resolution(case, resolution).scenario.when(submit_refund, refund=case.refund).then_nothing()

    def test_given_it_was_completed_meanwhile_then_there_is_nothing_to_retry(self) -> None:
        case = an_order().paid().refund_failed()
        reference = transfer_reference(case.refund, 8)
        done = case.scenario.given_done(complete_refund, reference=reference, provider_refund="re_1")
        when_resolved(replace(case, scenario=done), RETRY).then_refused(ExceptionEnded, resolution="resolved")

    def test_given_money_that_goes_back_after_it_was_paid_another_way_then_that_is_twice(self) -> None:
        case = with_resolution(an_order().paid().refund_failed(), ACCEPT)
        assert exception_kinds(case.when_reconciled(ledger_entry(REFUND_ENTRY, case.refund, 5))) == [
            ExceptionKind.REFUNDED_TWICE
        ]


class TestUnreadableEntry:
    def test_given_a_retry_that_fails_again_then_the_exception_is_open_again(self) -> None:
        found = ledger_entry(CAPTURE, "x", amount=-1)
        case = with_resolution(an_order().reconciled(found), RETRY)
        again = case.scenario.when(unreadable_events, found, provider="sandbox")
        stream = EXCEPTION.stream(exception_id(found))
        again.then_on(stream, case.scenario.history[stream][0])
        reopened = case.scenario.given_done(unreadable_events, found, provider="sandbox")
        when_resolved(replace(case, scenario=reopened), ACCEPT).events()


class TestUnansweredTransfer:
    """Its provider is no longer in the settings, so whether the money went back cannot be found out."""

    def unanswered(self) -> OrderScenario:
        """Return a refund under way, reported to support."""
        case = an_order().paid().refund_submitted()
        return replace(case, scenario=case.scenario.given_done(report_unanswered, refund=case.refund))

    def test_given_it_is_reported_again_then_support_has_it_once(self) -> None:
        case = self.unanswered()
        case.scenario.when(report_unanswered, refund=case.refund).then_nothing()

    @pytest.mark.parametrize(
        ("resolution", "outcome"),
        [(ACCEPT, RefundOutcome.PAID_ANOTHER_WAY), (WRITE_OFF, RefundOutcome.WRITTEN_OFF)],
    )
    def test_given_support_ends_it_then_the_refund_is_closed_and_later_money_is_an_exception(
        self, resolution: Resolution, outcome: RefundOutcome
    ) -> None:
        case = self.unanswered()
        when_resolved(case, resolution).then_on(
            REFUND.stream(case.refund), RefundClosedManually(outcome=outcome, by="sue")
        )
        ended = with_resolution(case, resolution)
        assert exception_kinds(ended.when_reconciled(ledger_entry(REFUND_ENTRY, case.refund))) != []

    def test_given_the_provider_is_back_then_its_answer_closes_the_exception(self) -> None:
        case = self.unanswered()
        done = case.scenario.when(complete_refund, reference=case.refund, provider_refund="re_1")
        failed = case.scenario.when(fail_refund, reference=case.refund, reason="account_closed")
        for result in (done, failed):
            (closed,) = [event for event in result.events() if isinstance(event, ExceptionClosed)]
            assert closed.resolution is Resolution.RESOLVED

    def test_given_it_was_not_submitted_then_nothing_is_reported(self) -> None:
        case = an_order().paid().refund_approved()
        case.scenario.when(report_unanswered, refund=case.refund).then_nothing()

    def test_given_retry_then_it_is_refused_because_the_money_could_go_back_twice(self) -> None:
        when_resolved(self.unanswered(), RETRY).then_refused(ResolutionNotPossible)
