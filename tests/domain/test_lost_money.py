"""Lines that end without money: support frees seats whose money a lost dispute took."""

from collections import Counter
from dataclasses import replace

import pytest

from domain.decisions.refunding import RequestRefund, approve_refund
from domain.decisions.resolving_exceptions import ResolveException
from domain.errors import DisputeSettled, PaymentDisputed
from domain.money_exception import ExceptionKind, Resolution, ResolutionReason
from domain.refund import RefundCompleted
from domain.seat import SeatReturned
from domain.ticket import TicketVoided
from domain.values import derived_id
from tests.support.paid_order import OrderScenario, an_order, at_minute, opened_exceptions
from tests.support.scenario import Result
from tests.support.shop import PRICE


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
