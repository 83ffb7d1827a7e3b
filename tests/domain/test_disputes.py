"""Disputes: from webhooks and books, in any order, twice, partial, late; what they stop, and what they cost."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.decisions.entry import ScanTicket
from domain.decisions.paying import capture
from domain.decisions.refund_transfers import complete_refund, submit_refund
from domain.decisions.refunding import RequestRefund, approve_refund
from domain.decisions.resolving_exceptions import ResolveException
from domain.decisions.settling import settle
from domain.errors import Invalid, NotFound, PaymentDisputed
from domain.money_exception import ExceptionClosed, ExceptionKind, Resolution, ResolutionReason
from domain.payment import PAYMENT, DisputeLost, DisputeOpened, DisputeStatus, DisputeWon, PaymentOutcome
from domain.ports.payment_gateway import LedgerEntryKind
from domain.refund import REFUND, RefundFailed, RefundSubmitted
from domain.scan import SCAN, ScanAdmitted, ScanRefused
from domain.ticket import TICKET, EntryRecorded, RefusalReason, TicketDisputed, TicketDisputeWon
from domain.values import EntryRules, derived_id
from tests.support.paid_order import (
    TOTAL,
    OrderScenario,
    an_order,
    at_minute,
    exception_kinds,
    ledger_entry,
    only_exception_id,
    opened_exceptions,
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
ENTRIES = {
    "opened": LedgerEntryKind.DISPUTE,
    "won": LedgerEntryKind.DISPUTE_RETURNED,
    "lost": LedgerEntryKind.DISPUTE_LOST,
}


def request(case: OrderScenario, *lines: str) -> Result:
    """Let ann ask for lines back."""
    command = RequestRefund(refund="r1", order=case.order, account="ann", lines=lines or None)
    return case.scenario.when(command)


class TestOpenDispute:
    def test_given_a_paid_order_then_the_dispute_is_recorded_and_its_tickets_marked(self) -> None:
        case = an_order().paid()
        result = case.when_disputed("opened", 1)
        opening = DisputeOpened(
            order=case.order, amount=TOTAL, opened_at=at_minute(1), overall=DisputeStatus.OPEN, **SUBJECT
        )
        result.then_on(PAYMENT.stream(case.payment), opening)
        for ticket in case.order_state().tickets.values():
            result.then_on(TICKET.stream(ticket), TicketDisputed(payment=case.payment))

    @pytest.mark.parametrize("first", ["opened", "won", "lost"])
    @pytest.mark.parametrize("again", ["webhook", "books"])
    def test_given_the_same_step_twice_then_it_has_one_effect(self, first: str, again: str) -> None:
        case = an_order().paid()
        case = case.disputed(first, 1)
        found = ledger_entry(ENTRIES[first], case.payment, 1)
        (case.when_disputed(first, 1) if again == "webhook" else case.when_reconciled(found)).then_nothing()

    def test_given_the_books_first_then_the_webhook_has_no_effect(self) -> None:
        case = an_order().paid()
        case.reconciled(ledger_entry(LedgerEntryKind.DISPUTE, case.payment)).when_disputed("opened", 1).then_nothing()

    def test_given_a_ticket_of_a_refunded_line_then_it_is_not_marked(self) -> None:
        case = an_order().paid().refund_approved("1")
        marked = [stream for stream in case.when_disputed("opened", 1).changes if stream.startswith("ticket-")]
        assert marked == [TICKET.stream(case.order_state().tickets["2"])]

    def test_given_it_before_the_capture_then_the_tickets_are_marked_as_they_are_issued(self) -> None:
        case = an_order().payment_requested().disputed("opened", 1)
        taken = case.scenario.given_done(
            capture, payment=case.payment, amount=TOTAL, currency="EUR", captured_at=at_minute(0), source="webhook"
        )
        settled = taken.when(settle, payment=case.payment)
        assert sum(isinstance(event, TicketDisputed) for event in settled.events()) == 2

    @pytest.mark.parametrize("different", [{"amount": TOTAL + 1}, {"currency": "USD"}], ids=str)
    def test_given_more_than_was_captured_then_support_owns_the_difference(self, different: dict[str, Any]) -> None:
        case = an_order().paid()
        assert exception_kinds(case.when_disputed("opened", 1, **different)) == [ExceptionKind.OTHER_DISPUTE]
        case.disputed("opened", 1, **different).when_disputed("opened", 1, **different).then_nothing()

    @pytest.mark.parametrize("amount", [0, -1])
    @pytest.mark.parametrize("step", ["opened", "won", "lost"])
    def test_given_no_positive_amount_then_it_is_refused(self, step: str, amount: int) -> None:
        an_order().paid().when_disputed(step, 1, amount=amount).then_refused(Invalid)

    def test_given_no_such_payment_then_it_is_unknown_and_the_books_make_it_an_exception(self) -> None:
        case = replace(an_order(), payment="nothing")
        case.when_disputed("opened", 1).then_refused(NotFound)
        for kind in ENTRIES.values():
            assert exception_kinds(case.when_reconciled(ledger_entry(kind, "nothing"))) == [
                ExceptionKind.UNKNOWN_DISPUTE
            ]


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
        request(case).events()

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
        request(case).then_refused(PaymentDisputed)

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


class TestSeveralDisputes:
    """Two disputes of one payment, of the same sum and at the same time, told apart by the provider's ids alone."""

    def test_given_two_then_both_are_recorded_and_each_has_one_effect(self) -> None:
        case = an_order().paid().disputed("opened", 1, amount=PRICE)
        second = case.when_disputed("opened", 1, amount=PRICE, dispute="dp_2")
        assert [event.dispute for event in second.changes[PAYMENT.stream(case.payment)]] == ["dp_2"]
        assert exception_kinds(second) == []
        both = case.disputed("opened", 1, amount=PRICE, dispute="dp_2")
        for dispute in ("dp_1", "dp_2"):
            both.when_disputed("opened", 1, amount=PRICE, dispute=dispute).then_nothing()

    def test_given_two_losses_then_both_are_counted_and_owned(self) -> None:
        case = an_order().paid().disputed("lost", 2, amount=PRICE)
        assert exception_kinds(case.when_disputed("lost", 2, amount=PRICE, dispute="dp_2")) == [
            ExceptionKind.DISPUTE_LOST
        ]
        assert case.disputed("lost", 2, amount=PRICE, dispute="dp_2").payment_state().lost == TOTAL

    def test_given_one_is_won_while_the_other_is_open_then_the_tickets_stay_marked_and_no_refund_is_sent(self) -> None:
        case = an_order().paid().refund_requested().disputed("opened", 1, amount=PRICE)
        case = case.disputed("opened", 1, amount=PRICE, dispute="dp_2")
        won = case.when_disputed("won", 2, amount=PRICE)
        assert [type(event) for event in won.events()] == [DisputeWon]
        assert won.events()[0].overall is DisputeStatus.OPEN
        case = case.disputed("won", 2, amount=PRICE)
        case.scenario.when(approve_refund, refund=case.refund, by="sue").then_refused(PaymentDisputed)
        both_won = case.when_disputed("won", 2, amount=PRICE, dispute="dp_2")
        assert sum(isinstance(event, TicketDisputeWon) for event in both_won.events()) == 2

    def test_given_one_is_lost_and_the_other_won_then_the_loss_stays(self) -> None:
        case = an_order().paid().disputed("lost", 1, amount=PRICE)
        case = case.disputed("won", 2, amount=PRICE, dispute="dp_2")
        assert (case.payment_state().lost, case.payment_state().dispute_status) == (PRICE, DisputeStatus.LOST)
        request(case, "1").events()
        request(case).then_refused(PaymentDisputed)

    def test_given_two_lost_ones_of_which_one_is_won_later_then_its_money_alone_is_back(self) -> None:
        case = an_order().paid().disputed("lost", 1, amount=PRICE).disputed("lost", 1, amount=PRICE, dispute="dp_2")
        assert case.disputed("won", 2, amount=PRICE).payment_state().lost == PRICE

    def test_given_they_are_about_more_than_was_captured_then_support_owns_the_second(self) -> None:
        case = an_order().paid().disputed("opened", 1)
        assert exception_kinds(case.when_disputed("opened", 2, dispute="dp_2")) == [ExceptionKind.OTHER_DISPUTE]
        assert case.disputed("opened", 2, dispute="dp_2").payment_state().dispute_open

    def test_given_the_books_name_no_dispute_then_the_entry_is_unreadable(self) -> None:
        case = an_order().paid()
        for kind in ENTRIES.values():
            found = ledger_entry(kind, case.payment, dispute_id=None)
            assert exception_kinds(case.when_reconciled(found)) == [ExceptionKind.UNREADABLE_ENTRY]


