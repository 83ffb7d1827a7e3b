"""A basket from claim to end."""

from datetime import timedelta

from domain.basket import expire_hold, hold_seats, release_hold
from domain.errors import NotFound, SeatsTaken
from domain.seat import SeatHeld, SeatReleased
from domain.values import ReleaseReason
from tests.domain.scenario import NOW
from tests.domain.theatre import HOLD_LASTS, INVENTORY, PRICE, SEATS, held, hold_of, on_sale, seat

A1, A2, A3 = SEATS[:3]


class TestHoldSeats:
    def test_given_a_free_seat_then_it_is_held(self) -> None:
        claim = SeatHeld(hold="h1", holder="ann", price=PRICE, expires_at=NOW + HOLD_LASTS)
        on_sale().when(hold_seats, hold_of("h1", "ann", A1), INVENTORY).then_on(seat(A1), claim)

    def test_given_a_seat_in_a_live_hold_then_it_is_refused(self) -> None:
        given = held(on_sale(), "h1", "ann", A1)
        given.when(hold_seats, hold_of("h2", "bob", A1, A2), INVENTORY).then_refused(SeatsTaken, seats=[A1])

    def test_given_a_lapsed_hold_then_it_is_released_first(self) -> None:
        given = held(on_sale(), "h1", "ann", A1).later(HOLD_LASTS)
        claim = SeatHeld(hold="h2", holder="bob", price=PRICE, expires_at=given.now + HOLD_LASTS)
        result = given.when(hold_seats, hold_of("h2", "bob", A1), INVENTORY)
        result.then_on(seat(A1), SeatReleased(hold="h1", reason=ReleaseReason.LAPSED), claim)


class TestReleaseHold:
    def test_given_a_hold_of_somebody_else_then_it_is_refused(self) -> None:
        held(on_sale(), "h1", "ann", A1).when(release_hold, hold="h1", holder="bob").then_refused(NotFound)


class TestExpireHold:
    def test_given_a_live_hold_then_nothing(self) -> None:
        given = held(on_sale(), "h1", "ann", A1, A3)
        given.later(HOLD_LASTS - timedelta(seconds=1)).when(expire_hold, hold="h1").then_nothing()
