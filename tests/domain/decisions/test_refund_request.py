"""Which money may be asked back, by whom and until when?"""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.decisions.refunds.refunding import RequestRefund, approve_refund
from domain.decisions.scheduling import ChangePerformance, change
from domain.errors import Invalid, NotConfirmed, NotFound, NothingToRefund, PerformanceStarted, TicketUsed
from tests.support.payments import pending_order
from tests.support.refund_requests import (
    MINUTE,
    POWER_CUT,
    REFUND_ID,
    lines_requested,
    owner_request,
    support_request,
    with_entry,
)
from tests.support.shop import HAMLET, SEATS, STARTS_AT, on_sale, with_paid_order, with_performance_cancelled


class TestRequestRefund:
    def test_given_the_start_then_the_owner_is_refused_and_told_whom_to_ask(self) -> None:
        begun, order = with_paid_order(on_sale(), "hold", "ann", *SEATS[:2])
        begun.at(STARTS_AT - MINUTE).when(owner_request(order)).events()
        begun.at(STARTS_AT).when(owner_request(order)).then_refused(PerformanceStarted)

    def test_given_the_start_then_support_refunds_with_a_reason_only(self) -> None:
        begun, order = with_paid_order(on_sale(), "hold", "ann", SEATS[0])
        begun = begun.at(STARTS_AT + MINUTE)
        begun.when(support_request(order)).then_refused(PerformanceStarted)
        asked, _ = begun.when(support_request(order, why=POWER_CUT)).events()
        assert (asked.requested_by, asked.reason_text) == ("support", POWER_CUT)

    def test_given_a_used_ticket_then_the_rest_goes_back(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", *SEATS[:3])
        scenario = with_entry(scenario, order, "2")
        assert lines_requested(scenario, owner_request(order)) == ("1", "3")

    def test_given_a_used_ticket_that_is_named_then_refused_naming_it(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", *SEATS[:2])
        scenario = with_entry(scenario, order, "2")
        scenario.when(owner_request(order, "1", "2")).then_refused(TicketUsed, lines=["2"])

    def test_given_used_tickets_only_then_refused_naming_them(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", *SEATS[:2])
        scenario = with_entry(with_entry(scenario, order, "1"), order, "2")
        scenario.when(owner_request(order)).then_refused(TicketUsed, lines=["1", "2"])

    def test_given_a_used_ticket_then_supports_reason_counts_after_the_start_only(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", SEATS[0])
        scenario = with_entry(scenario, order, "1")
        scenario.when(support_request(order, why=POWER_CUT)).then_refused(TicketUsed)
        assert lines_requested(scenario.at(STARTS_AT), support_request(order, why=POWER_CUT)) == ("1",)

    @pytest.mark.parametrize("after", [-MINUTE, timedelta(0), timedelta(days=300)], ids=str)
    def test_given_a_cancelled_performance_then_used_tickets_go_back_at_any_time(self, after: timedelta) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", *SEATS[:2])
        scenario = with_performance_cancelled(with_entry(scenario, order, "1")).at(STARTS_AT + after)
        assert lines_requested(scenario, owner_request(order)) == ("1", "2")

    def test_given_a_performance_moved_after_its_start_then_the_owner_asks_until_the_new_one(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", SEATS[0])
        moved = scenario.at(STARTS_AT + MINUTE).given_done(
            change, ChangePerformance(performance=HAMLET, starts_at=STARTS_AT + timedelta(days=7))
        )
        assert lines_requested(moved, owner_request(order)) == ("1",)
        moved.at(STARTS_AT + timedelta(days=7)).when(owner_request(order)).then_refused(PerformanceStarted)

    def test_given_no_line_or_one_named_twice_or_unknown_then_refused(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", *SEATS[:2])
        none = RequestRefund(refund="other", order=order, account="ann", lines=())
        scenario.when(none).then_refused(Invalid)
        scenario.when(owner_request(order, "1", "1")).then_refused(Invalid)
        scenario.when(owner_request(order, "7")).then_refused(Invalid)

    def test_given_an_open_refund_then_its_lines_are_spoken_for_and_named(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", *SEATS[:2])
        scenario = scenario.given_done(owner_request(order, "1"))
        again = RequestRefund(refund="other", order=order, account="ann", lines=("1", "2"))
        scenario.when(again).then_refused(NothingToRefund, lines=["1"])

    def test_given_an_order_that_is_not_paid_then_it_is_refused(self) -> None:
        scenario, order = pending_order()
        scenario.when(owner_request(order)).then_refused(NotConfirmed)

    def test_given_an_order_of_another_buyer_then_it_is_not_found(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", SEATS[0])
        scenario.when(replace(owner_request(order), account="bob")).then_refused(NotFound)

    def test_given_a_refunded_line_then_it_is_refused_and_the_others_go_back(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", *SEATS[:2])
        scenario = scenario.given_done(owner_request(order, "1")).given_done(approve_refund, refund=REFUND_ID, by="sue")
        again = RequestRefund(refund="other", order=order, account="ann", lines=("1",))
        scenario.when(again).then_refused(NothingToRefund, lines=["1"])
        assert lines_requested(scenario, replace(again, lines=None)) == ("2",)

    def test_given_every_line_is_refunded_then_there_is_nothing_to_refund(self) -> None:
        scenario, order = with_paid_order(on_sale(), "hold", "ann", SEATS[0])
        scenario = scenario.given_done(owner_request(order)).given_done(approve_refund, refund=REFUND_ID, by="sue")
        scenario.when(RequestRefund(refund="other", order=order, account="ann")).then_refused(NothingToRefund)
