"""A basket from claim to end."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.decisions.holding import expire_hold, extend_hold, release_hold
from domain.decisions.ordering import PlaceOrder, cancel_order, order_hold
from domain.decisions.paying import OpenPayment
from domain.decisions.scheduling import ChangePerformance, cancel
from domain.errors import (
    AlreadyExtended,
    AreaSoldOut,
    DuplicateSeats,
    HoldLapsed,
    LimitReached,
    NotFound,
    OrderEnded,
    PerformanceIsCancelled,
    PerformanceStarted,
    SeatsTaken,
    TooManySeats,
    UnknownSeats,
)
from domain.hold import HoldPlaced
from domain.order import ORDER, OrderExpired
from domain.performance import SalesState, require_performance
from domain.pricing import Choice, quote
from domain.seat import SeatHeld, SeatHoldExtended, SeatReleased
from domain.values import Limits, OrderCancelReason, PerformanceCancelReason, Price, ReleaseReason
from tests.support.scenario import NOW
from tests.support.shop import (
    HAMLET,
    HOLD_LASTS,
    INVENTORY,
    PIT,
    PRICE,
    SEATS,
    STANDING,
    hold_command,
    on_sale,
    seat_stream,
    with_hold,
    with_order,
    with_paid_order,
)

A1, A2, A3 = SEATS[:3]
EXTENSION = timedelta(minutes=5)


class TestHoldSeats:
    def test_given_a_free_seat_then_it_is_held(self) -> None:
        claim = SeatHeld(hold="h1", holder="ann", price=PRICE, expires_at=NOW + HOLD_LASTS)
        on_sale().when(hold_command("h1", "ann", A1)).then_on(seat_stream(A1), claim)

    def test_given_a_seat_in_a_live_hold_then_it_is_refused(self) -> None:
        given = with_hold(on_sale(), "h1", "ann", A1)
        given.when(hold_command("h2", "bob", A1, A2)).then_refused(SeatsTaken, seats=[A1])

    def test_given_the_buyers_own_seats_then_the_refusal_says_where_they_are(self) -> None:
        given = with_hold(on_sale(), "h1", "ann", A1)
        command = hold_command("h2", "ann", A1)
        own = {"seat": A1, "hold": "h1", "order": None}
        given.when(command).then_refused(SeatsTaken, seats=[A1], own=[own])
        extended = given.given_done(extend_hold, hold="h1", holder="ann", by=EXTENSION)
        extended.when(command).then_refused(SeatsTaken, own=[own])
        given, order = with_order(given, "h1", "ann")
        given.when(command).then_refused(SeatsTaken, own=[{**own, "order": order}])
        given, order = with_paid_order(on_sale(), "h1", "ann", A1)
        sold = {"seat": A1, "hold": None, "order": order}
        given.when(command).then_refused(SeatsTaken, own=[sold])
        given.when(hold_command("h2", "bob", A1)).then_refused(SeatsTaken, own=None)

    def test_given_the_buyers_own_seats_and_no_quota_left_then_the_refusal_says_where_they_are(self) -> None:
        given = with_hold(on_sale(limits=Limits(seats_per_buyer=2)), "h1", "ann", A1, A2)
        again = hold_command("h2", "ann", A1, A2)
        given.when(again).then_refused(SeatsTaken, seats=[A1, A2])
        given.when(hold_command("h2", "ann", A3)).then_refused(LimitReached)

    def test_given_a_lapsed_hold_then_it_is_released_first(self) -> None:
        given = with_hold(on_sale(), "h1", "ann", A1).later(HOLD_LASTS)
        claim = SeatHeld(hold="h2", holder="bob", price=PRICE, expires_at=given.now + HOLD_LASTS)
        result = given.when(hold_command("h2", "bob", A1))
        result.then_on(seat_stream(A1), SeatReleased(hold="h1", reason=ReleaseReason.LAPSED), claim)

    def test_given_a_place_of_a_standing_area_named_as_a_seat_then_it_is_refused(self) -> None:
        command = hold_command("h1", "ann", A1, STANDING[0], standing=1)
        on_sale().when(command).then_refused(UnknownSeats, seats=[STANDING[0]])

    def test_given_a_place_drawn_for_an_area_it_does_not_belong_to_then_it_is_refused(self) -> None:
        command = hold_command("h1", "ann", standing=1, candidates=(A1,))
        on_sale().when(command).then_refused(UnknownSeats, seats=[A1])

    def test_given_two_draws_with_the_same_candidates_then_every_place_has_one_line(self) -> None:
        command = hold_command("h1", "ann", standing=2)
        twice = replace(
            command,
            area_candidates=(*command.area_candidates, replace(command.area_candidates[0], ticket_type="child")),
        )
        child = Price(category="S", ticket_type="child", amount=1)
        given = on_sale(prices=(Price(category="S", amount=PRICE), child))
        (placed,) = [event for event in given.when(twice).events() if isinstance(event, HoldPlaced)]
        assert [line.place.seat for line in placed.lines] == list(STANDING[:4])

    @pytest.mark.parametrize("quantity", [0, -1])
    def test_given_an_area_of_which_no_place_is_wanted_then_it_is_refused(self, quantity: int) -> None:
        command = hold_command("h1", "ann", *SEATS[:2], standing=1)
        (draw,) = command.area_candidates
        none = replace(command, area_candidates=(replace(draw, quantity=quantity),))
        on_sale().when(none).then_refused(TooManySeats)

    def test_given_fewer_candidates_than_two_draws_need_then_the_area_is_sold_out(self) -> None:
        command = hold_command("h1", "ann", standing=2, candidates=STANDING[:3])
        twice = replace(command, area_candidates=(*command.area_candidates, *command.area_candidates))
        on_sale().when(twice).then_refused(AreaSoldOut, area=PIT, left=1)


class TestQuote:
    def test_given_one_place_chosen_twice_then_it_is_refused(self) -> None:
        performance = on_sale().state(require_performance, HAMLET)
        with pytest.raises(DuplicateSeats):
            quote(HAMLET, performance, INVENTORY, [Choice(seat=A1), Choice(seat=A2), Choice(seat=A1)])


class TestExtendHold:
    def test_given_a_live_hold_then_every_deadline_moves_once(self) -> None:
        given = with_hold(on_sale(), "h1", "ann", A1)
        moved = given.now + HOLD_LASTS + EXTENSION
        result = given.when(extend_hold, hold="h1", holder="ann", by=EXTENSION)
        result.then_on(seat_stream(A1), SeatHoldExtended(hold="h1", expires_at=moved))
        again = given.given_done(extend_hold, hold="h1", holder="ann", by=EXTENSION)
        again.when(extend_hold, hold="h1", holder="ann", by=EXTENSION).then_refused(AlreadyExtended)

    def test_given_sales_were_closed_meanwhile_then_it_is_extended(self) -> None:
        closing = ChangePerformance(performance=HAMLET, sales=SalesState.CLOSED)
        given = with_hold(on_sale(), "h1", "ann", A1).given_done(closing)
        assert given.when(extend_hold, hold="h1", holder="ann", by=EXTENSION).events()

    def test_given_the_performance_was_cancelled_then_it_is_refused(self) -> None:
        given = with_hold(on_sale(), "h1", "ann", A1).given_done(cancel, HAMLET, PerformanceCancelReason.ILLNESS)
        given.when(extend_hold, hold="h1", holder="ann", by=EXTENSION).then_refused(PerformanceIsCancelled)

    def test_given_the_performance_has_begun_then_it_is_refused_but_the_hold_can_be_ordered(self) -> None:
        given = with_hold(on_sale(starts_at=NOW + timedelta(minutes=1)), "h1", "ann", A1).later(timedelta(minutes=2))
        given.when(extend_hold, hold="h1", holder="ann", by=EXTENSION).then_refused(PerformanceStarted)
        assert with_order(given, "h1", "ann")


class TestReleaseHold:
    def test_given_a_hold_of_somebody_else_then_it_is_refused(self) -> None:
        with_hold(on_sale(), "h1", "ann", A1).when(release_hold, hold="h1", holder="bob").then_refused(NotFound)


class TestLapsedHold:
    def test_given_it_was_cleared_away_then_it_is_refused_as_before_with_its_places(self) -> None:
        lapsed = with_hold(on_sale(), "h1", "ann", A1, standing=2).later(HOLD_LASTS)
        for given in (lapsed, lapsed.given_done(expire_hold, hold="h1")):
            place = PlaceOrder(order="order", account="ann", contact=None)
            refused = given.when(order_hold, place, hold="h1")
            refused.then_refused(HoldLapsed, seats=[A1], areas=[{"area": PIT, "quantity": 2}], performance=HAMLET)

    def test_given_an_order_whose_time_has_run_out_then_it_expires_in_place_of_being_cancelled(self) -> None:
        given, order = with_order(with_hold(on_sale(), "h1", "ann", A1), "h1", "ann")
        given = given.later(HOLD_LASTS)
        cancel = given.when(cancel_order, order=order, account="ann", reason=OrderCancelReason.BUYER)
        cancel.then_on(ORDER.stream(order), OrderExpired())
        given.when(OpenPayment(payment="p", order=order, account="ann", provider="x")).then_refused(
            OrderEnded, order_status="expired"
        )


class TestExpireHold:
    def test_given_a_live_hold_then_nothing(self) -> None:
        given = with_hold(on_sale(), "h1", "ann", A1, A3)
        given.later(HOLD_LASTS - timedelta(seconds=1)).when(expire_hold, hold="h1").then_nothing()
