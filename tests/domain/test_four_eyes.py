"""Who may decide on money: neither its owner nor the account that asked, and two accounts above a limit."""

from typing import Any

import pytest
from uuid_utils.compat import uuid7

from domain.decisions.four_eyes import FourEyesLimits
from domain.decisions.refunding import RequestRefund, approve_refund, reject_refund
from domain.errors import OwnDecision, RefundDecided
from domain.refund import REFUND, RefundApproved, RefundEndorsed
from domain.values import RefundReason
from tests.support.scenario import Scenario
from tests.support.shop import PRICE, SEATS, on_sale, with_paid_order

BELOW = FourEyesLimits(amount_max=PRICE - 1)
EXACT = FourEyesLimits(amount_max=PRICE)


def asked(by: str | None = None) -> tuple[Scenario, str]:
    """Return ann's order with a refund that she, or support, asked for."""
    scenario, order = with_paid_order(on_sale(), "h1", "ann", SEATS[0])
    reason = RefundReason.SUPPORT if by else RefundReason.BUYER_REQUEST
    account = None if by else "ann"
    command = RequestRefund(refund=str(uuid7()), order=order, account=account, reason=reason, by=by)
    return scenario.given_done(command), command.refund


class TestDecideRefund:
    @pytest.mark.parametrize("decide", [approve_refund, reject_refund])
    def test_given_the_owner_decides_then_it_is_refused(self, decide: Any) -> None:
        scenario, refund = asked()
        scenario.when(decide, refund=refund, by="ann").then_refused(OwnDecision)

    @pytest.mark.parametrize("by", ["sue", "ann"])
    @pytest.mark.parametrize("decide", [approve_refund, reject_refund])
    def test_given_support_asked_then_neither_they_nor_the_owner_decide(self, decide: Any, by: str) -> None:
        scenario, refund = asked(by="sue")
        scenario.when(decide, refund=refund, by=by).then_refused(OwnDecision)

    def test_given_another_account_then_the_refund_is_approved(self) -> None:
        scenario, refund = asked(by="sue")
        scenario.when(approve_refund, refund=refund, by="tom").then_on(REFUND.stream(refund), RefundApproved(by="tom"))


class TestTwoApprovals:
    def test_given_an_amount_above_the_limit_then_the_first_only_endorses(self) -> None:
        scenario, refund = asked()
        scenario.when(approve_refund, refund=refund, by="sue", limits=BELOW).then(RefundEndorsed(by="sue"))

    def test_given_an_amount_at_the_limit_then_one_is_enough(self) -> None:
        scenario, refund = asked()
        approved = scenario.when(approve_refund, refund=refund, by="sue", limits=EXACT)
        approved.then_on(REFUND.stream(refund), RefundApproved(by="sue"))

    def test_given_a_sum_split_into_lines_then_the_order_counts_as_a_whole(self) -> None:
        scenario, order = with_paid_order(on_sale(), "h1", "ann", *SEATS[:2])
        first, second = str(uuid7()), str(uuid7())
        for refund, line in ((first, "1"), (second, "2")):
            command = RequestRefund(
                refund=refund, order=order, account="ann", reason=RefundReason.BUYER_REQUEST, lines=(line,)
            )
            scenario = scenario.given_done(command)
        scenario.when(approve_refund, refund=first, by="sue", limits=EXACT).then(RefundEndorsed(by="sue"))
        rejected = scenario.given_done(reject_refund, refund=second, by="sue")
        approved = rejected.when(approve_refund, refund=first, by="sue", limits=EXACT)
        approved.then_on(REFUND.stream(first), RefundApproved(by="sue"))

    def test_given_the_same_account_twice_then_nothing(self) -> None:
        scenario, refund = asked()
        endorsed = scenario.given_done(approve_refund, refund=refund, by="sue", limits=BELOW)
        endorsed.when(approve_refund, refund=refund, by="sue", limits=BELOW).then_nothing()

    def test_given_a_second_account_then_it_is_approved_once(self) -> None:
        scenario, refund = asked()
        endorsed = scenario.given_done(approve_refund, refund=refund, by="sue", limits=BELOW)
        approved = endorsed.given_done(approve_refund, refund=refund, by="tom", limits=BELOW)
        approved.when(approve_refund, refund=refund, by="uma", limits=BELOW).then_refused(RefundDecided)

    def test_given_an_endorsement_then_anybody_uninvolved_may_reject(self) -> None:
        scenario, refund = asked()
        endorsed = scenario.given_done(approve_refund, refund=refund, by="sue", limits=BELOW)
        assert endorsed.when(reject_refund, refund=refund, by="sue").events()

    def test_a_limit_is_of_its_currency(self) -> None:
        limits = FourEyesLimits(amount_max=100, by_currency={"JPY": 15_000})
        assert limits.second_needed(101, "EUR")
        assert not limits.second_needed(15_000, "JPY")
        assert not FourEyesLimits().second_needed(10**9, "EUR")
