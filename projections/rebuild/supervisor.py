"""Carries on whatever is to be done with the versions of read models and nobody does: wishes, builds, outdated code."""

import asyncio
from collections.abc import Mapping, Sequence

import structlog
from psycopg import Error

from domain.errors import NoRetiredVersion, PartialRebuildUnsupported
from eventstore.errors import EventStoreError
from eventstore.store import Store
from projections.engine.checkpoints import Connection, NoSuchProjection
from projections.engine.event_reader import ProjectionEventReader
from projections.engine.model import ReadModel
from projections.rebuild import build_repository, commands, request_queue
from projections.rebuild.build_repository import Build
from projections.rebuild.diverged import drop_diverged
from projections.rebuild.exclusive_session import SILENCE_S, RebuildInProgress, exclusive_session
from projections.rebuild.partial_rebuild import rebuild_part
from projections.rebuild.rebuilder import Rebuilder, RebuildFailed, VersionsDiffer
from projections.rebuild.request_queue import QueuedRequest

_log = structlog.get_logger(__name__)


class RebuildSupervisor:
    """One process's share of the rebuilding; several may look, one at a time works on a read model.

    Args:
        url: of the projector's role.
        silence_s: how long somebody else's session may rest before this one takes its place.
    """

    def __init__(
        self,
        *,
        url: str,
        store: Store,
        models: Mapping[str, ReadModel],
        reader: ProjectionEventReader,
        silence_s: float = SILENCE_S,
    ) -> None:
        self._url = url
        self._store = store
        self._models = models
        self._reader = reader
        self._silence_s = silence_s
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def tick(self, connection: Connection, *, outdated: Sequence[str], diverged: Sequence[str] = ()) -> None:
        """Begin what is to be done and nobody does.

        Args:
            outdated: the read models of this process whose live version was folded by other code.
            diverged: those whose live version was folded from a log that was restored since.
        """
        self._tasks = {name: task for name, task in self._tasks.items() if not task.done()}
        found = {
            build.name: build for build in await build_repository.list_builds(connection) if build.state != "retired"
        }
        wished = {request.name for request in await request_queue.pending_requests(connection, list(self._models))}
        left = {name for name, build in found.items() if self._is_left(build)}
        new = {name for name in outdated if not self._is_of_today(found.get(name))}
        healing = {name for name in diverged if self._replaces_itself(found.get(name))}
        for name in sorted((wished | left | new | healing) - self._tasks.keys()):
            work = self._supervise(name, outdated=name in outdated, diverged=name in diverged)
            self._tasks[name] = asyncio.create_task(work, name=f"rebuild {name}")

    async def close(self) -> None:
        """Stop; what was done is kept."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _is_left(self, build: Build) -> bool:
        return build.unfinished and self._is_of_today(build)

    def _is_of_today(self, build: Build | None) -> bool:
        return build is not None and build.name in self._models and build.version == self._models[build.name].version

    def _replaces_itself(self, build: Build | None) -> bool:
        """Say whether a diverged version is to be replaced by itself: unless this code's replacement failed before."""
        return not (build is not None and self._is_of_today(build) and build.state == "failed")

    async def _supervise(self, name: str, *, outdated: bool, diverged: bool) -> None:
        model = self._models[name]
        try:
            async with exclusive_session(self._url, name, silence_s=self._silence_s) as connection:
                await drop_diverged(connection, self._store, name)
                await self._process_requests(connection, model)
                build = await build_repository.find_unfinished(connection, name)
                if (outdated and not self._is_of_today(build)) or (diverged and self._replaces_itself(build)):
                    build = await build_repository.begin(connection, model, swap_anyway=diverged)
                if build is not None and self._is_left(build):
                    await self._resume(connection, model, build)
        except RebuildInProgress:
            _log.debug("rebuild left to others", name=name)
        except (VersionsDiffer, RebuildFailed, NoSuchProjection) as refusal:
            _log.error("rebuild stopped", name=name, error=str(refusal))
        except (EventStoreError, Error) as trouble:
            _log.warning("rebuild interrupted", name=name, trouble=str(trouble))

    async def _resume(self, connection: Connection, model: ReadModel, build: Build) -> None:
        _log.info("rebuild goes on", name=model.name, schema=build.schema, position=build.position)
        rebuilt = await Rebuilder(connection, store=self._store, model=model, reader=self._reader, build=build).run()
        _log.info("rebuild swapped", name=model.name, schema=rebuilt.schema, position=rebuilt.position)

    async def _process_requests(self, connection: Connection, model: ReadModel) -> None:
        """Do what the application asked for, or what begins it; never twice."""
        for request in await request_queue.pending_requests(connection, [model.name]):
            try:
                async with connection.transaction():
                    await request_queue.complete(connection, request)
                    await self._begin(connection, model, request)
            except (NoRetiredVersion, PartialRebuildUnsupported, NoSuchProjection) as refusal:
                await request_queue.complete(connection, request, refusal=str(refusal))
            await request_queue.drop_old(connection)

    async def _begin(self, connection: Connection, model: ReadModel, request: QueuedRequest) -> None:
        match request.kind:
            case "rebuild" if request.performance is not None:
                await rebuild_part(
                    connection, store=self._store, model=model, reader=self._reader, performance=request.performance
                )
            case "rebuild":
                await build_repository.begin(connection, model, swap_anyway=request.swap_anyway)
            case "rollback":
                await commands.roll_back_live(connection, model)
            case _:
                await build_repository.drop_all(connection, model.name)
