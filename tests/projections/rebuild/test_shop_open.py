"""Rebuilds during bookings and reads: equal rows, and no visible effect for readers."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from random import Random

import pytest

from eventstore.postgres import PostgresStore
from projections.engine import checkpoints
from projections.engine.checkpoints import Connection, schema_name
from projections.engine.event_buffer import EventBatch
from projections.engine.projector import Projector
from projections.engine.queries import ReadModelQueries
from projections.rebuild import build_repository
from projections.rebuild.build_repository import Build
from projections.rebuild.commands import rebuild
from projections.rebuild.exclusive_session import RebuildInProgress
from projections.rebuild.rebuilder import RebuildFailed, VersionsDiffer
from projections.rebuild.supervisor import RebuildSupervisor
from projections.registry import EVERY_MODEL
from projections.seat_map.fold import SEAT_MAP
from tests.eventstore.nats.bookings import until_some
from tests.projections.manual_projector import ManualProjector
from tests.projections.rebuild.log_replayer import READER, LogReplayer, rebuilding
from tests.projections.rebuild.reader import Reader
from tests.projections.workers import FailingModel, ProjectionWorkers
from tests.system.log import decoded
from tests.system.read_models import TABLES
from tests.system.reference_fold import fold_reference

KILLS = 5
SILENCE_S = 0.5


async def equal_the_log(store: PostgresStore, models: ReadModelQueries) -> None:
    """Assert that every read model equals an independent fold of the log."""
    expected = fold_reference(decoded(await store.read_range(after=0, limit=1_000_000))).rows()
    for table, (model, query) in TABLES.items():
        found = (await models.fetch([model], query, {})).rows
        assert {tuple(row.values()) for row in found} == expected[table], table


async def build_of(url: str, name: str) -> Build | None:
    """Return the unfinished build of a read model."""
    async with checkpoints.open_connection_for(url, name="test") as connection:
        return await build_repository.find_unfinished(connection, name)


@pytest.fixture
def without_resuming_builds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep supervisors from resuming unfinished builds."""

    async def tick(
        _: RebuildSupervisor, connection: Connection, *, outdated: Sequence[str], diverged: Sequence[str]
    ) -> None:
        assert not outdated
        assert not diverged

    monkeypatch.setattr(RebuildSupervisor, "tick", tick)


class TestDuringBookings:
    async def test_every_read_model_equals_the_live_one(
        self,
        log_replayer: LogReplayer,
        projection_workers: ProjectionWorkers,
        store: PostgresStore,
        projector_url: str,
        models: ReadModelQueries,
    ) -> None:
        async with projection_workers.run_worker("one"):
            await projection_workers.wait_until_current()
            reader = Reader(models)
            async with reader.reading(), log_replayer.keep_appending():
                for model in EVERY_MODEL:
                    rebuilt = await rebuild(url=projector_url, store=store, model=model, reader=READER)
                    assert rebuilt.differences == []
            await log_replayer.append_rest()
            await projection_workers.wait_until_current()
            schemas = {state.schema for state in (await projection_workers.states()).values()}
            assert schemas == {schema_name(model, 1) for model in EVERY_MODEL}
        await equal_the_log(store, models)


