"""The runner with failing events, databases and NATS servers: only the affected read model stops."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

from eventstore.memory import MemoryStore
from eventstore.nats.connection import NatsConnection
from eventstore.nats.epoch import Epochs
from eventstore.nats.relay import Relay
from eventstore.store import NewEvent, RecordedEvent, Write
from eventstore.subscription import HybridSubscription
from projections.engine.model import ProjectedEvent, WriteStep
from projections.engine.queries import ReadModelQueries
from projections.operations.operations import RETRY, ProjectionOperations
from projections.seat_map.fold import SEAT_MAP
from projections.seat_map.queries import read_seat_map
from projections.tickets.fold import TICKETS
from runtime.local.embedded import EmbeddedNats
from tests.eventstore.appends import to_append
from tests.eventstore.nats.bookings import until_some
from tests.eventstore.nats.conftest import connected
from tests.projections.workers import FailingModel, ProjectionWorkers, execute
from tests.support.shop_scenario import ShopScenario

NOTICED_WITHIN_S = 10.0
"""A generous limit for busy machines; the subscription's tests check the limit of one second."""


def command_end_before(log: Sequence[RecordedEvent], event: RecordedEvent) -> int:
    """Return the position at the end of the command before an event's command."""
    return max(each.position for each in log if each.command_id != event.command_id and each.position < event.position)


class TestFailure:
    async def test_only_the_failing_read_model_stops_right_before_the_failing_command(
        self,
        shop_scenario: ShopScenario,
        projection_workers: ProjectionWorkers,
        models: ReadModelQueries,
        projector_url: str,
    ) -> None:
        _, performance = await shop_scenario.open_shop()
        for seat in shop_scenario.seats[:5]:
            await shop_scenario.buy(performance, "ann", seat)
        log = await shop_scenario.store.read_range(after=0, limit=10_000)
        failing_event = [event for event in log if event.name == "SeatSold"][3]
        before = command_end_before(log, failing_event)
        failing_model = FailingModel(SEAT_MAP, lambda event: event.position == failing_event.position)
        running_models = [failing_model.model, TICKETS]
        async with projection_workers.run_worker("one", running_models):
            await projection_workers.wait_for("the failure", lambda states: states["seat_map"].state == "failed")
            await projection_workers.wait_until_current("tickets")
            failed = (await projection_workers.states())["seat_map"]
            assert (failed.position, failed.failed_position) == (before, failing_event.position)
            assert failed.error == "SeatSold: ValueError: planted failure"
            seats = dict((await read_seat_map(models, performance=performance)).states_at(shop_scenario.clock.now()))
            assert sorted(seats.values()) == ["held", "sold", "sold", "sold"]
            await shop_scenario.buy(performance, "ann", shop_scenario.seats[6])
            await projection_workers.wait_until_current("tickets")
            assert (await projection_workers.states())["seat_map"] == replace(
                failed, heartbeat_at=(await projection_workers.states())["seat_map"].heartbeat_at
            )
            failing_model.broken = False
            await ProjectionOperations(projector_url).run("seat_map", RETRY, shop_scenario.do)
            await projection_workers.wait_until_current("seat_map")
            recovered = (await projection_workers.states())["seat_map"]
            assert (recovered.state, recovered.error, recovered.failed_position) == ("running", None, None)

    async def test_a_database_error_is_a_failure_too(
        self, shop_scenario: ShopScenario, projection_workers: ProjectionWorkers
    ) -> None:
        fold = SEAT_MAP.fold

        def nonsense(events: Sequence[ProjectedEvent]) -> Sequence[WriteStep]:
            steps = fold(events)
            return [WriteStep(step.statement, [{**row, "until": "one day"} for row in step.rows]) for step in steps]

        _, performance = await shop_scenario.open_shop()
        await shop_scenario.hold(performance, "ann", shop_scenario.seats[0])
        async with projection_workers.run_worker("one", [replace(SEAT_MAP, fold=nonsense), TICKETS]):
            await projection_workers.wait_for("the failure", lambda states: states["seat_map"].state == "failed")
            failed = (await projection_workers.states())["seat_map"]
            assert failed.error is not None
            assert failed.error.startswith("SeatHeld: InvalidDatetimeFormat")
            await projection_workers.wait_until_current("tickets")

    async def test_the_error_names_the_cause_without_values_of_the_row(
        self, shop_scenario: ShopScenario, projection_workers: ProjectionWorkers, owner_url: str
    ) -> None:
        _, performance = await shop_scenario.open_shop()
        await shop_scenario.hold(performance, "ann", shop_scenario.seats[0])
        await execute(owner_url, "ALTER TABLE seat_map_v1_0.seat ADD CONSTRAINT never_held CHECK (state <> 'held')")
        async with projection_workers.run_worker("one", [SEAT_MAP]):
            await projection_workers.wait_for("the failure", lambda states: states["seat_map"].state == "failed")
            error = (await projection_workers.states())["seat_map"].error
        assert error is not None
        assert "never_held" in error
        assert performance not in error

    async def test_an_event_of_a_newer_program_stops_the_read_models_that_fold_it(self, projector_url: str) -> None:
        store = MemoryStore()
        newer = Write("seat-p-1", 0, (NewEvent("SeatHeld", 99, "{}"),))
        await store.append([to_append(newer)])
        projection_workers = ProjectionWorkers(projector_url, store)
        async with projection_workers.run_worker("one"):
            await projection_workers.wait_for("the failure", lambda states: states["seat_map"].state == "failed")
            await projection_workers.wait_until_current("tickets", "sales", "catalogue", "my_orders")
            error = (await projection_workers.states())["seat_map"].error
            assert error == "SeatHeld: UnknownEvent: SeatHeld version 99 is newer than this program."


