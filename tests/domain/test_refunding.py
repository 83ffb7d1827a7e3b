"""Which money goes back: by when it was asked for, by whom, by the performance, and by the tickets' entries."""

from datetime import timedelta

import pytest
from uuid_utils.compat import uuid7

from domain.decisions.ordering import require_visible_order
from domain.decisions.refunding import RequestRefund, approve_refund, reject_refund
from domain.decisions.scheduling import ChangePerformance, cancel, change
from domain.errors import (
    Invalid,
    NothingToRefund,
    PerformanceStarted,
    RefundDecided,
    TicketUsed,
)
from domain.order import ORDER, OrderLinesCancelled, PlacedOrder
from domain.refund import REFUND, RefundApproved, RefundRejected
from domain.ticket import TICKET, EntryRecorded, TicketVoided
from domain.values import PerformanceCancelReason
from tests.support.scenario import Scenario
from tests.support.shop import HAMLET, SEATS, STARTS_AT, on_sale, with_paid_order

REFUND_ID = "refund"
POWER_CUT = "The lights went out in the second act."
MINUTE = timedelta(minutes=1)


def order_of(scenario: Scenario, order: str) -> PlacedOrder:
    return scenario.state(require_visible_order, order, None)


def entered(scenario: Scenario, order: str, line: str) -> Scenario:
    """Let somebody enter with a line's ticket."""
    ticket = TICKET.stream(order_of(scenario, order).tickets[line])
    return scenario.given(ticket, EntryRecorded(gate="north", device="phone", nonce=str(uuid7())))


def cancelled(scenario: Scenario) -> Scenario:
    return scenario.given_done(cancel, performance=HAMLET, reason=PerformanceCancelReason.ILLNESS)


def by_owner(order: str, *lines: str) -> RequestRefund:
    return RequestRefund(refund=REFUND_ID, order=order, account="ann", lines=lines or None)


def by_support(order: str, *lines: str, why: str | None = None) -> RequestRefund:
    return RequestRefund(
        refund=REFUND_ID, order=order, account=None, lines=lines or None, by="support", reason_text=why
    )


def lines_requested(scenario: Scenario, command: RequestRefund) -> tuple[str, ...]:
    asked, _ = scenario.when(command).events()
    lines: tuple[str, ...] = asked.lines
    return lines


