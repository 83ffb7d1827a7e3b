"""What does an entry in the provider's ledger change?"""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from domain.decisions.reconciling import reconcile_entry
from domain.decisions.refunds.transfers import complete_refund, fail_refund, submit_refund
from domain.money_exception import EXCEPTION, ExceptionClosed, ExceptionKind, Resolution
from domain.order import ORDER, RefundClosed, RefundOutcome
from domain.payment import PaymentCaptured, PaymentReconciled
from domain.ports.payment_gateway import LedgerEntryKind
from domain.refund import REFUND, RefundCompleted, RefundReconciled, transfer_reference
from tests.support.paid_order import (
    CAPTURE,
    REFUND_ENTRY,
    TOTAL,
    an_order,
    at_minute,
    exception_kinds,
    ledger_entry,
    only_exception_id,
    opened_exceptions,
)

RECONCILED = PaymentReconciled(entry=1, booked_at=at_minute(1))
OTHER_ID = "019f0000-0000-7000-8000-00000000dead"


class TestReconcileCapture:
    def test_given_a_payment_believed_open_then_it_is_captured(self) -> None:
        case = an_order().payment_requested()
        taken = PaymentCaptured(amount=TOTAL, currency="EUR", captured_at=at_minute(1), source="books")
        case.when_reconciled(ledger_entry(CAPTURE, case.payment)).then(taken, RECONCILED)

    def test_given_an_announced_capture_then_the_entry_explains_it_once(self) -> None:
        case = an_order().paid()
        case.when_reconciled(ledger_entry(CAPTURE, case.payment)).then(RECONCILED)
        case.reconciled(ledger_entry(CAPTURE, case.payment)).when_reconciled(
            ledger_entry(CAPTURE, case.payment)
        ).then_nothing()

    def test_given_a_second_entry_of_the_same_money_then_it_is_a_second_capture(self) -> None:
        case = an_order().paid()
        case = case.reconciled(ledger_entry(CAPTURE, case.payment))
        second = ledger_entry(CAPTURE, case.payment, 2)
        (exception,) = opened_exceptions(case.when_reconciled(second))
        assert exception.kind is ExceptionKind.SECOND_CAPTURE
        assert (exception.amount, exception.refundable, exception.order, exception.account, exception.entry) == (
            TOTAL,
            TOTAL,
            case.order,
            "ann",
            2,
        )
        case.reconciled(second).when_reconciled(second).then_nothing()

    def test_given_books_that_begin_anew_then_the_same_number_is_another_entry(self) -> None:
        case = an_order().paid()
        case = case.reconciled(ledger_entry(CAPTURE, case.payment))
        anew = ledger_entry(CAPTURE, case.payment, recorded_at=at_minute(9))
        assert exception_kinds(case.when_reconciled(anew)) == [ExceptionKind.SECOND_CAPTURE]

    @pytest.mark.parametrize(
        ("other", "refundable"),
        [({"amount": TOTAL + 1}, 1), ({"amount": TOTAL - 1}, 0), ({"currency": "USD"}, 0)],
        ids=["more", "less", "another currency"],
    )
    def test_given_other_money_than_announced_then_support_owns_it(
        self, other: dict[str, Any], refundable: int
    ) -> None:
        case = an_order().paid()
        (exception,) = opened_exceptions(case.when_reconciled(ledger_entry(CAPTURE, case.payment, **other)))
        assert (exception.kind, exception.refundable) == (ExceptionKind.OTHER_CAPTURE, refundable)

    @pytest.mark.parametrize("reference", [OTHER_ID, "Kulanz für Frau Meier", "x" * 300, "\ud800"], ids=repr)
    def test_given_a_reference_of_no_payment_then_it_is_stray_money_and_the_reference_stays_out(
        self, reference: str
    ) -> None:
        case = an_order().payment_requested()
        (exception,) = opened_exceptions(case.when_reconciled(ledger_entry(CAPTURE, reference)))
        assert (exception.kind, exception.refundable) == (ExceptionKind.UNKNOWN_CAPTURE, TOTAL)
        assert reference not in repr(exception)

    def test_given_a_payment_of_another_provider_then_it_is_stray_money(self) -> None:
        case = an_order().payment_requested()
        found = ledger_entry(CAPTURE, case.payment)
        elsewhere = case.scenario.when(reconcile_entry, found, provider="elsewhere")
        assert exception_kinds(elsewhere) == [ExceptionKind.UNKNOWN_CAPTURE]

    def test_given_a_checkout_that_cannot_be_stored_then_nothing_is_refundable(self) -> None:
        (exception,) = opened_exceptions(an_order().when_reconciled(ledger_entry(CAPTURE, "x", checkout_id="bad\0id")))
        assert (exception.checkout, exception.refundable) == (None, 0)


