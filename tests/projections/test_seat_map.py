"""The seat map: given events, then where seats stand."""

from datetime import timedelta

from projections.reading import ReadModelQueries
from projections.seat_map import SeatCounts, count_seats, read_seat_map
from tests.projections.shelf import Shelf
from tests.projections.town import HOLD_LASTS, Town

MINUTE = timedelta(minutes=1)


async def shown(models: ReadModelQueries, town: Town, performance: str) -> dict[str, str]:
    """Return each seat that is not free now."""
    return dict((await read_seat_map(models, performance=performance)).states_at(town.clock.now()))


class TestSeatMap:
    async def test_every_way_a_seat_goes(self, town: Town, shelf: Shelf, models: ReadModelQueries) -> None:
        _, performance = await town.open_shop()
        a, b, c, d, e, *_ = town.seats
        await town.hold(performance, "ann", a)
        released = await town.hold(performance, "bob", b)
        await town.release(released, "bob")
        order = await town.buy(performance, "cleo", c)
        returned = await town.buy(performance, "cleo", d)
        await town.block(performance, e)
        refund = await town.ask_back(returned)
        await town.approve(refund)
        await shelf.fold(town.store)
        assert order
        assert await shown(models, town, performance) == {a: "held", c: "sold", e: "blocked"}
        await town.unblock(performance, e)
        await shelf.fold(town.store)
        assert await shown(models, town, performance) == {a: "held", c: "sold"}

    async def test_a_lapsed_hold_and_an_ended_block_are_free_though_nobody_swept(
        self, town: Town, shelf: Shelf, models: ReadModelQueries
    ) -> None:
        _, performance = await town.open_shop()
        a, b, c, *_ = town.seats
        await town.hold(performance, "ann", a)
        await town.block(performance, b, release_at=town.clock.now() + 2 * HOLD_LASTS)
        await town.block(performance, c)
        await shelf.fold(town.store)
        seats = await read_seat_map(models, performance=performance)
        now = town.clock.now()
        assert dict(seats.states_at(now)) == {a: "held", b: "blocked", c: "blocked"}
        assert dict(seats.states_at(now + HOLD_LASTS)) == {b: "blocked", c: "blocked"}
        assert dict(seats.states_at(now + 2 * HOLD_LASTS)) == {c: "blocked"}

    async def test_an_extended_hold_keeps_its_price_and_moves_its_deadline(
        self, town: Town, shelf: Shelf, models: ReadModelQueries
    ) -> None:
        _, performance = await town.open_shop()
        hold = await town.hold(performance, "ann", town.seats[0])
        await shelf.fold(town.store)
        await town.extend(hold, "ann")
        await shelf.fold(town.store)
        rows = (await models.fetch(["seat_map"], "SELECT price, until FROM {seat_map}.seat", {})).rows
        assert rows == [{"price": 4500, "until": town.clock.now() + 2 * HOLD_LASTS}]

    async def test_performances_do_not_meet(self, town: Town, shelf: Shelf, models: ReadModelQueries) -> None:
        _, one = await town.open_shop()
        _, other = await town.open_shop()
        await town.hold(one, "ann", town.seats[0])
        await shelf.fold(town.store)
        assert await shown(models, town, one) == {town.seats[0]: "held"}
        assert await shown(models, town, other) == {}


class TestTally:
    async def test_it_counts_what_is_taken_by_the_readers_clock(
        self, town: Town, shelf: Shelf, models: ReadModelQueries
    ) -> None:
        _, performance = await town.open_shop()
        a, b, c, d, e, f, *_ = town.seats
        await town.hold(performance, "ann", a, b)
        await town.buy(performance, "cleo", c)
        await town.block(performance, d, e)
        await town.block(performance, f, release_at=town.clock.now() + MINUTE)
        await shelf.fold(town.store)

        async def tally(after: timedelta) -> SeatCounts:
            now = town.clock.now() + after
            return (await count_seats(models, performances=[performance, "nowhere"], now=now))[performance]

        assert await tally(timedelta()) == SeatCounts(held=2, sold=1, blocked=3)
        assert (await tally(timedelta())).available(len(town.seats)) == len(town.seats) - 6
        assert await tally(MINUTE + timedelta(seconds=10)) == SeatCounts(held=2, sold=1, blocked=2)
        assert await tally(HOLD_LASTS + timedelta(seconds=10)) == SeatCounts(sold=1, blocked=2)

    async def test_deadlines_that_passed_leave_no_rows_behind(
        self, town: Town, shelf: Shelf, models: ReadModelQueries
    ) -> None:
        _, performance = await town.open_shop()
        for _ in range(5):
            hold = await town.hold(performance, "ann", town.seats[0])
            await shelf.fold(town.store)
            town.wait(HOLD_LASTS)
            await town.sweep(hold)
            await shelf.fold(town.store)
        rows = (await models.fetch(["seat_map"], "SELECT * FROM {seat_map}.tally", {})).rows
        assert rows == []

    async def test_nothing_known_counts_nothing(self, shelf: Shelf, models: ReadModelQueries, town: Town) -> None:
        found = await count_seats(models, performances=["nowhere"], now=town.clock.now())
        assert found == {"nowhere": SeatCounts()}
