"""Versions of a read model: roll back, drop, estimate, partial rebuild, changed columns."""

from collections.abc import Sequence
from dataclasses import replace
from typing import LiteralString

import pytest

from domain.errors import NoRetiredVersion, PartialRebuildUnsupported
from eventstore.postgres import PostgresStore
from projections.engine import checkpoints
from projections.engine.model import ProjectedEvent, ReadModel, WriteStep
from projections.engine.queries import ReadModelQueries
from projections.rebuild import build_repository
from projections.rebuild.commands import drop, rebuild, roll_back
from projections.rebuild.estimate import estimate_rebuild
from projections.rebuild.exclusive_session import exclusive_session
from projections.rebuild.partial_rebuild import rebuild_part
from projections.registry import EVERY_MODEL
from projections.seat_map.fold import SEAT_MAP
from tests.eventstore.nats.bookings import until_some
from tests.projections.manual_projector import ManualProjector
from tests.projections.rebuild.log_replayer import READER, LogReplayer
from tests.projections.workers import ProjectionWorkers, execute

SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'seat!_map!_v%' ESCAPE '!' ORDER BY 1"


@pytest.fixture
async def manual_projector(
    store: PostgresStore, log_replayer: LogReplayer, manual_projector: ManualProjector
) -> ManualProjector:
    """Every read model, folded up to the appended part."""
    await manual_projector.fold(store)
    return manual_projector


async def schemas(url: str) -> list[str]:
    """Return the schemas of all versions of the seat map."""
    async with checkpoints.open_connection_for(url, name="test") as connection:
        return [row[0] for row in await (await connection.execute(SCHEMAS)).fetchall()]


@pytest.mark.usefixtures("manual_projector")
class TestRollBack:
    async def test_the_retired_version_is_brought_up_to_date(
        self,
        log_replayer: LogReplayer,
        store: PostgresStore,
        projector_url: str,
        projection_workers: ProjectionWorkers,
        owner_url: str,
    ) -> None:
        await rebuild(url=projector_url, store=store, model=SEAT_MAP, reader=READER)
        await log_replayer.append_rest()
        async with projection_workers.run_worker("one"):
            await projection_workers.wait_until_current()
        await execute(owner_url, "DELETE FROM seat_map_v1_1.tally")
        rolled_back = await roll_back(url=projector_url, store=store, model=SEAT_MAP, reader=READER)
        assert rolled_back is not None
        assert (rolled_back.schema, rolled_back.position) == ("seat_map_v1_0", await store.head())
        assert [difference.table for difference in rolled_back.differences] == ["tally"]
        rebuilt = await rebuild(url=projector_url, store=store, model=SEAT_MAP, reader=READER)
        assert (rebuilt.schema, rebuilt.differences) == ("seat_map_v1_2", [])

    async def test_a_retired_version_of_other_code_is_swapped_unchanged_and_paused(
        self, store: PostgresStore, projector_url: str, projection_workers: ProjectionWorkers
    ) -> None:
        newer = replace(SEAT_MAP, version=2)
        await rebuild(url=projector_url, store=store, model=newer, reader=READER)
        assert await roll_back(url=projector_url, store=store, model=newer, reader=READER) is None
        async with projection_workers.run_worker("one", [newer]):
            state = (await projection_workers.states())["seat_map"]
            assert (state.version, state.schema, state.state) == (1, "seat_map_v1_0", "paused")
        assert await roll_back(url=projector_url, store=store, model=SEAT_MAP, reader=READER) is None
        state = (await projection_workers.states())["seat_map"]
        assert (state.version, state.schema, state.state) == (2, "seat_map_v2_1", "paused")

    async def test_without_a_retired_version_it_is_refused(self, store: PostgresStore, projector_url: str) -> None:
        with pytest.raises(NoRetiredVersion):
            await roll_back(url=projector_url, store=store, model=SEAT_MAP, reader=READER)


@pytest.mark.usefixtures("manual_projector")
class TestDrop:
    async def test_one_retired_version_is_kept_until_it_is_dropped(
        self, store: PostgresStore, projector_url: str
    ) -> None:
        for _ in range(2):
            await rebuild(url=projector_url, store=store, model=SEAT_MAP, reader=READER)
        assert await schemas(projector_url) == ["seat_map_v1_1", "seat_map_v1_2"]
        assert [build.schema for build in await drop(url=projector_url, name="seat_map")] == ["seat_map_v1_1"]
        assert await schemas(projector_url) == ["seat_map_v1_2"]
        assert await drop(url=projector_url, name="seat_map") == []

    async def test_a_build_of_other_code_is_dropped(self, store: PostgresStore, projector_url: str) -> None:
        async with exclusive_session(projector_url, "seat_map") as connection:
            await build_repository.begin(connection, replace(SEAT_MAP, version=2))
        rebuilt = await rebuild(url=projector_url, store=store, model=SEAT_MAP, reader=READER)
        assert rebuilt.schema == "seat_map_v1_2"
        assert await schemas(projector_url) == ["seat_map_v1_0", "seat_map_v1_2"]