@pytest.mark.usefixtures("without_resuming_builds")
class TestDualWrite:
    async def test_near_the_head_the_projector_writes_both_versions(
        self, log_replayer: LogReplayer, projection_workers: ProjectionWorkers, store: PostgresStore, projector_url: str
    ) -> None:
        async with (
            projection_workers.run_worker("one", [SEAT_MAP]),
            rebuilding(projector_url, SEAT_MAP, store) as rebuilder,
        ):
            await projection_workers.wait_until_current("seat_map")
            await rebuilder._backfill()
            await rebuilder._start_dual_write()
            begun = (await projection_workers.states())["seat_map"].position
            await log_replayer.append_rest()
            await projection_workers.wait_until_current("seat_map")
            build = await build_of(projector_url, "seat_map")
            assert build is not None
            assert (build.state, build.position) == ("following", await store.head())
            assert build.position > begun
            assert await rebuilder._compare() == []

    async def test_a_projector_that_writes_only_the_live_version_is_detected(
        self,
        log_replayer: LogReplayer,
        projection_workers: ProjectionWorkers,
        store: PostgresStore,
        projector_url: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        async def only_advance(_: Projector, connection: Connection, build_schema: str, batch: EventBatch) -> None:
            await build_repository.advance(connection, build_schema, after=batch.after, until=batch.end)

        monkeypatch.setattr(Projector, "_write_to_build", only_advance)
        async with (
            projection_workers.run_worker("one", [SEAT_MAP]),
            rebuilding(projector_url, SEAT_MAP, store) as rebuilder,
        ):
            await projection_workers.wait_until_current("seat_map")
            await rebuilder._backfill()
            await rebuilder._start_dual_write()
            await log_replayer.append_rest()
            await projection_workers.wait_until_current("seat_map")
            with pytest.raises(VersionsDiffer):
                await rebuilder._compare()
            build = await build_of(projector_url, "seat_map")
            assert build is not None
            assert (build.state, bool(build.differences)) == ("differs", True)

    async def test_an_error_of_the_new_version_stops_only_the_build(
        self,
        log_replayer: LogReplayer,
        projection_workers: ProjectionWorkers,
        store: PostgresStore,
        projector_url: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        async with (
            projection_workers.run_worker("one", [SEAT_MAP]),
            rebuilding(projector_url, SEAT_MAP, store) as rebuilder,
        ):
            await projection_workers.wait_until_current("seat_map")
            await rebuilder._backfill()
            await rebuilder._start_dual_write()
            async with checkpoints.open_connection_for(
                projector_url, name="vandal", schema="seat_map_v1_1"
            ) as connection:
                await connection.execute("ALTER TABLE seat ADD CHECK (state = 'nothing') NOT VALID")
            await log_replayer.append_rest()
            await projection_workers.wait_until_current("seat_map")
            build = await build_of(projector_url, "seat_map")
            assert build is not None
            assert build.state == "failed"
            assert "CheckViolation" in str(build.error)
            assert (await projection_workers.states())["seat_map"].state == "running"
            with pytest.raises(RebuildFailed, match="CheckViolation"):
                await rebuilder.run()


@pytest.mark.usefixtures("without_resuming_builds")
class TestKilled:
    async def test_after_each_of_five_kills_it_resumes_at_its_position(
        self,
        log_replayer: LogReplayer,
        projection_workers: ProjectionWorkers,
        store: PostgresStore,
        projector_url: str,
        models: ReadModelQueries,
    ) -> None:
        await log_replayer.append(250)
        random = Random(5)
        reader = Reader(models)
        async with projection_workers.run_worker("one", [SEAT_MAP]):
            await projection_workers.wait_until_current("seat_map")
            async with reader.reading(), log_replayer.keep_appending(pause_s=0.25):
                positions = [await kill_rebuild_after(projector_url, random.randint(1, 4)) for _ in range(KILLS)]
                rebuilt = await rebuild(url=projector_url, store=store, model=SEAT_MAP, reader=READER)
            assert rebuilt.differences == []
            assert rebuilt.schema == "seat_map_v1_1"
            assert positions == sorted(positions)
            assert positions[0] < positions[-1]
            assert min(touched for _, touched in reader.answers) > 0

    async def test_a_suspended_rebuild_changes_nothing_after_it_resumes(
        self, log_replayer: LogReplayer, projection_workers: ProjectionWorkers, store: PostgresStore, projector_url: str
    ) -> None:
        await log_replayer.append(250)
        async with projection_workers.run_worker("one", [SEAT_MAP]):
            await projection_workers.wait_until_current("seat_map")
            with process(projector_url) as zombie:
                await lines_of(zombie, 3)
                zombie.send_signal(signal.SIGSTOP)
                await until_some(lambda: rebuild_when_possible(projector_url, store), "the session to be ended")
                async with ManualProjector(projector_url, [SEAT_MAP]) as manual_projector:
                    before = await manual_projector.contents()
                zombie.send_signal(signal.SIGCONT)
                assert await asyncio.to_thread(zombie.wait, 20) != 0
                async with ManualProjector(projector_url, [SEAT_MAP]) as manual_projector:
                    assert await manual_projector.contents() == before
            assert await build_of(projector_url, "seat_map") is None


class TestSupervisor:
    async def test_the_runner_resumes_an_abandoned_build(
        self, log_replayer: LogReplayer, projection_workers: ProjectionWorkers, projector_url: str
    ) -> None:
        async with projection_workers.run_worker("one", [SEAT_MAP]):
            await projection_workers.wait_until_current("seat_map")
        await kill_rebuild_after(projector_url, 1)
        async with projection_workers.run_worker("two", [SEAT_MAP]):
            await projection_workers.wait_for("the swap", lambda states: states["seat_map"].schema == "seat_map_v1_1")

    async def test_a_failing_rebuild_of_outdated_code_is_tried_once(
        self, log_replayer: LogReplayer, projection_workers: ProjectionWorkers, projector_url: str
    ) -> None:
        async with projection_workers.run_worker("one", [SEAT_MAP]):
            await projection_workers.wait_until_current("seat_map")
        newer = FailingModel(replace(SEAT_MAP, version=2), lambda event: event.name == "SeatSold")
        async with projection_workers.run_worker("two", [newer.model]):

            async def failed() -> bool:
                build = await build_of(projector_url, "seat_map")
                return build is not None and build.state == "failed"

            await until_some(failed, "the build to fail")
            build = await build_of(projector_url, "seat_map")
            for _ in range(2):
                await wait_for_next_tick(projection_workers, "seat_map")
            assert await build_of(projector_url, "seat_map") == build
            assert (await projection_workers.states())["seat_map"].version == 1


async def wait_for_next_tick(projection_workers: ProjectionWorkers, name: str) -> None:
    """Wait for the next tick of a read model's owner."""
    ticked_at = (await projection_workers.states())[name].heartbeat_at
    await projection_workers.wait_for("the owner's tick", lambda states: states[name].heartbeat_at > ticked_at)


async def rebuild_when_possible(url: str, store: PostgresStore) -> bool:
    """Rebuild; retry while another session is active."""
    try:
        await rebuild(url=url, store=store, model=SEAT_MAP, reader=READER, silence_s=SILENCE_S)
    except RebuildInProgress:
        return False
    return True


@contextmanager
def process(url: str) -> Iterator[subprocess.Popen[str]]:
    """Rebuild the seat map in a subprocess."""
    command = [sys.executable, "-m", "tests.projections.rebuild.worker", url, "seat_map"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as started:
        try:
            yield started
        finally:
            started.kill()


async def lines_of(started: subprocess.Popen[str], count: int) -> list[str]:
    """Wait for the next lines of a rebuild's output; fewer if it ended."""
    assert started.stdout is not None
    return [await asyncio.to_thread(started.stdout.readline) for _ in range(count)]


async def kill_rebuild_after(url: str, steps: int) -> int:
    """Run a rebuild in a subprocess for some steps, kill it, and return its position."""
    with process(url) as started:
        await lines_of(started, steps)
        started.kill()
    build = await build_of(url, "seat_map")
    assert build is not None, "it was too fast to be killed"
    return build.position
