"""The runner: one owner per read model, compare-and-set checkpoints, code versions."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from domain.errors import NotFailed
from eventstore.checkpoint import Checkpoint
from eventstore.store import RecordedEvent
from eventstore.subscription import PollingSubscription
from projections.engine import checkpoints
from projections.engine.checkpoints import Lease, LeaseLost
from projections.engine.event_buffer import SharedEventBuffer
from projections.engine.event_reader import ProjectionEventReader
from projections.engine.model import ProjectedEvent
from projections.engine.projector import Projector
from projections.engine.queries import ReadModelQueries
from projections.operations.operations import PAUSE, RESUME, RETRY, ProjectionOperations
from projections.registry import EVERY_MODEL, reader_for
from projections.seat_map.fold import SEAT_MAP
from projections.seat_map.queries import read_seat_map
from projections.tickets.fold import TICKETS
from tests.projections.manual_projector import ManualProjector
from tests.projections.workers import SILENCE_S, ProjectionWorkers, execute
from tests.support.shop_scenario import ShopScenario


class TestRunner:
    async def test_it_folds_existing_and_new_events(
        self, shop_scenario: ShopScenario, projection_workers: ProjectionWorkers, models: ReadModelQueries
    ) -> None:
        _, performance = await shop_scenario.open_shop()
        async with projection_workers.run_worker("one"):
            await projection_workers.wait_until_current()
            await shop_scenario.buy(performance, "ann", shop_scenario.seats[0])
            await projection_workers.wait_until_current()
            seats = await read_seat_map(models, performance=performance)
            assert dict(seats.states_at(shop_scenario.clock.now())) == {shop_scenario.seats[0]: "sold"}
            assert {state.owner for state in (await projection_workers.states()).values()} == {"one"}

    async def test_each_event_is_decoded_once_for_all_read_models(
        self, shop_scenario: ShopScenario, projection_workers: ProjectionWorkers
    ) -> None:
        @dataclass(frozen=True, kw_only=True)
        class CountingReader(ProjectionEventReader):
            seen: list[int]

            def read(self, events: Sequence[RecordedEvent]) -> list[ProjectedEvent]:
                self.seen.extend(event.position for event in events)
                return super().read(events)

        every = reader_for(EVERY_MODEL)
        reader = CountingReader(names=every.names, versions=every.versions, upcasters=every.upcasters, seen=[])
        async with projection_workers.run_worker("one", reader=reader):
            for _ in range(20):
                await shop_scenario.open_shop()
            await projection_workers.wait_until_current()
        assert sorted(reader.seen) == list(range(1, await shop_scenario.store.head() + 1))

    async def test_after_a_clean_stop_a_standby_takes_over_at_once(
        self, shop_scenario: ShopScenario, projection_workers: ProjectionWorkers
    ) -> None:
        await shop_scenario.open_shop()
        async with projection_workers.run_worker("one"):
            await projection_workers.wait_until_current()
        assert {state.owner for state in (await projection_workers.states()).values()} == {None}
        await shop_scenario.open_shop()
        async with projection_workers.run_worker("two"):
            await projection_workers.wait_until_current()
            assert {state.owner for state in (await projection_workers.states()).values()} == {"two"}

    async def test_each_read_model_has_one_owner_and_a_silent_owner_is_replaced(
        self, shop_scenario: ShopScenario, projection_workers: ProjectionWorkers, owner_url: str
    ) -> None:
        await shop_scenario.open_shop()
        alive = "UPDATE projections.projection SET owner = 'another', heartbeat_at = clock_timestamp()"
        await execute(owner_url, alive)
        fences = {name: state.fence for name, state in (await projection_workers.states()).items()}
        began_at = time.monotonic()
        async with projection_workers.run_worker("standby"):
            await projection_workers.wait_for("the take-over", lambda states: states["sales"].owner == "standby")
            assert time.monotonic() - began_at >= SILENCE_S - 0.2
            await projection_workers.wait_until_current()
        assert all(state.fence > fences[name] for name, state in (await projection_workers.states()).items())

    async def test_the_lease_of_a_living_owner_is_not_acquired(
        self, shop_scenario: ShopScenario, projection_workers: ProjectionWorkers, owner_url: str
    ) -> None:
        ages = "UPDATE projections.projection SET heartbeat_at = heartbeat_at - interval '12 seconds'"
        async with (
            projection_workers.run_worker("one", silence_s=20),
            projection_workers.run_worker("two", silence_s=20),
        ):
            await projection_workers.wait_until_current()
            for _ in range(3):
                await execute(owner_url, ages)
                await shop_scenario.open_shop()
                await projection_workers.heartbeats()
            owners = {state.owner for state in (await projection_workers.states()).values()}
            assert owners <= {"one", "two"}
            assert {state.fence for state in (await projection_workers.states()).values()} == {1}

    async def test_pause_and_resume(
        self, shop_scenario: ShopScenario, projection_workers: ProjectionWorkers, projector_url: str
    ) -> None:
        async with projection_workers.run_worker("one"):
            await projection_workers.wait_until_current()
            rows = ProjectionOperations(projector_url)
            await rows.run("sales", PAUSE, shop_scenario.do)
            await shop_scenario.open_shop()
            await projection_workers.wait_until_current("seat_map", "tickets")
            state = (await projection_workers.states())["sales"]
            assert (state.state, state.position) == ("paused", 0)
            await rows.run("sales", PAUSE, shop_scenario.do)
            with pytest.raises(NotFailed):
                await rows.run("sales", RETRY, shop_scenario.do)
            await rows.run("sales", RESUME, shop_scenario.do)
            await projection_workers.wait_until_current()

    async def test_terminated_connections_are_only_an_interruption(
        self, shop_scenario: ShopScenario, projection_workers: ProjectionWorkers, owner_url: str
    ) -> None:
        async with projection_workers.run_worker("one"):
            await projection_workers.wait_until_current()
            await execute(
                owner_url,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            await shop_scenario.open_shop()
            await projection_workers.wait_until_current()


class TestCompareAndSet:
    async def test_of_two_projectors_of_one_read_model_one_writes(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, projector_url: str
    ) -> None:
        await shop_scenario.open_shop()
        await manual_projector.fold(shop_scenario.store)
        contents = await manual_projector.contents()
        stale = Lease(
            name="seat_map", version=1, schema="seat_map_v1_0", position=0, digest=b"", fence=1, state="running"
        )
        beyond = Checkpoint(manual_projector.position + 1, b"")
        async with checkpoints.open_connection_for(projector_url, name="rival", schema=stale.schema) as connection:
            with pytest.raises(LeaseLost):
                await checkpoints.advance(connection, stale, after=0, until=manual_projector.checkpoint)
            fenced_off = replace(stale, fence=0)
            with pytest.raises(LeaseLost):
                await checkpoints.advance(connection, fenced_off, after=manual_projector.position, until=beyond)
            await checkpoints.advance(connection, stale, after=manual_projector.position, until=beyond)
        assert await manual_projector.contents() == contents

    async def test_a_paused_read_model_does_not_move(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, projector_url: str
    ) -> None:
        await ProjectionOperations(projector_url).run("seat_map", PAUSE, shop_scenario.do)
        await shop_scenario.open_shop()
        with pytest.raises(LeaseLost):
            await manual_projector.fold(shop_scenario.store)


class TestVersion:
    async def test_another_code_version_is_rebuilt(
        self, shop_scenario: ShopScenario, projection_workers: ProjectionWorkers, models: ReadModelQueries
    ) -> None:
        _, performance = await shop_scenario.open_shop()
        await shop_scenario.hold(performance, "ann", shop_scenario.seats[0])
        async with projection_workers.run_worker("one"):
            await projection_workers.wait_until_current()
        async with projection_workers.run_worker("two", [replace(SEAT_MAP, version=2), TICKETS]):
            await projection_workers.wait_for("the rebuild", lambda states: states["seat_map"].version == 2)
            await projection_workers.wait_until_current("seat_map")
            assert (await projection_workers.states())["seat_map"].schema == "seat_map_v2_1"
            seats = await read_seat_map(models, performance=performance)
            assert dict(seats.states_at(shop_scenario.clock.now())) == {shop_scenario.seats[0]: "held"}


class TestProjector:
    async def test_a_projector_without_its_lease_ends_without_error(
        self, shop_scenario: ShopScenario, projection_workers: ProjectionWorkers, projector_url: str
    ) -> None:
        await shop_scenario.open_shop()
        stale = Lease(
            name="seat_map", version=1, schema="seat_map_v1_0", position=0, digest=b"", fence=77, state="running"
        )
        async with projection_workers.run_worker("one"):
            await projection_workers.wait_until_current()
            buffer = SharedEventBuffer(
                store=shop_scenario.store,
                subscription=PollingSubscription(store=shop_scenario.store, after=0),
                start=0,
                reader=reader_for(EVERY_MODEL),
            )
            async with asyncio.timeout(10):
                await Projector(
                    url=projector_url, store=shop_scenario.store, model=SEAT_MAP, lease=stale, buffer=buffer
                ).run()
            await buffer.close()


class FailingSubscription:
    """A subscription with an unexpected error."""

    def __init__(self) -> None:
        self.closed = False

    async def next(self) -> list[RecordedEvent]:
        """Raise the error."""
        raise ValueError("nobody foresaw this")

    async def close(self) -> None:
        """Record the call."""
        self.closed = True


class TestEventBuffer:
    async def test_given_a_failed_subscription_then_the_buffer_can_be_closed(self, shop_scenario: ShopScenario) -> None:
        feed = FailingSubscription()
        buffer = SharedEventBuffer(
            store=shop_scenario.store, subscription=feed, start=0, reader=reader_for(EVERY_MODEL)
        )
        with pytest.raises(ValueError, match="nobody foresaw"):
            await buffer.after(0)
        await buffer.close()
        assert feed.closed
