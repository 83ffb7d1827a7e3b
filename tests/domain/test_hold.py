"""How is a hold placed, extended and released? (What a lapsed hold may do: `decisions/test_lapsed_hold.py`.)"""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.buyer_quota import BUYER_QUOTA, BuyerQuotaExtended, BuyerQuotaReturned, BuyerQuotaTaken
from domain.decisions.holding import extend_hold, release_hold
from domain.decisions.scheduling import ChangePerformance, cancel
from domain.errors import (
    AlreadyExtended,
    AlreadyPaid,
    DuplicateSeats,
    HoldAlreadyOrdered,
    HoldEnded,
    Invalid,
    NotFound,
    PerformanceIsCancelled,
    PerformanceStarted,
    SeatsTaken,
    TooManySeats,
)
from domain.hold import HOLD, HoldExtended, HoldPlaced, HoldReleased
from domain.order import ORDER, OrderExtended
from domain.performance import SalesState, require_performance
from domain.pricing import Choice, quote
from domain.seat import SeatHeld, SeatHoldExtended, SeatReleased
from domain.values import SEATS_PER_HOLD_MAX, PerformanceCancelReason, Price, ReleaseReason
from tests.support.scenario import NOW
from tests.support.shop import (
    EXTENSION,
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
)

A1, A2, A3 = SEATS[:3]


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

    def test_given_free_seats_then_hold_and_quota_record_them_until_one_deadline(self) -> None:
        result = on_sale().when(hold_command("h1", "ann", A1, A2))
        (placed,) = result.changes[HOLD.stream("h1")]
        assert isinstance(placed, HoldPlaced)
        assert (placed.holder, placed.total, placed.currency) == ("ann", 2 * PRICE, "EUR")
        assert (placed.expires_at, placed.order) == (NOW + HOLD_LASTS, None)
        taken = BuyerQuotaTaken(hold="h1", seats=2, expires_at=NOW + HOLD_LASTS)
        result.then_on(BUYER_QUOTA.stream("ann", HAMLET), taken)

    def test_given_one_seat_of_several_is_taken_then_none_is_held(self) -> None:
        given = with_hold(on_sale(), "h1", "ann", A2)
        given.when(hold_command("h2", "bob", A1, A2, A3)).then_refused(SeatsTaken, seats=[A2])

    def test_given_a_seat_named_twice_then_it_is_refused(self) -> None:
        on_sale().when(hold_command("h1", "ann", A1, A1)).then_refused(DuplicateSeats, seats=[A1])

    def test_given_no_seat_then_it_is_refused(self) -> None:
        on_sale().when(hold_command("h1", "ann")).then_refused(TooManySeats, allowed=SEATS_PER_HOLD_MAX)

    def test_given_more_seats_than_the_hard_cap_then_it_is_refused(self) -> None:
        many = [f"x{number}" for number in range(SEATS_PER_HOLD_MAX + 1)]
        on_sale().when(hold_command("h1", "ann", *many)).then_refused(TooManySeats)

    def test_given_a_ticket_type_without_a_price_then_it_is_refused(self) -> None:
        command = replace(hold_command("h1", "ann", A1), choices=(Choice(seat=A1, ticket_type="senior"),))
        on_sale().when(command).then_refused(Invalid, ticket_type="senior")

    def test_given_changed_prices_then_a_new_hold_has_the_new_price_and_an_older_one_keeps_its_own(self) -> None:
        dearer = ChangePerformance(performance=HAMLET, prices=(Price(category="A", amount=2 * PRICE),))
        given = with_hold(on_sale(), "h1", "ann", A1).given_done(dearer)
        claim = SeatHeld(hold="h2", holder="bob", price=2 * PRICE, expires_at=NOW + HOLD_LASTS)
        given.when(hold_command("h2", "bob", A2)).then_on(seat_stream(A2), claim)
        given, order = with_order(given, "h1", "ann")
        assert given.on(ORDER.stream(order)).state().total == PRICE


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

    def test_given_an_order_then_hold_quota_and_order_move_to_the_same_deadline(self) -> None:
        given, order = with_order(with_hold(on_sale(), "h1", "ann", A1), "h1", "ann")
        moved = NOW + HOLD_LASTS + EXTENSION
        result = given.when(extend_hold, hold="h1", holder="ann", by=EXTENSION)
        result.then_on(HOLD.stream("h1"), HoldExtended(expires_at=moved))
        result.then_on(ORDER.stream(order), OrderExtended(expires_at=moved))
        result.then_on(BUYER_QUOTA.stream("ann", HAMLET), BuyerQuotaExtended(hold="h1", expires_at=moved))

    def test_given_a_paid_order_then_it_is_refused(self) -> None:
        given, _ = with_paid_order(on_sale(), "h1", "ann", A1)
        given.when(extend_hold, hold="h1", holder="ann", by=EXTENSION).then_refused(AlreadyPaid)

    def test_given_a_hold_of_another_buyer_then_it_is_not_found(self) -> None:
        given = with_hold(on_sale(), "h1", "ann", A1)
        given.when(extend_hold, hold="h1", holder="bob", by=EXTENSION).then_refused(NotFound)

    def test_given_a_released_hold_then_it_is_refused(self) -> None:
        given = with_hold(on_sale(), "h1", "ann", A1).given_done(release_hold, hold="h1", holder="ann")
        given.when(extend_hold, hold="h1", holder="ann", by=EXTENSION).then_refused(HoldEnded)


class TestReleaseHold:
    def test_given_a_hold_of_another_buyer_then_it_is_not_found(self) -> None:
        with_hold(on_sale(), "h1", "ann", A1).when(release_hold, hold="h1", holder="bob").then_refused(NotFound)

    def test_given_a_live_hold_then_seats_and_quota_are_free_again(self) -> None:
        result = with_hold(on_sale(), "h1", "ann", A1, A2).when(release_hold, hold="h1", holder="ann")
        result.then_on(HOLD.stream("h1"), HoldReleased(reason=ReleaseReason.BUYER))
        for key in (A1, A2):
            result.then_on(seat_stream(key), SeatReleased(hold="h1", reason=ReleaseReason.BUYER))
        result.then_on(BUYER_QUOTA.stream("ann", HAMLET), BuyerQuotaReturned(hold="h1", seats=2))

    def test_given_a_released_hold_then_a_second_time_records_nothing(self) -> None:
        given = with_hold(on_sale(), "h1", "ann", A1).given_done(release_hold, hold="h1", holder="ann")
        given.when(release_hold, hold="h1", holder="ann").then_nothing()

    def test_given_an_order_then_it_is_refused_and_names_the_order(self) -> None:
        given, order = with_order(with_hold(on_sale(), "h1", "ann", A1), "h1", "ann")
        given.when(release_hold, hold="h1", holder="ann").then_refused(HoldAlreadyOrdered, order=order)

    def test_given_no_such_hold_then_it_is_not_found(self) -> None:
        on_sale().when(release_hold, hold="h1", holder="ann").then_refused(NotFound)
