"""The course of a rebuild, from wherever it stands: fill, follow, compare, swap."""

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
    """The new version can't be folded; the live one is as it was."""


class VersionsDiffer(Exception):
    """The new version is not the live one's equal, and was not swapped in.

    Args:
        differences: by table.
    """

    def __init__(self, name: str, differences: Sequence[Difference]) -> None:
        super().__init__(f"{name}: the rebuilt version differs from the live one, which stays.")
        self.differences = differences


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What came of a rebuild: the live version is in `schema` from `position` on; `differences` from the former one."""

    schema: str
    position: int
    differences: Sequence[Difference]


def no_progress(_: Progress) -> None:
    """Nobody watches."""


class Rebuilder:
    """Brings a build to its end, however far it is.

    Args:
        connection: attends to the read model.
        store: the log.
        reader: knows at least the model's names.
        report: told after every step.
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
        self._filler = Backfill(connection, store, model, reader, schema=build.schema, position=build.position)

    async def run(self) -> Rebuilt:
        """Go on until the build is the live version.

        Raises:
            VersionsDiffer: it was folded by the same code as the live one, and differs.
            RebuildFailed: an event can't be applied.
            StoreUnavailable, psycopg.Error: what was done is kept; go on later.
        """
        try:
            await configure(self._connection, self._build.schema)
            if not await self._is_dual_writing():
                await self._fill()
                await self._follow()
            differences = await self._compare()
            return await self._swap(differences)
        except (VersionsDiffer, RebuildFailed, EventStoreError, OperationalError, InterfaceError):
            raise
        except LeaseLost as lost:
            raise RebuildFailed(await self._why_stopped()) from lost
        except Exception as error:  # whatever an event does to a fold, it stops this build alone
            await self._stop("failed", error=describe_error(error))
            raise RebuildFailed(f"{self._build.name} can't be rebuilt: {error}") from error

    async def _is_dual_writing(self) -> bool:
        """Say whether the build is where the live version is, because the owner of that one writes both."""
        if self._build.state != "following":
            return False
        live = await build_repository.require_live(self._connection, self._build.name)
        found = await build_repository.find_unfinished(self._connection, self._build.name)
        written_with = found is not None and found.state == "following" and live.version == found.version
        return written_with and await self._is_in_log(live)

    async def _fill(self) -> None:
        """Fold until so little is left that the live version can wait for it."""
        while (left := await self._left()) > NEAR_EVENTS:
            began_at = time.monotonic()
            async for _ in self._filler.run(self._filler.position + left):
                worked_s = time.monotonic() - began_at
                await self._update_throttle()
                await asyncio.sleep(self._throttle.pause_s(worked_s))
                began_at = time.monotonic()

    async def _left(self) -> int:
        await self._update_throttle()
        live = await build_repository.require_live(self._connection, self._build.name)
        return (await self._target(live)).position - self._filler.position

    async def _is_in_log(self, live: Lease) -> bool:
        """Say whether the live version follows from the log; if it was restored, the build alone does."""
        return await is_in_log(self._store, live.checkpoint)

    async def _target(self, live: Lease) -> Checkpoint:
        """Return how far the build has to come: where the live version is, or to the log's end if that is nowhere."""
        if await self._is_in_log(live):
            return live.checkpoint
        return await checkpoint_at(self._store, await self._store.head())

    async def _update_throttle(self) -> None:
        """Look at how fast the log grows, and tell how far the build is."""
        head = await self._store.head()
        self._throttle.record(head)
        self._filler.range_events = self._throttle.range_events
        self._report_progress("filling", head)

    async def _follow(self) -> None:
        """Fold the last bit while the live version waits; from then on they move together."""
        async with self._connection.transaction():
            live = await build_repository.lock_live(self._connection, self._build.name)
            target = await self._target(live)
            await self._filler.catch_up(target.position)
            alike = live.version == self._build.version and target == live.checkpoint
            await build_repository.start_dual_write(
                self._connection, self._build, dual_write_schema=self._build.schema if alike else None
            )
        self._report_progress("following", target.position)

    async def _compare(self) -> Sequence[Difference]:
        """Compare both versions where they stand together; those of one code must be equal."""
        async with self._connection.transaction():
            await self._connection.execute(sql.SNAPSHOT)
            live = await build_repository.require_live(self._connection, self._build.name)
            build = await build_repository.find_unfinished(self._connection, self._build.name)
            if build is None or build.state != "following":
                raise LeaseLost(self._build.name)
            if not await self._is_in_log(live):
                return []
            if build.position != live.position:
                assert live.version != build.version, "the owner of the live version writes both"
                return []
            differences = await compare(self._connection, live=live.schema, built=build.schema)
        if differences and live.version == build.version and not build.swap_anyway:
            await self._stop("differs", differences=differences)
            raise VersionsDiffer(build.name, differences)
        return differences

    async def _swap(self, differences: Sequence[Difference]) -> Rebuilt:
        """Put the build in the live version's place; the version retired before this one is dropped."""
        await self._drop_retired()
        async with self._connection.transaction():
            live = await build_repository.lock_live(self._connection, self._build.name)
            target = await self._target(live)
            await self._catch_up_if_alone(target)
            await build_repository.replace(self._connection, live, self._build, until=target)
            if differences or live.version != self._build.version or target != live.checkpoint:
                await checkpoints.increment_revision(self._connection, live.name)
        await drop_diverged(self._connection, self._store, live.name)
        self._report_progress("live", target.position)
        return Rebuilt(schema=self._build.schema, position=target.position, differences=differences)

    async def _catch_up_if_alone(self, target: Checkpoint) -> None:
        """Fold what the live version's owner could not write into both: it runs other code, or stands still."""
        build = await build_repository.find_unfinished(self._connection, self._build.name)
        if build is None or build.state != "following":
            raise LeaseLost(self._build.name)
        self._filler.position = build.position
        await self._filler.catch_up(target.position)

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

    async def _why_stopped(self) -> str:
        found = await build_repository.find_unfinished(self._connection, self._build.name)
        why = "it was dropped" if found is None else found.error or found.state
        return f"{self._build.name} can't be rebuilt: {why}."

    def _report_progress(self, state: str, target: int) -> None:
        position = self._filler.position
        rate = self._rate.record(position)
        self.report(Progress(state=state, position=position, target=target, events_s=rate))