class TestRequestRefund:
    def test_given_the_start_then_the_owner_is_refused_and_told_whom_to_ask(self) -> None:
        begun, order = with_paid_order(on_sale(), "hold", "ann", *SEATS[:2])
        begun.at(STARTS_AT - MINUTE).when(by_owner(order)).events()
        begun.at(STARTS_AT).when(by_owner(order)).then_refused(PerformanceStarted)

    def test_given_the_start_then_support_refunds_with_a_reason_only(self) -> None:
        begun, order = with_paid_order(on_sale(), "hold", "ann", SEATS[0])
        begun = begun.at(STARTS_AT + MINUTE)
        begun.when(by_support(order)).then_refused(PerformanceStarted)
        asked, _ = begun.when(by_support(order, why=POWER_CUT)).events()
        assert (asked.requested_by, asked.reason_text) == ("support", POWER_CUT)

    def test_given_a_used_ticket_then_the_rest_goes_back(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", *SEATS[:3])
        scenario = entered(scenario, order, "2")
        assert lines_requested(scenario, by_owner(order)) == ("1", "3")

    def test_given_a_used_ticket_that_is_named_then_refused_naming_it(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", *SEATS[:2])
        scenario = entered(scenario, order, "2")
        scenario.when(by_owner(order, "1", "2")).then_refused(TicketUsed, lines=["2"])

    def test_given_used_tickets_only_then_refused_naming_them(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", *SEATS[:2])
        scenario = entered(entered(scenario, order, "1"), order, "2")
        scenario.when(by_owner(order)).then_refused(TicketUsed, lines=["1", "2"])

    def test_given_a_used_ticket_then_supports_reason_counts_after_the_start_only(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", SEATS[0])
        scenario = entered(scenario, order, "1")
        scenario.when(by_support(order, why=POWER_CUT)).then_refused(TicketUsed)
        assert lines_requested(scenario.at(STARTS_AT), by_support(order, why=POWER_CUT)) == ("1",)

    @pytest.mark.parametrize("after", [-MINUTE, timedelta(0), timedelta(days=300)], ids=str)
    def test_given_a_cancelled_performance_then_used_tickets_go_back_at_any_time(self, after: timedelta) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", *SEATS[:2])
        scenario = cancelled(entered(scenario, order, "1")).at(STARTS_AT + after)
        assert lines_requested(scenario, by_owner(order)) == ("1", "2")

    def test_given_a_performance_moved_after_its_start_then_the_owner_asks_until_the_new_one(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", SEATS[0])
        moved = scenario.at(STARTS_AT + MINUTE).given_done(
            change, ChangePerformance(performance=HAMLET, starts_at=STARTS_AT + timedelta(days=7))
        )
        assert lines_requested(moved, by_owner(order)) == ("1",)
        moved.at(STARTS_AT + timedelta(days=7)).when(by_owner(order)).then_refused(PerformanceStarted)

    def test_given_no_line_or_one_named_twice_or_unknown_then_refused(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", *SEATS[:2])
        none = RequestRefund(refund="other", order=order, account="ann", lines=())
        scenario.when(none).then_refused(Invalid)
        scenario.when(by_owner(order, "1", "1")).then_refused(Invalid)
        scenario.when(by_owner(order, "7")).then_refused(Invalid)

    def test_given_an_open_refund_then_its_lines_are_spoken_for_and_named(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", *SEATS[:2])
        scenario = scenario.given_done(by_owner(order, "1"))
        again = RequestRefund(refund="other", order=order, account="ann", lines=("1", "2"))
        scenario.when(again).then_refused(NothingToRefund, lines=["1"])


class TestApproveRefund:
    def test_given_it_was_asked_for_in_time_then_it_is_approved_after_the_start(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", SEATS[0])
        asked = scenario.at(STARTS_AT - MINUTE).given_done(by_owner(order))
        decided = asked.at(STARTS_AT + timedelta(days=30)).when(approve_refund, refund=REFUND_ID, by="support")
        decided.then_on(REFUND.stream(REFUND_ID), RefundApproved(by="support"))
        decided.then_on(ORDER.stream(order), OrderLinesCancelled(lines=("1",), refund=REFUND_ID))

    def test_given_an_entry_since_then_refused_naming_the_line_and_it_can_be_rejected(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", *SEATS[:2])
        scenario = entered(scenario.given_done(by_owner(order)), order, "2")
        scenario.when(approve_refund, refund=REFUND_ID, by="support").then_refused(TicketUsed, lines=["2"])
        rejected = scenario.given_done(reject_refund, refund=REFUND_ID, by="support", reason_text="Line 2 was used.")
        assert lines_requested(rejected, RequestRefund(refund="other", order=order, account="ann")) == ("1",)

    def test_given_an_entry_since_and_a_cancelled_performance_then_the_used_ticket_is_void(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", SEATS[0])
        scenario = cancelled(entered(scenario.given_done(by_owner(order)), order, "1"))
        ticket = TICKET.stream(order_of(scenario, order).tickets["1"])
        decided = scenario.when(approve_refund, refund=REFUND_ID, by="support")
        decided.then_on(ticket, TicketVoided(refund=REFUND_ID))

    def test_given_supports_reason_after_the_start_then_a_used_ticket_is_void(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", SEATS[0])
        begun = entered(scenario, order, "1").at(STARTS_AT + MINUTE)
        begun = begun.given_done(by_support(order, why=POWER_CUT))
        assert TicketVoided(refund=REFUND_ID) in begun.when(approve_refund, refund=REFUND_ID, by="desk").events()


class TestRejectRefund:
    def test_given_a_reason_then_it_is_kept_and_a_second_decision_is_refused(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", SEATS[0])
        scenario = scenario.given_done(by_owner(order)).at(STARTS_AT + MINUTE)
        decided = scenario.when(reject_refund, refund=REFUND_ID, by="support", reason_text="Asked twice.")
        decided.then_on(REFUND.stream(REFUND_ID), RefundRejected(by="support", reason_text="Asked twice."))
        again = scenario.given_done(reject_refund, refund=REFUND_ID, by="support")
        again.when(approve_refund, refund=REFUND_ID, by="support").then_refused(RefundDecided)
