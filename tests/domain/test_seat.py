"""Which ways lead a seat from free to held, sold or blocked, and back?"""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.decisions.blocking import BlockSeats
from domain.errors import SeatsTaken, UnknownSeats
from domain.seat import (
    FREE,
    Blocked,
    Held,
    SeatBlocked,
    SeatEvent,
    SeatHeld,
    SeatHoldExtended,
    SeatReleased,
    SeatReturned,
    SeatSold,
    SeatUnblocked,
    Sold,
)
from domain.values import BlockReason, RefundReason, ReleaseReason
from tests.support.scenario import NOW
from tests.support.shop import EXTENSION, HAMLET, HOLD_LASTS, PRICE, SEATS, hold_command, on_sale, seat_stream

A1 = SEATS[0]
seat = on_sale().on(seat_stream(A1))
UNTIL = NOW + HOLD_LASTS
held_by_ann = SeatHeld(hold="h1", holder="ann", price=PRICE, expires_at=UNTIL)
extended = SeatHoldExtended(hold="h1", expires_at=UNTIL + EXTENSION)
sold_to_ann = SeatSold(order="o1", ticket="t1")
returned = SeatReturned(order="o1", reason=RefundReason.BUYER_REQUEST)
blocked = SeatBlocked(reason=BlockReason.HOUSE, owner="staff")
blocked_until = SeatBlocked(reason=BlockReason.HOUSE, owner="staff", release_at=UNTIL)
hold_by_bob = hold_command("h2", "bob", A1)
held_by_bob = SeatHeld(hold="h2", holder="bob", price=PRICE, expires_at=UNTIL)
block = BlockSeats(performance=HAMLET, seats=(A1,), reason=BlockReason.DAMAGED, owner="staff")


class TestHoldSeat:
    def test_given_a_free_seat_then_it_is_held(self) -> None:
        seat.when(hold_by_bob).then(held_by_bob)

    def test_given_a_live_hold_of_another_buyer_then_it_is_refused(self) -> None:
        seat.given(held_by_ann).when(hold_by_bob).then_refused(SeatsTaken, seats=[A1])

    def test_given_a_live_hold_until_its_last_instant_then_it_is_refused(self) -> None:
        seat.given(held_by_ann).at(UNTIL - timedelta(microseconds=1)).when(hold_by_bob).then_refused(SeatsTaken)

    def test_given_a_lapsed_hold_then_it_is_released_and_the_seat_is_held_anew(self) -> None:
        anew = replace(held_by_bob, expires_at=UNTIL + HOLD_LASTS)
        lapsed = SeatReleased(hold="h1", reason=ReleaseReason.LAPSED)
        seat.given(held_by_ann).at(UNTIL).when(hold_by_bob).then(lapsed, anew)

    def test_given_an_extended_hold_then_it_is_refused_until_the_new_deadline(self) -> None:
        given = seat.given(held_by_ann, extended)
        given.at(UNTIL).when(hold_by_bob).then_refused(SeatsTaken)
        given.at(UNTIL + EXTENSION).when(hold_by_bob).then_accepted()

    @pytest.mark.parametrize("reason", list(ReleaseReason))
    def test_given_a_released_hold_then_it_is_held(self, reason: ReleaseReason) -> None:
        seat.given(held_by_ann, SeatReleased(hold="h1", reason=reason)).when(hold_by_bob).then(held_by_bob)

    def test_given_a_sold_seat_then_it_is_refused_for_good(self) -> None:
        seat.given(held_by_ann, sold_to_ann).later(timedelta(days=1)).when(hold_by_bob).then_refused(SeatsTaken)

    def test_given_a_returned_seat_then_it_is_held(self) -> None:
        seat.given(held_by_ann, sold_to_ann, returned).when(hold_by_bob).then(held_by_bob)

    def test_given_a_block_without_a_release_date_then_it_is_refused_for_good(self) -> None:
        seat.given(blocked).later(timedelta(days=1)).when(hold_by_bob).then_refused(SeatsTaken)

    def test_given_a_block_until_a_release_date_then_it_is_held_from_that_date_on(self) -> None:
        seat.given(blocked_until).when(hold_by_bob).then_refused(SeatsTaken)
        anew = replace(held_by_bob, expires_at=UNTIL + HOLD_LASTS)
        seat.given(blocked_until).at(UNTIL).when(hold_by_bob).then(SeatUnblocked(), anew)

    def test_given_an_unblocked_seat_then_it_is_held(self) -> None:
        seat.given(blocked, SeatUnblocked()).when(hold_by_bob).then(held_by_bob)

    def test_given_no_such_seat_then_it_is_refused(self) -> None:
        seat.when(hold_command("h2", "bob", "nowhere")).then_refused(UnknownSeats, seats=["nowhere"])


class TestBlockSeat:
    def test_given_a_free_seat_then_it_is_blocked(self) -> None:
        seat.when(block).then(SeatBlocked(reason=BlockReason.DAMAGED, owner="staff"))

    def test_given_a_live_hold_or_a_sale_then_it_is_refused(self) -> None:
        seat.given(held_by_ann).when(block).then_refused(SeatsTaken, seats=[A1])
        seat.given(held_by_ann, sold_to_ann).when(block).then_refused(SeatsTaken, seats=[A1])

    def test_given_a_returned_seat_then_it_is_blocked(self) -> None:
        seat.given(held_by_ann, sold_to_ann, returned).when(block).then_accepted()


class TestSeatState:
    """The state of a seat after each of its events."""

    @pytest.mark.parametrize(
        ("events", "state"),
        [
            ((), FREE),
            ((held_by_ann,), Held(hold="h1", expires_at=UNTIL, holder="ann")),
            ((held_by_ann, extended), Held(hold="h1", expires_at=UNTIL + EXTENSION, holder="ann")),
            ((held_by_ann, sold_to_ann), Sold(order="o1", ticket="t1", holder="ann")),
            ((sold_to_ann,), Sold(order="o1", ticket="t1", holder=None)),
            ((held_by_ann, sold_to_ann, returned), FREE),
            ((blocked_until,), Blocked(reason=BlockReason.HOUSE, release_at=UNTIL)),
            ((blocked_until, SeatUnblocked()), FREE),
        ],
        ids=["new", "held", "extended", "sold from a hold", "sold", "returned", "blocked", "unblocked"],
    )
    def test_given_its_events_then_the_seat_is_in_this_state(
        self, events: tuple[SeatEvent, ...], state: object
    ) -> None:
        assert seat.given(*events).state() == state