class TestNats:
    async def test_without_nats_from_the_start_read_models_keep_up(
        self, shop_scenario: ShopScenario, projector_url: str, nats: EmbeddedNats
    ) -> None:
        await asyncio.to_thread(nats.stop)
        epochs = Epochs(projector_url)
        async with NatsConnection(nats.app_url, name="project") as link:
            projection_workers = ProjectionWorkers(
                projector_url,
                shop_scenario.store,
                subscribe=lambda after: HybridSubscription(
                    store=shop_scenario.store, epochs=epochs, link=link, after=after
                ),
            )
            async with projection_workers.run_worker("one"):
                await projection_workers.wait_until_current()
                for _ in range(5):
                    await shop_scenario.open_shop()
                    began_at = time.monotonic()
                    await projection_workers.wait_until_current()
                    assert time.monotonic() - began_at < NOTICED_WITHIN_S
        await epochs.close()

    async def test_a_nats_that_stops_later_is_detected(
        self, shop_scenario: ShopScenario, projector_url: str, nats: EmbeddedNats
    ) -> None:
        epochs = Epochs(projector_url)
        feeds: list[HybridSubscription] = []
        async with (
            NatsConnection(nats.app_url, name="project") as link,
            NatsConnection(nats.relay_url, name="relay") as relay_link,
        ):

            def subscribe(after: int) -> HybridSubscription:
                feeds.append(HybridSubscription(store=shop_scenario.store, epochs=epochs, link=link, after=after))
                return feeds[-1]

            await until_some(connected(link), "the connection")
            relay = asyncio.create_task(Relay(store=shop_scenario.store, epochs=epochs, link=relay_link).run())
            projection_workers = ProjectionWorkers(projector_url, shop_scenario.store, subscribe=subscribe)
            async with projection_workers.run_worker("one"):

                async def following() -> bool:
                    await shop_scenario.found()
                    return bool(feeds) and feeds[-1].is_streaming

                await until_some(following, "the feed to follow")
                await projection_workers.wait_until_current()
                await asyncio.to_thread(nats.stop)
                await shop_scenario.open_shop()
                began_at = time.monotonic()
                await projection_workers.wait_until_current()
                assert time.monotonic() - began_at < NOTICED_WITHIN_S
            relay.cancel()
        await epochs.close()
