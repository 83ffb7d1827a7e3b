"""The seat map: given events, then the states of seats."""

from datetime import timedelta

from projections.engine.queries import ReadModelQueries
from projections.seat_map.queries import SeatCounts, count_seats, read_seat_map
from tests.projections.manual_projector import ManualProjector
from tests.support.shop import HOLD_LASTS
from tests.support.shop_scenario import ShopScenario

MINUTE = timedelta(minutes=1)


async def shown(models: ReadModelQueries, shop_scenario: ShopScenario, performance: str) -> dict[str, str]:
    """Return seat → state, for seats that are not free now."""
    return dict((await read_seat_map(models, performance=performance)).states_at(shop_scenario.clock.now()))


class TestSeatMap:
    async def test_each_transition_of_a_seat(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        _, performance = await shop_scenario.open_shop()
        a, b, c, d, e, *_ = shop_scenario.seats
        await shop_scenario.hold(performance, "ann", a)
        released = await shop_scenario.hold(performance, "bob", b)
        await shop_scenario.release(released, "bob")
        order = await shop_scenario.buy(performance, "cleo", c)
        returned = await shop_scenario.buy(performance, "cleo", d)
        await shop_scenario.block(performance, e)
        refund = await shop_scenario.request_refund(returned)
        await shop_scenario.approve(refund)
        await manual_projector.fold(shop_scenario.store)
        assert order
        assert await shown(models, shop_scenario, performance) == {a: "held", c: "sold", e: "blocked"}
        await shop_scenario.unblock(performance, e)
        await manual_projector.fold(shop_scenario.store)
        assert await shown(models, shop_scenario, performance) == {a: "held", c: "sold"}

    async def test_a_lapsed_hold_and_an_ended_block_are_free_without_an_event(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        _, performance = await shop_scenario.open_shop()
        a, b, c, *_ = shop_scenario.seats
        await shop_scenario.hold(performance, "ann", a)
        await shop_scenario.block(performance, b, release_at=shop_scenario.clock.now() + 2 * HOLD_LASTS)
        await shop_scenario.block(performance, c)
        await manual_projector.fold(shop_scenario.store)
        seats = await read_seat_map(models, performance=performance)
        now = shop_scenario.clock.now()
        assert dict(seats.states_at(now)) == {a: "held", b: "blocked", c: "blocked"}
        assert dict(seats.states_at(now + HOLD_LASTS)) == {b: "blocked", c: "blocked"}
        assert dict(seats.states_at(now + 2 * HOLD_LASTS)) == {c: "blocked"}

    async def test_an_extended_hold_keeps_its_price_and_moves_its_deadline(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        _, performance = await shop_scenario.open_shop()
        hold = await shop_scenario.hold(performance, "ann", shop_scenario.seats[0])
        await manual_projector.fold(shop_scenario.store)
        await shop_scenario.extend(hold, "ann")
        await manual_projector.fold(shop_scenario.store)
        rows = (await models.fetch(["seat_map"], "SELECT price, until FROM {seat_map}.seat", {})).rows
        assert rows == [{"price": 4500, "until": shop_scenario.clock.now() + 2 * HOLD_LASTS}]

    async def test_performances_are_independent(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        _, one = await shop_scenario.open_shop()
        _, other = await shop_scenario.open_shop()
        await shop_scenario.hold(one, "ann", shop_scenario.seats[0])
        await manual_projector.fold(shop_scenario.store)
        assert await shown(models, shop_scenario, one) == {shop_scenario.seats[0]: "held"}
        assert await shown(models, shop_scenario, other) == {}


class TestTally:
    async def test_it_counts_taken_seats_at_the_given_time(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        _, performance = await shop_scenario.open_shop()
        a, b, c, d, e, f, *_ = shop_scenario.seats
        await shop_scenario.hold(performance, "ann", a, b)
        await shop_scenario.buy(performance, "cleo", c)
        await shop_scenario.block(performance, d, e)
        await shop_scenario.block(performance, f, release_at=shop_scenario.clock.now() + MINUTE)
        await manual_projector.fold(shop_scenario.store)

        async def tally(after: timedelta) -> SeatCounts:
            now = shop_scenario.clock.now() + after
            return (await count_seats(models, performances=[performance, "nowhere"], now=now))[performance]

        assert await tally(timedelta()) == SeatCounts(held=2, sold=1, blocked=3)
        assert (await tally(timedelta())).available(len(shop_scenario.seats)) == len(shop_scenario.seats) - 6
        assert await tally(MINUTE + timedelta(seconds=10)) == SeatCounts(held=2, sold=1, blocked=2)
        assert await tally(HOLD_LASTS + timedelta(seconds=10)) == SeatCounts(sold=1, blocked=2)

    async def test_passed_deadlines_leave_no_rows(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        _, performance = await shop_scenario.open_shop()
        for _ in range(5):
            hold = await shop_scenario.hold(performance, "ann", shop_scenario.seats[0])
            await manual_projector.fold(shop_scenario.store)
            shop_scenario.wait(HOLD_LASTS)
            await shop_scenario.sweep(hold)
            await manual_projector.fold(shop_scenario.store)
        rows = (await models.fetch(["seat_map"], "SELECT * FROM {seat_map}.tally", {})).rows
        assert rows == []

    async def test_an_unknown_performance_counts_nothing(
        self, manual_projector: ManualProjector, models: ReadModelQueries, shop_scenario: ShopScenario
    ) -> None:
        found = await count_seats(models, performances=["nowhere"], now=shop_scenario.clock.now())
        assert found == {"nowhere": SeatCounts()}
