"""Skipped events and parked streams are excluded from the live tables and rebuilds of the same code version only."""

from dataclasses import replace

import pytest

from domain.errors import NotFailed, NotFound, NotSkipped
from domain.operations.exclusions import ExclusionReason
from eventstore.store import RecordedEvent
from projections.engine import sql
from projections.engine.queries import ReadModelQueries
from projections.engine.status import list_statuses
from projections.operations.operations import PAUSE, RESUME, ProjectionOperations, park, skip, unpark
from projections.rebuild.requests import RebuildRequests, unskip
from projections.seat_map.fold import SEAT_MAP
from projections.seat_map.queries import read_seat_map
from projections.tickets.fold import TICKETS
from tests.projections.workers import FailingModel, ProjectionWorkers
from tests.support.shop_scenario import ShopScenario

DEFECT = ExclusionReason.DEFECT


@pytest.fixture
def operations(projector_url: str) -> ProjectionOperations:
    """The operations on read models."""
    return ProjectionOperations(projector_url)


class SoldSeats:
    """Three sold seats; the read model fails on the sale of the second."""

    def __init__(self, shop_scenario: ShopScenario, models: ReadModelQueries) -> None:
        self.scenario = shop_scenario
        self.models = models
        self.failing_model = FailingModel(SEAT_MAP, lambda event: event.position == self.failing_event.position)
        self.performance = ""

    async def sell(self) -> None:
        """Sell the seats."""
        _, self.performance = await self.scenario.open_shop()
        for seat in self.scenario.seats[:3]:
            await self.scenario.buy(self.performance, "ann", seat)
        log = await self.scenario.store.read_range(after=0, limit=10_000)
        self.failing_event: RecordedEvent = [event for event in log if event.name == "SeatSold"][1]

    async def states(self) -> list[str]:
        """Return the states of the three seats."""
        shown = dict(
            (await read_seat_map(self.models, performance=self.performance)).states_at(self.scenario.clock.now())
        )
        return [shown.get(seat, "free") for seat in self.scenario.seats[:3]]


@pytest.fixture
async def sold_seats(shop_scenario: ShopScenario, models: ReadModelQueries) -> SoldSeats:
    """The three sold seats."""
    sold_seats = SoldSeats(shop_scenario, models)
    await sold_seats.sell()
    return sold_seats


class TestSkip:
    async def test_a_failed_read_model_continues_without_the_event(
        self, sold_seats: SoldSeats, projection_workers: ProjectionWorkers, operations: ProjectionOperations
    ) -> None:
        async with projection_workers.run_worker("one", [sold_seats.failing_model.model, TICKETS]):
            await projection_workers.wait_for("the failure", lambda states: states["seat_map"].state == "failed")
            with pytest.raises(NotFailed):
                await operations.run(
                    "seat_map", skip(sold_seats.failing_event.position - 1, DEFECT), sold_seats.scenario.do
                )
            await operations.run("seat_map", skip(sold_seats.failing_event.position, DEFECT), sold_seats.scenario.do)
            await projection_workers.wait_until_current("seat_map")
            assert await sold_seats.states() == ["sold", "held", "sold"]
            state = (await projection_workers.states())["seat_map"]
            assert (state.state, state.error, state.failed_position) == ("running", None, None)

    async def test_an_unskipped_event_is_in_the_tables_after_a_rebuild(
        self,
        sold_seats: SoldSeats,
        projection_workers: ProjectionWorkers,
        operations: ProjectionOperations,
        projector_url: str,
    ) -> None:
        requests = RebuildRequests(projector_url, in_parts=[])
        async with projection_workers.run_worker("one", [sold_seats.failing_model.model]):
            await projection_workers.wait_for("the failure", lambda states: states["seat_map"].state == "failed")
            await operations.run("seat_map", skip(sold_seats.failing_event.position, DEFECT), sold_seats.scenario.do)
            await projection_workers.wait_until_current("seat_map")
            sold_seats.failing_model.broken = False
            with pytest.raises(NotSkipped):
                await requests.enqueue(
                    "seat_map", unskip(sold_seats.failing_event.position - 1), sold_seats.scenario.do
                )
            await requests.enqueue("seat_map", unskip(sold_seats.failing_event.position), sold_seats.scenario.do)
            await projection_workers.wait_for(
                "the rebuild", lambda states: states["seat_map"].schema != "seat_map_v1_0"
            )
            await projection_workers.wait_until_current("seat_map")
            assert await sold_seats.states() == ["sold", "sold", "sold"]
            (report,) = await list_statuses(
                [(await projection_workers.states())["seat_map"]],
                sold_seats.scenario.store,
                sold_seats.scenario.clock.now(),
            )
        assert report.skipped == []

    async def test_an_operation_on_an_unknown_read_model_is_refused(
        self, shop_scenario: ShopScenario, operations: ProjectionOperations
    ) -> None:
        with pytest.raises(NotFound):
            await operations.run("weather", PAUSE, shop_scenario.do)

    async def test_a_replayed_command_changes_nothing(
        self, sold_seats: SoldSeats, projection_workers: ProjectionWorkers, operations: ProjectionOperations
    ) -> None:
        again = sold_seats.scenario.as_one_command()
        async with projection_workers.run_worker("one", [SEAT_MAP]):
            await operations.run("seat_map", PAUSE, again)
            await operations.run("seat_map", RESUME, sold_seats.scenario.do)
            assert (await operations.run("seat_map", PAUSE, again)).replayed
            assert (await projection_workers.states())["seat_map"].state == "running"