class TestRefundsBesideDisputes:
    def test_given_an_open_dispute_then_no_refund_is_asked_for_or_approved(self) -> None:
        asked = an_order().paid().refund_requested().disputed("opened", 1)
        asked.scenario.when(approve_refund, refund=asked.refund, by="sue").then_refused(PaymentDisputed)
        request(an_order().paid().disputed("opened", 1)).then_refused(PaymentDisputed)

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
        request(case).then_refused(PaymentDisputed)
        request(case, "1").events()
        request(case.refund_requested("1"), "2").then_refused(PaymentDisputed)

    def test_given_a_loss_after_a_partial_refund_of_the_rest_then_nothing_left_twice(self) -> None:
        case = an_order().paid().refund_submitted("1")
        done = case.scenario.given_done(complete_refund, reference=case.refund, provider_refund="re_1")
        result = replace(case, scenario=done).when_disputed("lost", 1, amount=PRICE)
        assert exception_kinds(result) == [ExceptionKind.DISPUTE_LOST]


class TestEntryWithADisputedTicket:
    @pytest.mark.parametrize("step", ["opened", "lost"])
    @pytest.mark.parametrize("admitted", [True, False])
    def test_given_the_organizers_rule_then_it_decides(self, step: str, *, admitted: bool) -> None:
        case = an_order(entry_rules=EntryRules(disputed_tickets_admitted=admitted)).paid().disputed(step, 1)
        result = self.scan(case)
        if admitted:
            assert [type(event) for event in result.events()] == [EntryRecorded, ScanAdmitted]
        else:
            (refused,) = result.changes[SCAN.stream("gate-1", "n1")]
            assert isinstance(refused, ScanRefused)
            assert refused.reason is RefusalReason.DISPUTED

    def test_given_a_won_dispute_then_the_ticket_admits(self) -> None:
        strict = an_order(entry_rules=EntryRules(disputed_tickets_admitted=False)).paid()
        result = self.scan(strict.disputed("opened", 1).disputed("won", 2))
        assert [type(event) for event in result.events()] == [EntryRecorded, ScanAdmitted]

    def scan(self, case: OrderScenario) -> Result:
        """Hold the first ticket to a reader, a minute before the start."""
        command = ScanTicket(
            ticket=case.order_state().tickets["1"],
            code_sha256="",
            gate="north",
            device="gate-1",
            nonce="n1",
            organizers=frozenset({GLOBE}),
        )
        return case.scenario.later(timedelta(days=30, minutes=-1)).when(command)
