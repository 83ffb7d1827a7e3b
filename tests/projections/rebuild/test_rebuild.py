"""A rebuild folds beside the live tables and swaps atomically; readers see only old or new rows."""

import asyncio
from functools import partial
from random import Random

import pytest

from projections.engine.checkpoints import NoSuchProjection, schema_name
from projections.engine.queries import ModelMissing, ReadModelQueries
from projections.my_orders import MY_ORDERS
from projections.rebuild.commands import rebuild
from projections.rebuild.exclusive_session import RebuildInProgress, exclusive_session
from projections.rebuild.rebuilder import VersionsDiffer
from projections.rebuild.throttle import Progress
from projections.registry import EVERY_MODEL, reader_for
from projections.seat_map.fold import SEAT_MAP
from projections.seat_map.queries import read_seat_map
from tests.eventstore.nats.bookings import until
from tests.projections.manual_projector import ManualProjector
from tests.projections.random_history import RandomHistory
from tests.projections.workers import FailingModel, ProjectionWorkers, execute
from tests.support.shop_scenario import ShopScenario

READER = reader_for(EVERY_MODEL)


class TestRebuild:
    async def test_a_read_model_rebuilt_from_nothing_is_identical(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, projector_url: str
    ) -> None:
        await RandomHistory(shop_scenario, Random(7)).run(200)
        await manual_projector.fold(shop_scenario.store, batch=50)
        before = await manual_projector.contents()
        for model in EVERY_MODEL:
            rebuilt = await rebuild(url=projector_url, store=shop_scenario.store, model=model, reader=READER)
            assert (rebuilt.position, rebuilt.differences) == (await shop_scenario.store.head(), [])
        async with ManualProjector(projector_url) as anew:
            assert await anew.contents() == before

    async def test_damaged_rows_are_repaired_while_the_runner_continues(
        self, shop_scenario: ShopScenario, projector_url: str, owner_url: str, models: ReadModelQueries
    ) -> None:
        _, performance = await shop_scenario.open_shop()
        await shop_scenario.hold(performance, "ann", shop_scenario.seats[0])
        projection_workers = ProjectionWorkers(projector_url, shop_scenario.store)
        async with projection_workers.run_worker("one"):
            await projection_workers.wait_until_current()
            await execute(owner_url, "UPDATE seat_map_v1_0.seat SET state = 'sold'")
            seats = await read_seat_map(models, performance=performance)
            assert dict(seats.states_at(shop_scenario.clock.now())) == {shop_scenario.seats[0]: "sold"}
            reports: list[Progress] = []
            rebuild_seat_map = partial(
                rebuild, url=projector_url, store=shop_scenario.store, model=SEAT_MAP, reader=READER
            )
            with pytest.raises(VersionsDiffer) as refusal:
                await rebuild_seat_map()
            (difference,) = refusal.value.differences
            assert (difference.table, difference.live_rows, difference.built_rows) == ("seat", 1, 1)
            assert [",sold," in row for row in difference.only_live] == [True]
            assert [",held," in row for row in difference.only_built] == [True]
            assert dict(seats.states_at(shop_scenario.clock.now())) == {shop_scenario.seats[0]: "sold"}
            await rebuild_seat_map(swap_anyway=True, report=reports.append)
            seats = await read_seat_map(models, performance=performance)
            assert dict(seats.states_at(shop_scenario.clock.now())) == {shop_scenario.seats[0]: "held"}
            assert (reports[-1].state, reports[-1].share) == ("live", 1.0)
            await shop_scenario.buy(performance, "bob", shop_scenario.seats[1])
            await projection_workers.wait_until_current()
            seats = await read_seat_map(models, performance=performance)
            assert dict(seats.states_at(shop_scenario.clock.now())) == {
                shop_scenario.seats[0]: "held",
                shop_scenario.seats[1]: "sold",
            }

    async def test_a_failed_read_model_runs_again(self, shop_scenario: ShopScenario, projector_url: str) -> None:
        await shop_scenario.open_shop()
        failing_model = FailingModel(MY_ORDERS, lambda event: event.name == "OrderPlaced")
        projection_workers = ProjectionWorkers(projector_url, shop_scenario.store)
        _, performance = await shop_scenario.open_shop()
        await shop_scenario.buy(performance, "ann", shop_scenario.seats[0])
        async with projection_workers.run_worker("one", [failing_model.model]):
            await projection_workers.wait_for("the failure", lambda states: states["my_orders"].state == "failed")
            failing_model.broken = False
            await rebuild(url=projector_url, store=shop_scenario.store, model=MY_ORDERS, reader=READER)
            state = (await projection_workers.states())["my_orders"]
            assert (state.state, state.error, state.schema) == ("running", None, schema_name(MY_ORDERS, 1))
            await shop_scenario.buy(performance, "ann", shop_scenario.seats[1])
            await projection_workers.wait_until_current("my_orders")

    async def test_readers_never_see_an_earlier_state(
        self,
        shop_scenario: ShopScenario,
        manual_projector: ManualProjector,
        projector_url: str,
        models: ReadModelQueries,
    ) -> None:
        _, performance = await shop_scenario.open_shop()
        await shop_scenario.hold(performance, "ann", shop_scenario.seats[0])
        await manual_projector.fold(shop_scenario.store)
        done = asyncio.Event()
        reads = 0

        async def read_on() -> None:
            nonlocal reads
            while not done.is_set():
                seats = await read_seat_map(models, performance=performance)
                assert seats.position == await shop_scenario.store.head()
                assert dict(seats.states_at(shop_scenario.clock.now())) == {shop_scenario.seats[0]: "held"}
                reads += 1

        async def has_read_on(times: int) -> None:
            await until(lambda: reads >= times, "reads after the swap")

        async with asyncio.TaskGroup() as group:
            group.create_task(read_on())
            for _ in range(5):
                await rebuild(url=projector_url, store=shop_scenario.store, model=SEAT_MAP, reader=READER)
                await has_read_on(reads + 3)
            done.set()

    async def test_a_second_concurrent_rebuild_is_refused(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, projector_url: str
    ) -> None:
        async with exclusive_session(projector_url, "seat_map"):
            with pytest.raises(RebuildInProgress):
                await rebuild(url=projector_url, store=shop_scenario.store, model=SEAT_MAP, reader=READER)
        await rebuild(url=projector_url, store=shop_scenario.store, model=SEAT_MAP, reader=READER)

    async def test_an_unknown_read_model_is_refused(
        self, shop_scenario: ShopScenario, projector_url: str, owner_url: str
    ) -> None:
        await execute(owner_url, "DELETE FROM projections.projection")
        with pytest.raises(NoSuchProjection):
            await rebuild(url=projector_url, store=shop_scenario.store, model=SEAT_MAP, reader=READER)


class TestReading:
    async def test_a_read_model_without_tables_is_missing(self, owner_url: str, models: ReadModelQueries) -> None:
        await execute(owner_url, "DELETE FROM projections.projection")
        with pytest.raises(ModelMissing):
            await read_seat_map(models, performance="p")
