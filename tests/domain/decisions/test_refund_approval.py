"""Who may approve a refund, and what does the approval do?"""

from datetime import timedelta
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from domain.buyer_quota import BUYER_QUOTA, BuyerQuotaReturned
from domain.decisions.refunds.four_eyes import FourEyesLimits
from domain.decisions.refunds.refunding import RequestRefund, approve_refund, reject_refund
from domain.errors import OwnDecision, RefundDecided, TicketUsed
from domain.order import ORDER, OrderLinesCancelled, PlacedOrder
from domain.refund import REFUND, RefundApproved, RefundEndorsed, RefundRejected
from domain.seat import SeatReturned, SeatSold
from domain.ticket import TICKET, TicketVoided
from domain.values import RefundReason
from tests.support.refund_requests import (
    MINUTE,
    POWER_CUT,
    REFUND_ID,
    lines_requested,
    owner_request,
    placed_order,
    support_request,
    with_entry,
)
from tests.support.scenario import Result, Scenario
from tests.support.shop import (
    HAMLET,
    PRICE,
    SEATS,
    STARTS_AT,
    on_sale,
    seat_stream,
    with_paid_order,
    with_performance_cancelled,
)

BELOW = FourEyesLimits(amount_max=PRICE - 1)
EXACT = FourEyesLimits(amount_max=PRICE)
A1, A2 = SEATS[:2]
REQUESTED = RefundReason.BUYER_REQUEST


def with_refund_request(by: str | None = None) -> tuple[Scenario, str]:
    """Return ann's order with a refund that she, or support, asked for."""
    scenario, order = with_paid_order(on_sale(), "h1", "ann", SEATS[0])
    reason = RefundReason.SUPPORT if by else RefundReason.BUYER_REQUEST
    account = None if by else "ann"
    command = RequestRefund(refund=str(uuid7()), order=order, account=account, reason=reason, by=by)
    return scenario.given_done(command), command.refund


def when_approved(scenario: Scenario, order: str) -> Result:
    """Ask for the refund of the first line and approve it."""
    request = RequestRefund(refund="r1", order=order, account="ann", lines=("1",))
    asked = scenario.given_done(request)
    return asked.when(approve_refund, refund="r1", by="support")


def ticket_of(scenario: Scenario, order: str, line: str) -> str:
    """Return the ticket of an order's line."""

    def view(context: Any) -> str:
        state = context.read(ORDER, order)
        assert isinstance(state, PlacedOrder)
        return state.tickets[line]

    return scenario.state(view)


class TestWhoDecides:
    """Neither the owner of the order nor the account that asked; the role is support (`api/auth/access.py`)."""

    @pytest.mark.parametrize("decide", [approve_refund, reject_refund])
    def test_given_the_owner_decides_then_it_is_refused(self, decide: Any) -> None:
        scenario, refund = with_refund_request()
        scenario.when(decide, refund=refund, by="ann").then_refused(OwnDecision)

    @pytest.mark.parametrize("by", ["sue", "ann"])
    @pytest.mark.parametrize("decide", [approve_refund, reject_refund])
    def test_given_support_asked_then_neither_that_account_nor_the_owner_decides(self, decide: Any, by: str) -> None:
        scenario, refund = with_refund_request(by="sue")
        scenario.when(decide, refund=refund, by=by).then_refused(OwnDecision)

    def test_given_another_account_then_the_refund_is_approved(self) -> None:
        scenario, refund = with_refund_request(by="sue")
        scenario.when(approve_refund, refund=refund, by="tom").then_on(REFUND.stream(refund), RefundApproved(by="tom"))


class TestTwoApprovals:
    """Above a limit it takes two accounts."""

    def test_given_an_amount_above_the_limit_then_the_first_only_endorses(self) -> None:
        scenario, refund = with_refund_request()
        scenario.when(approve_refund, refund=refund, by="sue", limits=BELOW).then(RefundEndorsed(by="sue"))

    def test_given_an_amount_at_the_limit_then_one_is_enough(self) -> None:
        scenario, refund = with_refund_request()
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
        scenario, refund = with_refund_request()
        endorsed = scenario.given_done(approve_refund, refund=refund, by="sue", limits=BELOW)
        endorsed.when(approve_refund, refund=refund, by="sue", limits=BELOW).then_nothing()

    def test_given_a_second_account_then_it_is_approved_once(self) -> None:
        scenario, refund = with_refund_request()
        endorsed = scenario.given_done(approve_refund, refund=refund, by="sue", limits=BELOW)
        approved = endorsed.given_done(approve_refund, refund=refund, by="tom", limits=BELOW)
        approved.when(approve_refund, refund=refund, by="uma", limits=BELOW).then_refused(RefundDecided)

    def test_given_an_endorsement_then_any_uninvolved_account_may_reject(self) -> None:
        scenario, refund = with_refund_request()
        endorsed = scenario.given_done(approve_refund, refund=refund, by="sue", limits=BELOW)
        assert endorsed.when(reject_refund, refund=refund, by="sue").events()


