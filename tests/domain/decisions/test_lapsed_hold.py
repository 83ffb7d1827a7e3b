"""What may a lapsed hold do?"""

from datetime import timedelta

import pytest

from domain.buyer_quota import BUYER_QUOTA, BuyerQuotaReturned
from domain.decisions.blocking import BlockSeats
from domain.decisions.holding import expire_hold, extend_hold, release_hold
from domain.decisions.ordering import PlaceOrder, cancel_order, order_hold
from domain.decisions.paying import OpenPayment
from domain.decisions.settling import settle
from domain.errors import HoldLapsed, LimitReached, OrderEnded, SeatsTaken
from domain.hold import HOLD, HoldExpired
from domain.order import ORDER, OrderExpired
from domain.seat import SeatBlocked, SeatHeld, SeatReleased
from domain.values import BlockReason, Limits, OrderCancelReason, ReleaseReason
from tests.support.payments import is_confirmed
from tests.support.shop import (
    EXTENSION,
    HAMLET,
    HOLD_LASTS,
    PIT,
    PRICE,
    SEATS,
    hold_command,
    on_sale,
    seat_stream,
    with_capture,
    with_hold,
    with_order,
    with_paid_order,
)

A1, A2, A3 = SEATS[:3]


class TestHoldsOfOtherBuyers:
    """A lapsed hold keeps nothing from the next buyer, whether it was cleared away or not."""

    def test_given_a_lapsed_hold_then_the_next_buyer_takes_its_seats(self) -> None:
        given = with_hold(on_sale(), "h1", "ann", A1).later(HOLD_LASTS)
        claim = SeatHeld(hold="h2", holder="bob", price=PRICE, expires_at=given.now + HOLD_LASTS)
        result = given.when(hold_command("h2", "bob", A1))
        result.then_on(seat_stream(A1), SeatReleased(hold="h1", reason=ReleaseReason.LAPSED), claim)

    def test_given_the_last_instant_before_the_deadline_then_the_seats_are_still_the_holders(self) -> None:
        given = with_hold(on_sale(), "h1", "ann", A1).later(HOLD_LASTS - timedelta(microseconds=1))
        given.when(hold_command("h2", "bob", A1)).then_refused(SeatsTaken, seats=[A1])

    def test_given_a_lapsed_hold_then_its_holder_may_hold_the_same_seats_anew(self) -> None:
        given = with_hold(on_sale(), "h1", "ann", A1).later(HOLD_LASTS)
        given.when(hold_command("h2", "ann", A1)).then_accepted()

    def test_given_a_lapsed_hold_then_it_counts_against_no_limit(self) -> None:
        one = Limits(seats_per_order=None, seats_per_buyer=1, live_holds_per_buyer=1)
        given = with_hold(on_sale(limits=one), "h1", "ann", A1)
        given.when(hold_command("h2", "ann", A2)).then_refused(LimitReached)
        given.later(HOLD_LASTS).when(hold_command("h2", "ann", A2)).then_accepted()


class TestBlockSeats:
    def test_given_a_lapsed_hold_then_it_ends_and_staff_blocks_its_seat(self) -> None:
        given = with_hold(on_sale(), "h1", "ann", A1).later(HOLD_LASTS)
        block = BlockSeats(performance=HAMLET, seats=(A1,), reason=BlockReason.HOUSE, owner="staff")
        blocked = SeatBlocked(reason=BlockReason.HOUSE, owner="staff")
        given.when(block).then(SeatReleased(hold="h1", reason=ReleaseReason.LAPSED), blocked)


class TestOrderHold:
    def test_given_a_lapsed_hold_then_it_is_refused_and_names_the_places_to_hold_again(self) -> None:
        lapsed = with_hold(on_sale(), "h1", "ann", A1, standing=2).later(HOLD_LASTS)
        for given in (lapsed, lapsed.given_done(expire_hold, hold="h1")):
            place = PlaceOrder(order="order", account="ann", contact=None)
            refused = given.when(order_hold, place, hold="h1")
            refused.then_refused(HoldLapsed, seats=[A1], areas=[{"area": PIT, "quantity": 2}], performance=HAMLET)


class TestExtendHold:
    def test_given_a_lapsed_hold_then_it_is_refused_and_names_the_places_to_hold_again(self) -> None:
        lapsed = with_hold(on_sale(), "h1", "ann", A1).later(HOLD_LASTS)
        for given in (lapsed, lapsed.given_done(expire_hold, hold="h1")):
            result = given.when(extend_hold, hold="h1", holder="ann", by=EXTENSION)
            result.then_refused(HoldLapsed, seats=[A1], areas=[], performance=HAMLET)