class TestPark:
    async def test_a_parked_stream_is_excluded_from_then_on(
        self, sold_seats: SoldSeats, projection_workers: ProjectionWorkers, operations: ProjectionOperations
    ) -> None:
        shop_scenario, seat = sold_seats.scenario, sold_seats.failing_event.stream
        async with projection_workers.run_worker("one", [sold_seats.failing_model.model, TICKETS]):
            await projection_workers.wait_for("the failure", lambda states: states["seat_map"].state == "failed")
            await operations.run("seat_map", park(seat, DEFECT), shop_scenario.do)
            await projection_workers.wait_until_current("seat_map")
            assert await sold_seats.states() == ["sold", "held", "sold"]
            await operations.run("seat_map", unpark(seat), shop_scenario.do)
            sold_seats.failing_model.broken = False
            await shop_scenario.open_shop()
            await projection_workers.wait_until_current("seat_map")
            assert await sold_seats.states() == ["sold", "held", "sold"]

    async def taken_after_park(
        self, sold_seats: SoldSeats, projection_workers: ProjectionWorkers, operations: ProjectionOperations
    ) -> set[str]:
        """Park a seat's stream while a projector runs, hold it and another seat, and return the taken seats."""
        shop_scenario = sold_seats.scenario
        async with projection_workers.run_worker("one", [SEAT_MAP]):
            await projection_workers.wait_until_current("seat_map")
            await operations.run(
                "seat_map", park(f"seat-{sold_seats.performance}-{shop_scenario.seats[3]}", DEFECT), shop_scenario.do
            )
            await shop_scenario.hold(sold_seats.performance, "bob", shop_scenario.seats[3])
            await shop_scenario.hold(sold_seats.performance, "bob", shop_scenario.seats[4])
            await projection_workers.wait_until_current("seat_map")
        return set(
            dict(
                (await read_seat_map(sold_seats.models, performance=sold_seats.performance)).states_at(
                    shop_scenario.clock.now()
                )
            )
        )

    async def test_a_running_projector_reads_it_before_the_next_event(
        self, sold_seats: SoldSeats, projection_workers: ProjectionWorkers, operations: ProjectionOperations
    ) -> None:
        seats = sold_seats.scenario.seats
        assert await self.taken_after_park(sold_seats, projection_workers, operations) == {*seats[:3], seats[4]}

    async def test_without_the_fence_it_would_not(
        self,
        sold_seats: SoldSeats,
        projection_workers: ProjectionWorkers,
        operations: ProjectionOperations,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(sql, "ADVANCE", sql.ADVANCE.replace("fence = %(fence)s", "fence >= %(fence)s"))
        assert await self.taken_after_park(sold_seats, projection_workers, operations) == set(
            sold_seats.scenario.seats[:5]
        )


class TestAnotherVersion:
    async def test_it_has_no_exclusions(
        self, sold_seats: SoldSeats, projection_workers: ProjectionWorkers, operations: ProjectionOperations
    ) -> None:
        async with projection_workers.run_worker("one", [sold_seats.failing_model.model]):
            await projection_workers.wait_for("the failure", lambda states: states["seat_map"].state == "failed")
            await operations.run("seat_map", skip(sold_seats.failing_event.position, DEFECT), sold_seats.scenario.do)
            await projection_workers.wait_until_current("seat_map")
        async with projection_workers.run_worker("two", [replace(SEAT_MAP, version=2)]):
            await projection_workers.wait_for("the rebuild", lambda states: states["seat_map"].version == 2)
            await projection_workers.wait_until_current("seat_map")
            assert await sold_seats.states() == ["sold", "sold", "sold"]


class TestStatus:
    async def test_it_has_the_failed_event_and_the_age_of_the_oldest_pending_one(
        self, sold_seats: SoldSeats, projection_workers: ProjectionWorkers, operations: ProjectionOperations
    ) -> None:
        shop_scenario = sold_seats.scenario
        async with projection_workers.run_worker("one", [sold_seats.failing_model.model, TICKETS]):
            await projection_workers.wait_for("the failure", lambda states: states["seat_map"].state == "failed")
            await projection_workers.wait_until_current("tickets")
            states = await projection_workers.states()
            found = await list_statuses(
                [states["seat_map"], states["tickets"]], shop_scenario.store, shop_scenario.clock.now()
            )
        failed, well = found
        waiting = (await shop_scenario.store.read_range(after=states["seat_map"].position, limit=1))[0]
        assert failed.failed == sold_seats.failing_event
        assert failed.lag == await shop_scenario.store.head() - states["seat_map"].position
        assert failed.lag_seconds == (shop_scenario.clock.now() - waiting.recorded_at).total_seconds()
        assert (well.failed, well.lag, well.lag_seconds) == (None, 0, 0.0)

    async def test_it_has_the_exclusions(
        self, sold_seats: SoldSeats, projection_workers: ProjectionWorkers, operations: ProjectionOperations
    ) -> None:
        shop_scenario = sold_seats.scenario
        async with projection_workers.run_worker("one", [sold_seats.failing_model.model]):
            await projection_workers.wait_for("the failure", lambda states: states["seat_map"].state == "failed")
            await operations.run("seat_map", skip(sold_seats.failing_event.position, DEFECT), shop_scenario.do)
            await operations.run("seat_map", park("seat-p-s1", DEFECT), shop_scenario.do)
            (report,) = await list_statuses(
                [(await projection_workers.states())["seat_map"]], shop_scenario.store, shop_scenario.clock.now()
            )
        assert (report.skipped, report.parked) == ([sold_seats.failing_event.position], ["seat-p-s1"])
