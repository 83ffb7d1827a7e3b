"""Skipped events and parked streams are excluded from the live tables and rebuilds of the same code version only."""

from dataclasses import replace

import pytest

from domain.errors import NotFailed, NotFound, NotSkipped
from domain.operations.projection import ExclusionReason
from eventstore.store import RecordedEvent
from projections.engine import sql
from projections.engine.queries import ReadModelQueries
from projections.engine.status import list_statuses
from projections.operations.operations import PAUSE, RESUME, ProjectionOperations, park, skip, unpark
from projections.rebuild.requests import RebuildRequests, unskip
from projections.seat_map.fold import SEAT_MAP
from projections.seat_map.queries import read_seat_map
from projections.tickets.fold import TICKETS
from tests.projections.shop_scenario import ShopScenario
from tests.projections.workers import FailingModel, ProjectionWorkers

DEFECT = ExclusionReason.DEFECT


@pytest.fixture
def switches(projector_url: str) -> ProjectionOperations:
    """The operations on read models."""
    return ProjectionOperations(projector_url)


class Stage:
    """Three sold seats; the read model fails on the sale of the second."""

    def __init__(self, shop_scenario: ShopScenario, models: ReadModelQueries) -> None:
        self.town = shop_scenario
        self.models = models
        self.fragile = FailingModel(SEAT_MAP, lambda event: event.position == self.culprit.position)
        self.performance = ""

    async def set(self) -> None:
        """Sell the seats."""
        _, self.performance = await self.town.open_shop()
        for seat in self.town.seats[:3]:
            await self.town.buy(self.performance, "ann", seat)
        log = await self.town.store.read_range(after=0, limit=10_000)
        self.culprit: RecordedEvent = [event for event in log if event.name == "SeatSold"][1]

    async def seats(self) -> list[str]:
        """Return the states of the three seats."""
        shown = dict((await read_seat_map(self.models, performance=self.performance)).states_at(self.town.clock.now()))
        return [shown.get(seat, "free") for seat in self.town.seats[:3]]


@pytest.fixture
async def stage(shop_scenario: ShopScenario, models: ReadModelQueries) -> Stage:
    """The three sold seats."""
    stage = Stage(shop_scenario, models)
    await stage.set()
    return stage


class TestSkip:
    async def test_one_that_failed_goes_on_without_the_event(
        self, stage: Stage, projection_workers: ProjectionWorkers, switches: ProjectionOperations
    ) -> None:
        async with projection_workers.run_worker("one", [stage.fragile.model, TICKETS]):
            await projection_workers.wait_for("the failure", lambda states: states["seat_map"].state == "failed")
            with pytest.raises(NotFailed):
                await switches.run("seat_map", skip(stage.culprit.position - 1, DEFECT), stage.town.do)
            await switches.run("seat_map", skip(stage.culprit.position, DEFECT), stage.town.do)
            await projection_workers.wait_until_current("seat_map")
            assert await stage.seats() == ["sold", "held", "sold"]
            state = (await projection_workers.states())["seat_map"]
            assert (state.state, state.error, state.failed_position) == ("running", None, None)

    async def test_one_that_is_taken_back_is_in_the_tables_at_once(
        self, stage: Stage, projection_workers: ProjectionWorkers, switches: ProjectionOperations, projector_url: str
    ) -> None:
        asking = RebuildRequests(projector_url, in_parts=[])
        async with projection_workers.run_worker("one", [stage.fragile.model]):
            await projection_workers.wait_for("the failure", lambda states: states["seat_map"].state == "failed")
            await switches.run("seat_map", skip(stage.culprit.position, DEFECT), stage.town.do)
            await projection_workers.wait_until_current("seat_map")
            stage.fragile.broken = False
            with pytest.raises(NotSkipped):
                await asking.enqueue("seat_map", unskip(stage.culprit.position - 1), stage.town.do)
            await asking.enqueue("seat_map", unskip(stage.culprit.position), stage.town.do)
            await projection_workers.wait_for(
                "the rebuild", lambda states: states["seat_map"].schema != "seat_map_v1_0"
            )
            await projection_workers.wait_until_current("seat_map")
            assert await stage.seats() == ["sold", "sold", "sold"]
            (report,) = await list_statuses(
                [(await projection_workers.states())["seat_map"]], stage.town.store, stage.town.clock.now()
            )
        assert report.skipped == []

    async def test_one_that_nobody_has_ever_heard_of_is_refused(
        self, shop_scenario: ShopScenario, switches: ProjectionOperations
    ) -> None:
        with pytest.raises(NotFound):
            await switches.run("weather", PAUSE, shop_scenario.do)

    async def test_a_command_that_comes_again_moves_nothing(
        self, stage: Stage, projection_workers: ProjectionWorkers, switches: ProjectionOperations
    ) -> None:
        again = stage.town.as_one_command()
        async with projection_workers.run_worker("one", [SEAT_MAP]):
            await switches.run("seat_map", PAUSE, again)
            await switches.run("seat_map", RESUME, stage.town.do)
            assert (await switches.run("seat_map", PAUSE, again)).replayed
            assert (await projection_workers.states())["seat_map"].state == "running"