class TestEstimate:
    async def test_it_estimates_without_changes(
        self, manual_projector: ManualProjector, store: PostgresStore, projector_url: str
    ) -> None:
        before = await manual_projector.contents()
        async with checkpoints.open_connection_for(projector_url, name="test") as connection:
            for model in EVERY_MODEL:
                estimate = await estimate_rebuild(connection, store=store, model=model, reader=READER)
                assert estimate.events == await store.head()
                assert min(estimate.events_s, estimate.size_bytes, estimate.seconds) > 0
            assert await build_repository.list_builds(connection) == []
        assert await manual_projector.contents() == before


class TestPart:
    async def test_only_the_rows_of_one_performance_are_exchanged(
        self,
        manual_projector: ManualProjector,
        store: PostgresStore,
        projector_url: str,
        owner_url: str,
        models: ReadModelQueries,
    ) -> None:
        before = await manual_projector.contents()
        found = await models.fetch(["seat_map"], "SELECT DISTINCT performance FROM {seat_map}.seat ORDER BY 1", {})
        mine, other = [row["performance"] for row in found.rows][:2]
        await execute(owner_url, f"DELETE FROM seat_map_v1_0.seat WHERE performance = '{mine}'")
        await execute(
            owner_url, f"UPDATE seat_map_v1_0.tally SET seats = 77 WHERE performance IN ('{mine}', '{other}')"
        )
        damaged = await manual_projector.contents()
        async with exclusive_session(projector_url, "seat_map") as connection:
            differences = await rebuild_part(connection, store=store, model=SEAT_MAP, reader=READER, performance=mine)
            assert [(each.table, each.live_rows == 0) for each in differences] == [("seat", True), ("tally", False)]
            again = await rebuild_part(connection, store=store, model=SEAT_MAP, reader=READER, performance=mine)
            assert again == []
        after = await manual_projector.contents()
        assert after["seat_map.seat"] == before["seat_map.seat"]
        mended = [row for row in after["seat_map.tally"] if mine in row[0]]
        assert mended == [row for row in before["seat_map.tally"] if mine in row[0]]
        others = [row for row in after["seat_map.tally"] if mine not in row[0]]
        assert others == [row for row in damaged["seat_map.tally"] if mine not in row[0]]

    @pytest.mark.usefixtures("manual_projector")
    async def test_a_read_model_without_a_partition_is_refused(self, store: PostgresStore, projector_url: str) -> None:
        for model in EVERY_MODEL:
            if model.partition is None:
                async with exclusive_session(projector_url, model.name) as connection:
                    with pytest.raises(PartialRebuildUnsupported, match=f"{model.name} cannot"):
                        await rebuild_part(connection, store=store, model=model, reader=READER, performance="p")


COUNT: LiteralString = """
INSERT INTO counted (name, events)
SELECT name, count(*) FROM json_to_recordset(%(rows)s::json) AS r (name text) GROUP BY name
ON CONFLICT (name) DO UPDATE SET events = (counted.events::bigint + excluded.events::bigint)
"""


def count(events: Sequence[ProjectedEvent]) -> Sequence[WriteStep]:
    """Count events by name."""
    return [WriteStep(COUNT, [{"name": event.name} for event in events])]


COUNTED = ReadModel(
    name="counted",
    version=1,
    schema="CREATE TABLE counted (name text PRIMARY KEY, events text NOT NULL)",
    event_names=SEAT_MAP.event_names,
    fold=count,
)
COUNTED_IN_NUMBERS = replace(
    COUNTED, version=2, schema="CREATE TABLE counted (name text PRIMARY KEY, events bigint NOT NULL)"
)
PREPARED_AFTER = 6


class TestOtherColumns:
    async def test_prepared_reads_survive_a_changed_column_type(
        self, log_replayer: LogReplayer, store: PostgresStore, projector_url: str, models: ReadModelQueries
    ) -> None:
        projection_workers = ProjectionWorkers(projector_url, store)

        async def kinds() -> set[type]:
            """Read on pooled connections, often enough for the statement to be prepared."""
            found_kinds = set()
            for _ in range(PREPARED_AFTER):
                found = await models.fetch(["counted"], "SELECT name, events FROM {counted}.counted", {})
                assert len(found.rows) > 1
                found_kinds |= {type(row["events"]) for row in found.rows}
            return found_kinds

        async def are_numbers() -> bool:
            return await kinds() == {int}

        async with projection_workers.run_worker("one", [COUNTED]):
            head = await store.head()
            await projection_workers.wait_for(
                "all to be counted", lambda states: "counted" in states and states["counted"].position == head
            )
            assert await kinds() == {str}
        async with projection_workers.run_worker("two", [COUNTED_IN_NUMBERS]):
            await until_some(are_numbers, "the new version")
            assert (await projection_workers.states())["counted"].schema == "counted_v2_1"
        await roll_back(url=projector_url, store=store, model=COUNTED_IN_NUMBERS, reader=READER)
        assert await kinds() == {str}
        await drop(url=projector_url, name="counted")
        assert await kinds() == {str}
        await rebuild(url=projector_url, store=store, model=COUNTED_IN_NUMBERS, reader=READER)
        assert await kinds() == {int}
        assert (await projection_workers.states())["counted"].schema == "counted_v2_2"
