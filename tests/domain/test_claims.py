"""A refund ends only what is still its order's own: seat, ticket and quota."""

from typing import Any

from domain.buyer_quota import BUYER_QUOTA, BuyerQuotaReturned
from domain.decisions.refunding import RequestRefund, approve_refund
from domain.order import ORDER, PlacedOrder
from domain.seat import SeatReturned, SeatSold
from domain.ticket import TICKET, TicketVoided
from domain.values import RefundReason
from tests.support.scenario import Result, Scenario
from tests.support.shop import HAMLET, SEATS, on_sale, seat_stream, with_paid_order

A1, A2 = SEATS[:2]
REQUESTED = RefundReason.BUYER_REQUEST


def approved(scenario: Scenario, order: str) -> Result:
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


class TestApproveRefund:
    def test_given_the_orders_own_seat_then_seat_ticket_and_quota_come_back(self) -> None:
        given, order = with_paid_order(on_sale(), "h1", "ann", A1, A2)
        result = approved(given, order)
        result.then_on(seat_stream(A1), SeatReturned(order=order, reason=REQUESTED))
        result.then_on(TICKET.stream(ticket_of(given, order, "1")), TicketVoided(refund="r1"))
        result.then_on(BUYER_QUOTA.stream("ann", HAMLET), BuyerQuotaReturned(hold="h1", seats=1))
        result.then_on(seat_stream(A2))

    def test_given_a_seat_sold_to_another_order_then_that_sale_stands(self) -> None:
        given, order = with_paid_order(on_sale(), "h1", "ann", A1)
        elsewhere = given.given(
            seat_stream(A1), SeatReturned(order=order, reason=REQUESTED), SeatSold(order="bobs", ticket="bobs-ticket")
        )
        approved(elsewhere, order).then_on(seat_stream(A1))

    def test_given_a_seat_sold_again_to_the_same_order_with_another_ticket_then_that_sale_stands(self) -> None:
        given, order = with_paid_order(on_sale(), "h1", "ann", A1)
        again = given.given(
            seat_stream(A1), SeatReturned(order=order, reason=REQUESTED), SeatSold(order=order, ticket="another")
        )
        approved(again, order).then_on(seat_stream(A1))

    def test_given_a_void_ticket_then_it_is_not_voided_again(self) -> None:
        given, order = with_paid_order(on_sale(), "h1", "ann", A1)
        ticket = TICKET.stream(ticket_of(given, order, "1"))
        approved(given.given(ticket, TicketVoided(refund="r0")), order).then_on(ticket)

    def test_given_a_share_that_came_back_then_the_quota_stays(self) -> None:
        given, order = with_paid_order(on_sale(), "h1", "ann", A1)
        buyer = BUYER_QUOTA.stream("ann", HAMLET)
        approved(given.given(buyer, BuyerQuotaReturned(hold="h1", seats=1)), order).then_on(buyer)