class TestPark:
    async def test_a_parked_stream_is_left_out_from_there_on(
        self, stage: Stage, projection_workers: ProjectionWorkers, switches: ProjectionOperations
    ) -> None:
        shop_scenario, seat = stage.town, stage.culprit.stream
        async with projection_workers.run_worker("one", [stage.fragile.model, TICKETS]):
            await projection_workers.wait_for("the failure", lambda states: states["seat_map"].state == "failed")
            await switches.run("seat_map", park(seat, DEFECT), shop_scenario.do)
            await projection_workers.wait_until_current("seat_map")
            assert await stage.seats() == ["sold", "held", "sold"]
            await switches.run("seat_map", unpark(seat), shop_scenario.do)
            stage.fragile.broken = False
            await shop_scenario.open_shop()
            await projection_workers.wait_until_current("seat_map")
            assert await stage.seats() == ["sold", "held", "sold"]

    async def shown_after_a_park(
        self, stage: Stage, projection_workers: ProjectionWorkers, switches: ProjectionOperations
    ) -> set[str]:
        """Park a seat's stream while a projector runs, hold it and another seat, and return the taken seats."""
        shop_scenario = stage.town
        async with projection_workers.run_worker("one", [SEAT_MAP]):
            await projection_workers.wait_until_current("seat_map")
            await switches.run(
                "seat_map", park(f"seat-{stage.performance}-{shop_scenario.seats[3]}", DEFECT), shop_scenario.do
            )
            await shop_scenario.hold(stage.performance, "bob", shop_scenario.seats[3])
            await shop_scenario.hold(stage.performance, "bob", shop_scenario.seats[4])
            await projection_workers.wait_until_current("seat_map")
        return set(
            dict(
                (await read_seat_map(stage.models, performance=stage.performance)).states_at(shop_scenario.clock.now())
            )
        )

    async def test_who_runs_hears_of_it_before_the_next_event(
        self, stage: Stage, projection_workers: ProjectionWorkers, switches: ProjectionOperations
    ) -> None:
        seats = stage.town.seats
        assert await self.shown_after_a_park(stage, projection_workers, switches) == {*seats[:3], seats[4]}

    async def test_without_the_fence_nobody_would(
        self,
        stage: Stage,
        projection_workers: ProjectionWorkers,
        switches: ProjectionOperations,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(sql, "ADVANCE", sql.ADVANCE.replace("fence = %(fence)s", "fence >= %(fence)s"))
        assert await self.shown_after_a_park(stage, projection_workers, switches) == set(stage.town.seats[:5])


class TestAnotherVersion:
    async def test_it_forgets_what_was_left_out(
        self, stage: Stage, projection_workers: ProjectionWorkers, switches: ProjectionOperations
    ) -> None:
        async with projection_workers.run_worker("one", [stage.fragile.model]):
            await projection_workers.wait_for("the failure", lambda states: states["seat_map"].state == "failed")
            await switches.run("seat_map", skip(stage.culprit.position, DEFECT), stage.town.do)
            await projection_workers.wait_until_current("seat_map")
        async with projection_workers.run_worker("two", [replace(SEAT_MAP, version=2)]):
            await projection_workers.wait_for("the rebuild", lambda states: states["seat_map"].version == 2)
            await projection_workers.wait_until_current("seat_map")
            assert await stage.seats() == ["sold", "sold", "sold"]


class TestReports:
    async def test_it_says_what_failed_and_how_old_the_oldest_is_that_waits(
        self, stage: Stage, projection_workers: ProjectionWorkers, switches: ProjectionOperations
    ) -> None:
        shop_scenario = stage.town
        async with projection_workers.run_worker("one", [stage.fragile.model, TICKETS]):
            await projection_workers.wait_for("the failure", lambda states: states["seat_map"].state == "failed")
            await projection_workers.wait_until_current("tickets")
            states = await projection_workers.states()
            found = await list_statuses(
                [states["seat_map"], states["tickets"]], shop_scenario.store, shop_scenario.clock.now()
            )
        failed, well = found
        waiting = (await shop_scenario.store.read_range(after=states["seat_map"].position, limit=1))[0]
        assert failed.failed == stage.culprit
        assert failed.lag == await shop_scenario.store.head() - states["seat_map"].position
        assert failed.lag_seconds == (shop_scenario.clock.now() - waiting.recorded_at).total_seconds()
        assert (well.failed, well.lag, well.lag_seconds) == (None, 0, 0.0)

    async def test_it_says_what_is_left_out(
        self, stage: Stage, projection_workers: ProjectionWorkers, switches: ProjectionOperations
    ) -> None:
        shop_scenario = stage.town
        async with projection_workers.run_worker("one", [stage.fragile.model]):
            await projection_workers.wait_for("the failure", lambda states: states["seat_map"].state == "failed")
            await switches.run("seat_map", skip(stage.culprit.position, DEFECT), shop_scenario.do)
            await switches.run("seat_map", park("seat-p-s1", DEFECT), shop_scenario.do)
            (report,) = await list_statuses(
                [(await projection_workers.states())["seat_map"]], shop_scenario.store, shop_scenario.clock.now()
            )
        assert (report.skipped, report.parked) == ([stage.culprit.position], ["seat-p-s1"])
