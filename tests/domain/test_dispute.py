"""What does a dispute mark and record, in any order and however often it is reported?"""

from dataclasses import replace
from typing import Any

import pytest

from domain.decisions.paying import capture
from domain.decisions.refunds.refunding import approve_refund
from domain.decisions.settling import settle
from domain.dispute import DisputeOpened, DisputeStatus, DisputeWon
from domain.errors import Invalid, NotFound, PaymentDisputed
from domain.money_exception import ExceptionKind
from domain.payment import PAYMENT
from domain.ports.payment_gateway import LedgerEntryKind
from domain.ticket import TICKET, TicketDisputed, TicketDisputeWon
from tests.support.paid_order import (
    TOTAL,
    an_order,
    at_minute,
    exception_kinds,
    ledger_entry,
    when_refund_requested,
)
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


class TestSeveralDisputes:
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
        when_refund_requested(case, "1").events()
        when_refund_requested(case).then_refused(PaymentDisputed)

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
