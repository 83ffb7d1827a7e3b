"""The steps of a rebuild, from the stored progress on: backfill, dual write, comparison, swap."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from psycopg import InterfaceError, OperationalError

from eventstore.checkpoint import Checkpoint, checkpoint_at, is_in_log
from eventstore.errors import EventStoreError
from eventstore.store import Store
from projections.engine import checkpoints
from projections.engine.checkpoints import Connection, Lease, LeaseLost
from projections.engine.event_reader import ProjectionEventReader
from projections.engine.failure import describe_error
from projections.engine.model import ReadModel
from projections.rebuild import build_repository, sql
from projections.rebuild.backfill import Backfill
from projections.rebuild.build_repository import Build
from projections.rebuild.diff import Difference, compare
from projections.rebuild.diverged import drop_diverged
from projections.rebuild.exclusive_session import configure
from projections.rebuild.throttle import Progress, Rate, Throttle

NEAR_EVENTS = 2_000


class RebuildFailed(Exception):
    """The new version cannot be folded; the live version is unchanged."""


class VersionsDiffer(Exception):
    """The new version differs from the live one and was not swapped in.

    Args:
        differences: one per table.
    """

    def __init__(self, name: str, differences: Sequence[Difference]) -> None:
        super().__init__(f"{name}: the rebuilt version differs from the live version and was not swapped in.")
        self.differences = differences


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """Result of a rebuild: schema and position of the new live version, and its differences from the former one."""

    schema: str
    position: int
    differences: Sequence[Difference]


def no_progress(_: Progress) -> None:
    """Report no progress."""


class Rebuilder:
    """Runs a build to its end, from its stored progress on.

    Args:
        connection: an exclusive session of the read model.
        store: the log.
        reader: decodes at least the events of the model.
        report: called with the progress after each step.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        store: Store,
        model: ReadModel,
        reader: ProjectionEventReader,
        build: Build,
        throttle: Throttle | None = None,
        report: Callable[[Progress], None] = no_progress,
    ) -> None:
        self._connection = connection
        self._store = store
        self._build = build
        self._throttle = throttle or Throttle()
        self.report = report
        self._rate = Rate()
        self._backfiller = Backfill(connection, store, model, reader, schema=build.schema, position=build.position)

    async def run(self) -> Rebuilt:
        """Run until the build is the live version.

        Raises:
            VersionsDiffer: the build differs from the live version, although both have the same code version.
            RebuildFailed: an event cannot be applied, or the build was stopped or dropped.
            StoreUnavailable, psycopg.Error: progress is stored; run again later.
        """
        try:
            await configure(self._connection, self._build.schema)
            if not await self._is_dual_writing():
                await self._backfill()
                await self._start_dual_write()
            differences = await self._compare()
            return await self._swap(differences)
        except (VersionsDiffer, RebuildFailed, EventStoreError, OperationalError, InterfaceError):
            raise
        except LeaseLost as lost:
            raise RebuildFailed(await self._stop_reason()) from lost
        except Exception as error:  # an event may raise any error in a fold; only this build stops
            await self._stop("failed", error=describe_error(error))
            raise RebuildFailed(f"{self._build.name} cannot be rebuilt: {error}") from error

    async def _is_dual_writing(self) -> bool:
        """Return whether the live version's projector writes the build as well."""
        if self._build.state != "following":
            return False
        live = await build_repository.require_live(self._connection, self._build.name)
        found = await build_repository.find_unfinished(self._connection, self._build.name)
        written_with = found is not None and found.state == "following" and live.version == found.version
        return written_with and await self._is_in_log(live)

    async def _backfill(self) -> None:
        """Fold until at most `NEAR_EVENTS` positions remain, which are folded under the live version's lock."""
        while (remaining := await self._remaining()) > NEAR_EVENTS:
            began_at = time.monotonic()
            async for _ in self._backfiller.run(self._backfiller.position + remaining):
                worked_s = time.monotonic() - began_at
                await self._update_throttle()
                await asyncio.sleep(self._throttle.pause_s(worked_s))
                began_at = time.monotonic()

    async def _remaining(self) -> int:
        await self._update_throttle()
        live = await build_repository.require_live(self._connection, self._build.name)
        return (await self._target(live)).position - self._backfiller.position

    async def _is_in_log(self, live: Lease) -> bool:
        """Return whether the live version's checkpoint is in the log; it is not after the log was restored."""
        return await is_in_log(self._store, live.checkpoint)

    async def _target(self, live: Lease) -> Checkpoint:
        """Return the checkpoint to reach: the live version's, or the log's end if that one is not in the log."""
        if await self._is_in_log(live):
            return live.checkpoint
        return await checkpoint_at(self._store, await self._store.head())

    async def _update_throttle(self) -> None:
        """Record the log's growth in the throttle, and report progress."""
        head = await self._store.head()
        self._throttle.record(head)
        self._backfiller.range_events = self._throttle.range_events
        self._report_progress("filling", head)

    async def _start_dual_write(self) -> None:
        """Catch up while the live version is locked; then its projector writes both versions."""
        async with self._connection.transaction():
            live = await build_repository.lock_live(self._connection, self._build.name)
            target = await self._target(live)
            await self._backfiller.catch_up(target.position)
            can_dual_write = live.version == self._build.version and target == live.checkpoint
            await build_repository.start_dual_write(
                self._connection, self._build, dual_write_schema=self._build.schema if can_dual_write else None
            )
        self._report_progress("following", target.position)

    async def _compare(self) -> Sequence[Difference]:
        """Compare both versions at the same position; versions of the same code must be equal."""
        async with self._connection.transaction():
            await self._connection.execute(sql.SNAPSHOT)
            live = await build_repository.require_live(self._connection, self._build.name)
            build = await build_repository.find_unfinished(self._connection, self._build.name)
            if build is None or build.state != "following":
                raise LeaseLost(self._build.name)
            if not await self._is_in_log(live):
                return []
            if build.position != live.position:
                assert live.version != build.version, "the projector of the live version writes both"
                return []
            differences = await compare(self._connection, live=live.schema, built=build.schema)
        if differences and live.version == build.version and not build.swap_anyway:
            await self._stop("differs", differences=differences)
            raise VersionsDiffer(build.name, differences)
        return differences

    async def _swap(self, differences: Sequence[Difference]) -> Rebuilt:
        """Make the build live; drop the version that was retired before."""
        await self._drop_retired()
        async with self._connection.transaction():
            live = await build_repository.lock_live(self._connection, self._build.name)
            target = await self._target(live)
            await self._catch_up(target)
            await build_repository.replace(self._connection, live, self._build, until=target)
            if differences or live.version != self._build.version or target != live.checkpoint:
                await checkpoints.increment_revision(self._connection, live.name)
        await drop_diverged(self._connection, self._store, live.name)
        self._report_progress("live", target.position)
        return Rebuilt(schema=self._build.schema, position=target.position, differences=differences)

    async def _catch_up(self, target: Checkpoint) -> None:
        """Fold what no dual write has covered: the live version has other code, or is paused or failed."""
        build = await build_repository.find_unfinished(self._connection, self._build.name)
        if build is None or build.state != "following":
            raise LeaseLost(self._build.name)
        self._backfiller.position = build.position
        await self._backfiller.catch_up(target.position)

    async def _drop_retired(self) -> None:
        for build in await build_repository.list_builds(self._connection):
            if build.name == self._build.name and build.state == "retired":
                await build_repository.drop(self._connection, build)

    async def _stop(
        self, state: str, *, error: str | None = None, differences: Sequence[Difference] | None = None
    ) -> None:
        await build_repository.mark_failed(
            self._connection,
            name=self._build.name,
            schema=self._build.schema,
            state=state,
            error=error,
            differences=differences,
        )

    async def _stop_reason(self) -> str:
        found = await build_repository.find_unfinished(self._connection, self._build.name)
        reason = "it was dropped" if found is None else found.error or found.state
        return f"{self._build.name} cannot be rebuilt: {reason}."

    def _report_progress(self, state: str, target: int) -> None:
        position = self._backfiller.position
        rate = self._rate.record(position)
        self.report(Progress(state=state, position=position, target=target, events_s=rate))
