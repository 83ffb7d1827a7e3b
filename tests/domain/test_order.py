"""How does a hold become an order, and how does an order end?"""

from domain.buyer_quota import BUYER_QUOTA, BuyerQuotaReturned
from domain.decisions.ordering import PlaceOrder, cancel_order, hold_and_order, order_hold
from domain.errors import HoldAlreadyOrdered, NotFound, OrderAlreadyConfirmed, PerformanceIsCancelled, SeatsTaken
from domain.hold import HOLD, HoldOrdered, HoldReleased
from domain.order import ORDER, OrderCancelled, OrderConfirmed, OrderPlaced
from domain.seat import SeatReleased, SeatSold
from domain.ticket import TICKET, TicketIssued
from domain.values import OrderCancelReason, Price, ReleaseReason, order_code
from tests.support.scenario import NOW
from tests.support.shop import (
    HAMLET,
    HOLD_LASTS,
    INVENTORY,
    PRICE,
    SEATS,
    hold_command,
    on_sale,
    seat_stream,
    with_hold,
    with_order,
    with_paid_order,
    with_performance_cancelled,
)

A1, A2, A3 = SEATS[:3]
ORDER_ID = "019f0000-0000-7000-8000-000000000001"
PLACE = PlaceOrder(order=ORDER_ID, account="ann", contact=None)
FREE_OF_CHARGE = (Price(category="A", amount=0), Price(category="S", amount=0))
BUYER = OrderCancelReason.BUYER


class TestOrderHold:
    def test_given_a_live_hold_then_the_order_has_its_lines_its_price_and_its_deadline(self) -> None:
        result = with_hold(on_sale(), "h1", "ann", A1, A2).when(order_hold, PLACE, hold="h1")
        result.then_on(HOLD.stream("h1"), HoldOrdered(order=ORDER_ID))
        (placed,) = result.changes[ORDER.stream(ORDER_ID)]
        assert isinstance(placed, OrderPlaced)
        assert (placed.total, placed.expires_at, placed.order_code) == (
            2 * PRICE,
            NOW + HOLD_LASTS,
            order_code(ORDER_ID),
        )
        assert [line.place.seat for line in placed.lines] == [A1, A2]

    def test_given_a_hold_that_was_ordered_then_it_is_refused_and_names_the_order(self) -> None:
        given, order = with_order(with_hold(on_sale(), "h1", "ann", A1), "h1", "ann")
        given.when(order_hold, PLACE, hold="h1").then_refused(HoldAlreadyOrdered, order=order)

    def test_given_a_hold_of_another_buyer_then_it_is_not_found(self) -> None:
        with_hold(on_sale(), "h1", "bob", A1).when(order_hold, PLACE, hold="h1").then_refused(NotFound)

    def test_given_a_cancelled_performance_then_it_is_refused(self) -> None:
        given = with_performance_cancelled(with_hold(on_sale(), "h1", "ann", A1))
        given.when(order_hold, PLACE, hold="h1").then_refused(PerformanceIsCancelled)

    def test_given_nothing_to_pay_then_it_is_confirmed_at_once_with_a_ticket_per_line(self) -> None:
        given = with_hold(on_sale(prices=FREE_OF_CHARGE), "h1", "ann", A1, A2)
        result = given.when(order_hold, PLACE, hold="h1")
        placed, confirmed = result.changes[ORDER.stream(ORDER_ID)]
        assert isinstance(confirmed, OrderConfirmed)
        assert (placed.total, confirmed.payment) == (0, None)
        for key, ordered in zip((A1, A2), confirmed.tickets, strict=True):
            result.then_on(seat_stream(key), SeatSold(order=ORDER_ID, ticket=ordered.ticket))
            (issued,) = result.changes[TICKET.stream(ordered.ticket)]
            assert isinstance(issued, TicketIssued)
            assert (issued.account, issued.place.seat) == ("ann", key)


class TestHoldAndOrder:
    def test_given_free_seats_then_hold_and_order_are_one_step(self) -> None:
        result = on_sale().when(hold_and_order, PLACE, hold_command("h1", "ann", A1), INVENTORY)
        (placed,), (held,) = result.changes[ORDER.stream(ORDER_ID)], result.changes[HOLD.stream("h1")]
        assert (placed.hold, held.order) == ("h1", ORDER_ID)

    def test_given_a_taken_seat_then_neither_is_recorded(self) -> None:
        given = with_hold(on_sale(), "h1", "bob", A1)
        command = hold_command("h2", "ann", A1, A2)
        given.when(hold_and_order, PLACE, command, INVENTORY).then_refused(SeatsTaken, seats=[A1])


class TestCancelOrder:
    def test_given_an_order_that_waits_for_money_then_it_ends_and_its_seats_are_free(self) -> None:
        given, order = with_order(with_hold(on_sale(), "h1", "ann", A1), "h1", "ann")
        result = given.when(cancel_order, order=order, account="ann", reason=BUYER)
        result.then_on(ORDER.stream(order), OrderCancelled(reason=BUYER))
        result.then_on(HOLD.stream("h1"), HoldReleased(reason=ReleaseReason.ORDER_CANCELLED))
        result.then_on(seat_stream(A1), SeatReleased(hold="h1", reason=ReleaseReason.ORDER_CANCELLED))
        result.then_on(BUYER_QUOTA.stream("ann", HAMLET), BuyerQuotaReturned(hold="h1", seats=1))

    def test_given_a_confirmed_order_then_it_is_refused(self) -> None:
        given, order = with_paid_order(on_sale(), "h1", "ann", A1)
        given.when(cancel_order, order=order, account="ann", reason=BUYER).then_refused(OrderAlreadyConfirmed)

    def test_given_a_cancelled_order_then_a_second_time_records_nothing(self) -> None:
        given, order = with_order(with_hold(on_sale(), "h1", "ann", A1), "h1", "ann")
        given = given.given_done(cancel_order, order=order, account="ann", reason=BUYER)
        given.when(cancel_order, order=order, account="ann", reason=BUYER).then_nothing()

    def test_given_an_order_of_another_buyer_then_it_is_not_found_but_support_may_cancel_it(self) -> None:
        given, order = with_order(with_hold(on_sale(), "h1", "ann", A1), "h1", "ann")
        given.when(cancel_order, order=order, account="bob", reason=BUYER).then_refused(NotFound)
        given.when(cancel_order, order=order, account=None, reason=OrderCancelReason.SUPPORT).then_accepted()

    def test_given_no_such_order_then_it_is_not_found(self) -> None:
        on_sale().when(cancel_order, order=ORDER_ID, account="ann", reason=BUYER).then_refused(NotFound)