class TestReleaseHold:
    def test_given_a_lapsed_hold_that_is_not_cleared_away_then_it_is_released(self) -> None:
        lapsed = with_hold(on_sale(), "h1", "ann", A1).later(HOLD_LASTS)
        released = lapsed.when(release_hold, hold="h1", holder="ann")
        released.then_on(seat_stream(A1), SeatReleased(hold="h1", reason=ReleaseReason.BUYER))

    def test_given_a_hold_that_was_cleared_away_then_nothing(self) -> None:
        cleared = with_hold(on_sale(), "h1", "ann", A1).later(HOLD_LASTS).given_done(expire_hold, hold="h1")
        cleared.when(release_hold, hold="h1", holder="ann").then_nothing()

    def test_given_its_seat_was_taken_since_then_the_new_hold_keeps_it(self) -> None:
        lapsed = with_hold(on_sale(), "h1", "ann", A1).later(HOLD_LASTS)
        with_hold(lapsed, "h2", "bob", A1).when(release_hold, hold="h1", holder="ann").then_on(seat_stream(A1))


class TestExpireHold:
    def test_given_a_live_hold_then_nothing(self) -> None:
        given = with_hold(on_sale(), "h1", "ann", A1, A3)
        given.later(HOLD_LASTS - timedelta(seconds=1)).when(expire_hold, hold="h1").then_nothing()

    def test_given_a_lapsed_hold_then_seats_and_quota_are_free_again(self) -> None:
        result = with_hold(on_sale(), "h1", "ann", A1, A3).later(HOLD_LASTS).when(expire_hold, hold="h1")
        result.then_on(HOLD.stream("h1"), HoldExpired())
        for key in (A1, A3):
            result.then_on(seat_stream(key), SeatReleased(hold="h1", reason=ReleaseReason.LAPSED))
        result.then_on(BUYER_QUOTA.stream("ann", HAMLET), BuyerQuotaReturned(hold="h1", seats=2))

    def test_given_a_lapsed_hold_with_an_order_then_the_order_expires_with_it(self) -> None:
        given, order = with_order(with_hold(on_sale(), "h1", "ann", A1), "h1", "ann")
        given.later(HOLD_LASTS).when(expire_hold, hold="h1").then_on(ORDER.stream(order), OrderExpired())

    def test_given_it_expired_then_a_second_time_records_nothing(self) -> None:
        expired = with_hold(on_sale(), "h1", "ann", A1).later(HOLD_LASTS).given_done(expire_hold, hold="h1")
        expired.when(expire_hold, hold="h1").then_nothing()

    def test_given_the_deadline_moved_then_it_expires_at_the_new_one(self) -> None:
        given = with_hold(on_sale(), "h1", "ann", A1).given_done(extend_hold, hold="h1", holder="ann", by=EXTENSION)
        given.later(HOLD_LASTS).when(expire_hold, hold="h1").then_nothing()
        given.later(HOLD_LASTS + EXTENSION).when(expire_hold, hold="h1").then_accepted()

    def test_given_its_seat_was_taken_since_then_the_new_hold_keeps_it(self) -> None:
        lapsed = with_hold(on_sale(), "h1", "ann", A1, A2).later(HOLD_LASTS)
        result = with_hold(lapsed, "h2", "bob", A1).when(expire_hold, hold="h1")
        result.then_on(seat_stream(A1))
        result.then_on(seat_stream(A2), SeatReleased(hold="h1", reason=ReleaseReason.LAPSED))

    def test_given_its_order_was_paid_then_nothing_expires(self) -> None:
        given, _ = with_paid_order(on_sale(), "h1", "ann", A1)
        given.later(HOLD_LASTS).when(expire_hold, hold="h1").then_nothing()


class TestCancelOrder:
    def test_given_a_lapsed_hold_then_its_order_expires_in_place_of_being_cancelled(self) -> None:
        given, order = with_order(with_hold(on_sale(), "h1", "ann", A1), "h1", "ann")
        given = given.later(HOLD_LASTS)
        cancel = given.when(cancel_order, order=order, account="ann", reason=OrderCancelReason.BUYER)
        cancel.then_on(ORDER.stream(order), OrderExpired())
        given.when(OpenPayment(payment="p", order=order, account="ann", provider="x")).then_refused(
            OrderEnded, order_status="expired"
        )


class TestOpenPayment:
    def test_given_a_lapsed_hold_then_its_order_cannot_be_paid(self) -> None:
        given, order = with_order(with_hold(on_sale(), "h1", "ann", A1), "h1", "ann")
        payment = OpenPayment(payment="p1", order=order, account="ann", provider="sandbox")
        given.later(HOLD_LASTS).when(payment).then_refused(OrderEnded, order_status="expired")


class TestSettle:
    """Money for a lapsed hold is the subject of `test_late_money.py`; this is the rule in one example."""

    @pytest.mark.parametrize("cleared", [False, True])
    def test_given_money_and_free_seats_then_the_lapsed_hold_is_sold(self, *, cleared: bool) -> None:
        given, order = with_order(with_hold(on_sale(), "h1", "ann", A1), "h1", "ann")
        given, payment = with_capture(given, order, "ann", amount=PRICE)
        lapsed = given.later(HOLD_LASTS)
        lapsed = lapsed.given_done(expire_hold, hold="h1") if cleared else lapsed
        assert is_confirmed(lapsed.when(settle, payment=payment))
