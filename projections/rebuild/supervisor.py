"""Starts queued rebuild requests, resumes unfinished builds, and rebuilds outdated or diverged read models."""

import asyncio
from collections.abc import Mapping, Sequence

import structlog
from psycopg import Error

from domain.errors import NoRetiredVersion, PartialRebuildUnsupported
from eventstore.errors import EventStoreError
from eventstore.store import Store
from eventstore.tasks import cancel_and_wait
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
    """Runs rebuilds in the background; several processes may have one, an exclusive session prevents double work.

    Args:
        url: connection string of the projector's role.
        silence_s: idle time after which another session that holds the lock is terminated.
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
        """Start a task for each read model with pending work and without a task.

        Args:
            outdated: read models of this process whose live version has another code version.
            diverged: read models of this process whose checkpoint is not in the log.
        """
        self._tasks = {name: task for name, task in self._tasks.items() if not task.done()}
        builds = {
            build.name: build for build in await build_repository.list_builds(connection) if build.state != "retired"
        }
        requested = {request.name for request in await request_queue.pending_requests(connection, list(self._models))}
        resumable = {name for name, build in builds.items() if self._is_resumable(build)}
        new = {name for name in outdated if not self._has_current_version(builds.get(name))}
        replaced = {name for name in diverged if self._is_replaceable(builds.get(name))}
        for name in sorted((requested | resumable | new | replaced) - self._tasks.keys()):
            work = self._supervise(name, outdated=name in outdated, diverged=name in diverged)
            self._tasks[name] = asyncio.create_task(work, name=f"rebuild {name}")

    async def close(self) -> None:
        """Cancel all rebuilds; their progress is stored."""
        await cancel_and_wait(*self._tasks.values())

    def _is_resumable(self, build: Build) -> bool:
        return build.unfinished and self._has_current_version(build)

    def _has_current_version(self, build: Build | None) -> bool:
        return build is not None and build.name in self._models and build.version == self._models[build.name].version

    def _is_replaceable(self, build: Build | None) -> bool:
        """Return whether a diverged version is rebuilt automatically: not if a build of this code version failed."""
        return not (build is not None and self._has_current_version(build) and build.state == "failed")

    async def _supervise(self, name: str, *, outdated: bool, diverged: bool) -> None:
        model = self._models[name]
        try:
            async with exclusive_session(self._url, name, silence_s=self._silence_s) as connection:
                await drop_diverged(connection, self._store, name)
                await self._process_requests(connection, model)
                build = await build_repository.find_unfinished(connection, name)
                if (outdated and not self._has_current_version(build)) or (diverged and self._is_replaceable(build)):
                    build = await build_repository.begin(connection, model, swap_anyway=diverged)
                if build is not None and self._is_resumable(build):
                    await self._resume(connection, model, build)
        except RebuildInProgress:
            _log.debug("rebuild runs in another process", name=name)
        except (VersionsDiffer, RebuildFailed, NoSuchProjection) as refusal:
            _log.error("rebuild stopped", name=name, error=str(refusal))
        except (EventStoreError, Error) as trouble:
            _log.warning("rebuild interrupted", name=name, trouble=str(trouble))

    async def _resume(self, connection: Connection, model: ReadModel, build: Build) -> None:
        _log.info("rebuild started", name=model.name, schema=build.schema, position=build.position)
        rebuilt = await Rebuilder(connection, store=self._store, model=model, reader=self._reader, build=build).run()
        _log.info("rebuild finished", name=model.name, schema=rebuilt.schema, position=rebuilt.position)

    async def _process_requests(self, connection: Connection, model: ReadModel) -> None:
        """Execute the pending request, or its first step, in the transaction that completes it; record a refusal."""
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