class TestUnreadableEntry:
    @pytest.mark.parametrize(
        "fault",
        [
            {"amount": 0},
            {"amount": -TOTAL},
            {"amount": 10**30},
            {"entry": 10**30},
            {"entry": -1},
            {"currency": "euro"},
            {"currency": ""},
            {"recorded_at": datetime(2026, 3, 1)},  # noqa: DTZ001 - a time without a zone is the fault
        ],
        ids=str,
    )
    @pytest.mark.parametrize("kind", list(LedgerEntryKind))
    def test_given_an_entry_that_says_no_sum_then_it_is_written_down_once(
        self, kind: LedgerEntryKind, fault: dict[str, Any]
    ) -> None:
        case = an_order().paid()
        found = ledger_entry(kind, case.payment, **fault)
        assert exception_kinds(case.when_reconciled(found)) == [ExceptionKind.UNREADABLE_ENTRY]
        case.reconciled(found).when_reconciled(found).then_nothing()


class TestReconcileRefund:
    def test_given_a_refund_believed_under_way_then_it_is_completed(self) -> None:
        case = an_order().paid().refund_submitted()
        found = ledger_entry(REFUND_ENTRY, case.refund, 2)
        result = case.when_reconciled(found)
        result.then_on(
            REFUND.stream(case.refund),
            RefundCompleted(provider_refund="re_1", attempt=1),
            RefundReconciled(entry=2, booked_at=at_minute(2)),
        )
        result.then_on(ORDER.stream(case.order), RefundClosed(refund=case.refund, outcome=RefundOutcome.COMPLETED))
        case.reconciled(found).when_reconciled(found).then_nothing()

    def test_given_a_second_entry_of_one_transfer_then_it_was_refunded_twice(self) -> None:
        case = an_order().paid().refund_submitted()
        case = case.reconciled(ledger_entry(REFUND_ENTRY, case.refund, 3))
        (exception,) = opened_exceptions(case.when_reconciled(ledger_entry(REFUND_ENTRY, case.refund, 4)))
        assert (exception.kind, exception.refund, exception.order) == (
            ExceptionKind.REFUNDED_TWICE,
            case.refund,
            case.order,
        )

    def test_given_a_completed_refund_then_its_entry_explains_it_once(self) -> None:
        case = an_order().paid().refund_submitted()
        done = case.scenario.given_done(complete_refund, reference=case.refund, provider_refund="re_1")
        case = replace(case, scenario=done)
        case.when_reconciled(ledger_entry(REFUND_ENTRY, case.refund, 2)).then(
            RefundReconciled(entry=2, booked_at=at_minute(2))
        )
        case = case.reconciled(ledger_entry(REFUND_ENTRY, case.refund, 2))
        assert exception_kinds(case.when_reconciled(ledger_entry(REFUND_ENTRY, case.refund, 3))) == [
            ExceptionKind.REFUNDED_TWICE
        ]

    def test_given_a_refund_believed_failed_then_it_is_completed_and_its_exception_resolved(self) -> None:
        case = an_order().paid().refund_failed()
        exception = only_exception_id(case)
        result = case.when_reconciled(ledger_entry(REFUND_ENTRY, transfer_reference(case.refund, 8), 2))
        resolved = ExceptionClosed(resolution=Resolution.RESOLVED, by="submit_refunds")
        result.then_on(EXCEPTION.stream(exception), resolved)
        assert RefundCompleted(provider_refund="re_1", attempt=8) in result.events()

    def test_given_a_transfer_that_the_log_does_not_know_of_then_the_money_went_back_all_the_same(self) -> None:
        case = an_order().paid().refund_approved()
        completed = RefundCompleted(provider_refund="re_1", attempt=1)
        assert completed in case.when_reconciled(ledger_entry(REFUND_ENTRY, case.refund, 2)).events()

    def test_given_two_transfers_of_one_refund_then_the_second_is_too_much(self) -> None:
        case = an_order().paid().refund_submitted()
        failed = case.scenario.given_done(fail_refund, reference=case.refund, reason="closed")
        again = failed.given_done(submit_refund, refund=case.refund)
        second = transfer_reference(case.refund, 2)
        done = again.given_done(complete_refund, reference=second, provider_refund="re_2")
        case = replace(case, scenario=done)
        assert exception_kinds(case.when_reconciled(ledger_entry(REFUND_ENTRY, case.refund, 3))) == [
            ExceptionKind.REFUNDED_TWICE
        ]
        case.when_reconciled(ledger_entry(REFUND_ENTRY, second, 4)).then(
            RefundReconciled(entry=4, booked_at=at_minute(4))
        )

    @pytest.mark.parametrize("other", [{"amount": 1}, {"currency": "USD"}], ids=str)
    def test_given_another_sum_then_support_owns_it_and_no_transfer_follows(self, other: dict[str, Any]) -> None:
        case = an_order().paid().refund_submitted()
        found = ledger_entry(REFUND_ENTRY, case.refund, 2, **other)
        result = case.when_reconciled(found)
        assert exception_kinds(result) == [ExceptionKind.OTHER_REFUND]
        assert RefundCompleted(provider_refund="re_1", attempt=1) in result.events()
        case.reconciled(found).when_reconciled(found).then_nothing()
        case.reconciled(found).scenario.when(submit_refund, refund=case.refund).then_nothing()

    @pytest.mark.parametrize("suffix", [".1", ".0", ".01", ".٣", ".99999", ".x", "."])
    def test_given_a_reference_that_is_never_written_then_the_refund_is_unknown(self, suffix: str) -> None:
        case = an_order().paid().refund_submitted()
        found = ledger_entry(REFUND_ENTRY, f"{case.refund}{suffix}", 2)
        assert exception_kinds(case.when_reconciled(found)) == [ExceptionKind.UNKNOWN_REFUND]

    def test_given_a_reference_that_names_a_payment_then_the_refund_is_unknown_but_its_order_is_known(self) -> None:
        case = an_order().paid()
        (exception,) = opened_exceptions(case.when_reconciled(ledger_entry(REFUND_ENTRY, case.payment, 2)))
        assert (exception.kind, exception.payment, exception.order, exception.account) == (
            ExceptionKind.UNKNOWN_REFUND,
            case.payment,
            case.order,
            "ann",
        )

    @pytest.mark.parametrize("reference", ["Kulanz für Frau Meier", "y" * 250, OTHER_ID], ids=repr)
    def test_given_a_reference_of_no_refund_then_support_owns_it_once(self, reference: str) -> None:
        case = an_order().paid()
        found = ledger_entry(REFUND_ENTRY, reference, 2)
        assert exception_kinds(case.when_reconciled(found)) == [ExceptionKind.UNKNOWN_REFUND]
        case.reconciled(found).when_reconciled(found).then_nothing()

    def test_given_a_refund_that_is_not_approved_then_support_owns_it(self) -> None:
        case = an_order().paid().refund_requested()
        found = ledger_entry(REFUND_ENTRY, case.refund, 2)
        assert exception_kinds(case.when_reconciled(found)) == [ExceptionKind.UNKNOWN_REFUND]