class TestApproveRefund:
    """What was asked for in time may be approved at any time."""

    def test_given_it_was_asked_for_in_time_then_it_is_approved_after_the_start(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", SEATS[0])
        asked = scenario.at(STARTS_AT - MINUTE).given_done(owner_request(order))
        decided = asked.at(STARTS_AT + timedelta(days=30)).when(approve_refund, refund=REFUND_ID, by="support")
        decided.then_on(REFUND.stream(REFUND_ID), RefundApproved(by="support"))
        decided.then_on(ORDER.stream(order), OrderLinesCancelled(lines=("1",), refund=REFUND_ID))

    def test_given_an_entry_since_then_refused_naming_the_line_and_it_can_be_rejected(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", *SEATS[:2])
        scenario = with_entry(scenario.given_done(owner_request(order)), order, "2")
        scenario.when(approve_refund, refund=REFUND_ID, by="support").then_refused(TicketUsed, lines=["2"])
        rejected = scenario.given_done(reject_refund, refund=REFUND_ID, by="support", reason_text="Line 2 was used.")
        assert lines_requested(rejected, RequestRefund(refund="other", order=order, account="ann")) == ("1",)

    def test_given_an_entry_since_and_a_cancelled_performance_then_the_used_ticket_is_void(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", SEATS[0])
        scenario = with_performance_cancelled(with_entry(scenario.given_done(owner_request(order)), order, "1"))
        ticket = TICKET.stream(placed_order(scenario, order).tickets["1"])
        decided = scenario.when(approve_refund, refund=REFUND_ID, by="support")
        decided.then_on(ticket, TicketVoided(refund=REFUND_ID))

    def test_given_supports_reason_after_the_start_then_a_used_ticket_is_void(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", SEATS[0])
        begun = with_entry(scenario, order, "1").at(STARTS_AT + MINUTE)
        begun = begun.given_done(support_request(order, why=POWER_CUT))
        assert TicketVoided(refund=REFUND_ID) in begun.when(approve_refund, refund=REFUND_ID, by="desk").events()


class TestRejectRefund:
    def test_given_a_reason_then_it_is_kept_and_a_second_decision_is_refused(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", SEATS[0])
        scenario = scenario.given_done(owner_request(order)).at(STARTS_AT + MINUTE)
        decided = scenario.when(reject_refund, refund=REFUND_ID, by="support", reason_text="Asked twice.")
        decided.then_on(REFUND.stream(REFUND_ID), RefundRejected(by="support", reason_text="Asked twice."))
        again = scenario.given_done(reject_refund, refund=REFUND_ID, by="support")
        again.when(approve_refund, refund=REFUND_ID, by="support").then_refused(RefundDecided)


class TestWhatAnApprovalEnds:
    """An approval ends only what is still its order's own: seat, ticket and quota."""

    def test_given_the_orders_own_seat_then_seat_ticket_and_quota_come_back(self) -> None:
        given, order = with_paid_order(on_sale(), "h1", "ann", A1, A2)
        result = when_approved(given, order)
        result.then_on(seat_stream(A1), SeatReturned(order=order, reason=REQUESTED))
        result.then_on(TICKET.stream(ticket_of(given, order, "1")), TicketVoided(refund="r1"))
        result.then_on(BUYER_QUOTA.stream("ann", HAMLET), BuyerQuotaReturned(hold="h1", seats=1))
        result.then_on(seat_stream(A2))

    def test_given_a_seat_sold_to_another_order_then_that_sale_stands(self) -> None:
        given, order = with_paid_order(on_sale(), "h1", "ann", A1)
        elsewhere = given.given(
            seat_stream(A1), SeatReturned(order=order, reason=REQUESTED), SeatSold(order="bobs", ticket="bobs-ticket")
        )
        when_approved(elsewhere, order).then_on(seat_stream(A1))

    def test_given_a_seat_sold_again_to_the_same_order_with_another_ticket_then_that_sale_stands(self) -> None:
        given, order = with_paid_order(on_sale(), "h1", "ann", A1)
        again = given.given(
            seat_stream(A1), SeatReturned(order=order, reason=REQUESTED), SeatSold(order=order, ticket="another")
        )
        when_approved(again, order).then_on(seat_stream(A1))

    def test_given_a_void_ticket_then_it_is_not_voided_again(self) -> None:
        given, order = with_paid_order(on_sale(), "h1", "ann", A1)
        ticket = TICKET.stream(ticket_of(given, order, "1"))
        when_approved(given.given(ticket, TicketVoided(refund="r0")), order).then_on(ticket)

    def test_given_a_share_that_came_back_then_the_quota_stays(self) -> None:
        given, order = with_paid_order(on_sale(), "h1", "ann", A1)
        buyer = BUYER_QUOTA.stream("ann", HAMLET)
        when_approved(given.given(buyer, BuyerQuotaReturned(hold="h1", seats=1)), order).then_on(buyer)
