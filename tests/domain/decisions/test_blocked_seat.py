"""When may staff take a seat off sale, and put it back?"""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.decisions.blocking import BlockSeats, unblock_seats
from domain.errors import DuplicateSeats, Invalid, Rejected, SeatsTaken, TooManySeats, UnknownSeats
from domain.seat import SeatBlocked, SeatReleased, SeatUnblocked
from domain.values import SEATS_PER_BLOCK_MAX, BlockReason, ReleaseReason
from eventstore.store import EVENTS_PER_COMMAND_MAX
from tests.support.scenario import NOW, Result, Scenario
from tests.support.shop import HAMLET, HOLD_LASTS, INVENTORY, SEATS, hold_command, on_sale, with_hold, with_paid_order

A1, A2 = SEATS[:2]
HOUSE, DAMAGED = BlockReason.HOUSE, BlockReason.DAMAGED
SOON, LATER = NOW + timedelta(hours=1), NOW + timedelta(hours=2)


def block_of(reason: BlockReason, until: datetime | None = None, *seats: str) -> BlockSeats:
    """Return the command that blocks seats, A1 unless they are named."""
    return BlockSeats(performance=HAMLET, seats=seats or (A1,), reason=reason, owner="staff", release_at=until)


def blocked(reason: BlockReason, until: datetime | None = None) -> SeatBlocked:
    """Return the event of a block."""
    return SeatBlocked(reason=reason, owner="staff", release_at=until)


def block(scenario: Scenario, reason: BlockReason, until: datetime | None = None) -> Result:
    """Block A1."""
    return scenario.when(block_of(reason, until))


def unblock(scenario: Scenario, reason: BlockReason | None = None) -> Result:
    """Put A1 back on sale."""
    seats: dict[str, Any] = {"performance": HAMLET, "seats": (A1,), "inventory": INVENTORY}
    return scenario.when(unblock_seats, reason=reason, **seats)


def given_block(reason: BlockReason, until: datetime | None = None) -> Scenario:
    """Return a scenario in which A1 is blocked."""
    return on_sale().given_done(block_of(reason, until))


class TestBlockSeats:
    def test_given_a_free_seat_then_it_is_blocked(self) -> None:
        block(on_sale(), HOUSE, SOON).then(blocked(HOUSE, SOON))

    def test_given_the_same_block_then_nothing(self) -> None:
        block(given_block(HOUSE, SOON), HOUSE, SOON).then_nothing()
        block(given_block(HOUSE), HOUSE).then_nothing()

    def test_given_a_longer_block_then_it_takes_the_place_of_the_other(self) -> None:
        for until in (LATER, None):
            block(given_block(HOUSE, SOON), HOUSE, until).then(SeatUnblocked(reason=HOUSE), blocked(HOUSE, until))

    def test_given_a_shorter_block_then_it_takes_the_place_of_the_other(self) -> None:
        block(given_block(HOUSE), HOUSE, SOON).then(SeatUnblocked(reason=HOUSE), blocked(HOUSE, SOON))

    def test_given_another_reason_then_it_takes_the_place_of_the_other(self) -> None:
        block(given_block(HOUSE), DAMAGED).then(SeatUnblocked(reason=HOUSE), blocked(DAMAGED))

    def test_given_a_block_whose_time_ran_out_then_the_seat_is_blocked_anew(self) -> None:
        given = given_block(HOUSE, SOON).at(SOON)
        block(given, HOUSE, LATER).then(SeatUnblocked(), blocked(HOUSE, LATER))

    def test_given_a_block_whose_time_ran_out_then_the_next_buyer_takes_the_seat(self) -> None:
        given = given_block(HOUSE, SOON)
        given.at(SOON - timedelta(seconds=1)).when(hold_command("h1", "ann", A1)).then_refused(SeatsTaken, seats=[A1])
        assert given.at(SOON).when(hold_command("h1", "ann", A1)).events()

    def test_given_a_release_date_that_has_come_then_it_is_refused(self) -> None:
        for until in (NOW, NOW - timedelta(days=365)):
            block(on_sale(), HOUSE, until).then_refused(Invalid)
            block(given_block(HOUSE), HOUSE, until).then_refused(Invalid)

    def test_given_a_lapsed_hold_then_it_ends_first(self) -> None:
        given = with_hold(on_sale(), "h1", "ann", A1).later(HOLD_LASTS)
        block(given, HOUSE).then(SeatReleased(hold="h1", reason=ReleaseReason.LAPSED), blocked(HOUSE))

    def test_given_a_live_hold_or_a_sale_then_no_seat_is_blocked(self) -> None:
        command = block_of(HOUSE, None, A1, A2)
        with_hold(on_sale(), "h1", "ann", A2).when(command).then_refused(SeatsTaken, seats=[A2])
        sold, _ = with_paid_order(on_sale(), "h1", "ann", A2)
        sold.when(command).then_refused(SeatsTaken, seats=[A2])

    def test_the_largest_block_fits_into_one_command(self) -> None:
        events_a_seat = len(block(given_block(HOUSE), DAMAGED).events())
        assert events_a_seat * SEATS_PER_BLOCK_MAX <= EVENTS_PER_COMMAND_MAX


class TestUnblockSeats:
    def test_given_a_block_then_it_ends(self) -> None:
        unblock(given_block(HOUSE)).then(SeatUnblocked())
        unblock(given_block(HOUSE), HOUSE).then(SeatUnblocked(reason=HOUSE))

    def test_given_a_block_for_another_reason_then_nothing(self) -> None:
        unblock(given_block(HOUSE).given_done(block_of(DAMAGED)), HOUSE).then_nothing()

    def test_given_a_block_whose_time_ran_out_then_nothing(self) -> None:
        unblock(given_block(HOUSE, SOON).at(SOON)).then_nothing()

    def test_given_a_held_seat_then_nothing(self) -> None:
        unblock(with_hold(on_sale(), "h1", "ann", A1)).then_nothing()

    def test_given_a_free_seat_then_nothing(self) -> None:
        unblock(on_sale()).then_nothing()


class TestNamedSeats:
    """Both commands name existing seats, each once, and not too many."""

    @pytest.mark.parametrize(
        ("seats", "refusal"),
        [
            ((), TooManySeats),
            (tuple(f"x{number}" for number in range(SEATS_PER_BLOCK_MAX + 1)), TooManySeats),
            ((A1, A1), DuplicateSeats),
            ((A1, "nowhere"), UnknownSeats),
        ],
        ids=["none", "too many", "one twice", "unknown"],
    )
    def test_given_wrong_seats_then_both_commands_are_refused(
        self, seats: tuple[str, ...], refusal: type[Rejected]
    ) -> None:
        block = BlockSeats(performance=HAMLET, seats=seats, reason=HOUSE, owner="staff")
        on_sale().when(block).then_refused(refusal)
        on_sale().when(unblock_seats, performance=HAMLET, seats=seats, inventory=INVENTORY).then_refused(refusal)
