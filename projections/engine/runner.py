"""Runs the projectors of all read models that this process holds a lease on.

Several runners may run at once: each read model has one owner, and a standby acquires the lease of a silent owner.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog
from psycopg import Error

from eventstore.checkpoint import is_in_log
from eventstore.errors import StoreUnavailable
from eventstore.store import Store
from eventstore.subscription import Subscription
from eventstore.tasks import cancel_and_wait
from projections.engine import checkpoints
from projections.engine.checkpoints import Connection, Lease, LeaseLost
from projections.engine.event_buffer import SharedEventBuffer
from projections.engine.event_reader import ProjectionEventReader
from projections.engine.model import ReadModel
from projections.engine.projector import Projector
from projections.rebuild.supervisor import RebuildSupervisor

TICK_S = 1.0
SILENCE_S = 10.0
CLOSE_TIMEOUT_S = 5.0

_log = structlog.get_logger(__name__)


class ProjectionRunner:
    """Acquires leases, renews them once per `TICK_S`, and runs one projector per lease over one shared event buffer.

    Args:
        url: connection string of the projector's role.
        store: the log.
        subscribe: opens a subscription after a position.
        models: all read models.
        reader: decodes the events that any of them folds.
        owner: unique name of this process.
        silence_s: time without a heartbeat, by the database's clock, after which a lease is acquired from its owner.
    """

    def __init__(
        self,
        *,
        url: str,
        store: Store,
        subscribe: Callable[[int], Subscription],
        models: Sequence[ReadModel],
        reader: ProjectionEventReader,
        owner: str,
        silence_s: float = SILENCE_S,
    ) -> None:
        self._url = url
        self._store = store
        self._subscribe = subscribe
        self._models = {model.name: model for model in models}
        self._reader = reader
        self._owner = owner
        self._silence_s = silence_s
        self._connection: Connection | None = None
        self._registered = False
        self._buffer: SharedEventBuffer | None = None
        self._projectors: dict[str, asyncio.Task[None]] = {}
        self._supervisor = RebuildSupervisor(
            url=url, store=store, models=self._models, reader=reader, silence_s=silence_s
        )

    async def run(self) -> None:
        """Fold until cancelled; then release the leases, so that a standby can acquire them at once."""
        try:
            while True:
                try:
                    await self._tick()
                except (StoreUnavailable, Error) as trouble:
                    _log.warning("projections: database unavailable", trouble=str(trouble))
                    await self._disconnect()
                await asyncio.sleep(TICK_S)
        finally:
            await self._release()

    async def _tick(self) -> None:
        """Acquire or renew leases, start a projector for each running read model, and start due rebuilds."""
        if self._connection is None:
            self._connection = await checkpoints.open_connection(self._url, name="runner")
        if not self._registered:
            for model in self._models.values():
                await checkpoints.register(self._connection, model)
            self._registered = True
        leases = await checkpoints.acquire_or_renew(
            self._connection, owner=self._owner, names=list(self._models), silence_s=self._silence_s
        )
        await self._drop_ended()
        diverged = await self._diverged(self._connection, leases)
        running = [row for row in leases if row.state == "running" and row.name not in diverged]
        outdated = [row.name for row in running if row.version != self._models[row.name].version]
        idle = [row for row in running if row.name not in self._projectors and row.name not in outdated]
        for row in sorted(idle, key=lambda row: -row.position):
            self._start_projector(row)
        await self._supervisor.tick(self._connection, outdated=outdated, diverged=diverged)

    async def _drop_ended(self) -> None:
        """Remove ended projectors; stop all of them and close the buffer once it is stale."""
        if self._buffer is not None and self._buffer.is_stale:
            await self._stop_projectors()
        self._projectors = {name: task for name, task in self._projectors.items() if not task.done()}
        if not self._projectors and self._buffer is not None:
            await self._buffer.close()
            self._buffer = None

    async def _diverged(self, connection: Connection, leases: Sequence[Lease]) -> list[str]:
        """Return the read models whose checkpoint is not in the log; set the running ones among them to failed."""
        found = []
        for row in leases:
            if row.name in self._projectors or await is_in_log(self._store, row.checkpoint):
                continue
            found.append(row.name)
            if row.state == "running":
                await self._stop_diverged(connection, row)
        return found

    async def _stop_diverged(self, connection: Connection, row: Lease) -> None:
        error = (
            f"The log was restored and lacks events that {row.name} was folded from up to position {row.position}. "
            f"A rebuild starts automatically; if it fails, run: seatledger projections rebuild {row.name}"
        )
        with suppress(LeaseLost):
            await checkpoints.fail(connection, row, after=row.position, failed_position=None, error=error)
            _log.error("projection diverged", name=row.name, position=row.position, error=error)

    def _start_projector(self, row: Lease) -> None:
        """Start a projector of a read model; open the shared buffer for the first one."""
        model = self._models[row.name]
        if self._buffer is None:
            self._buffer = SharedEventBuffer(
                store=self._store, subscription=self._subscribe(row.position), start=row.position, reader=self._reader
            )
        work = Projector(url=self._url, store=self._store, model=model, lease=row, buffer=self._buffer).run()
        _log.info("projection started", name=row.name, position=row.position, schema=row.schema)
        self._projectors[row.name] = asyncio.create_task(work, name=f"project {row.name}")

    async def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(Error):
                await self._connection.close()
            self._connection = None

    async def _stop_projectors(self) -> None:
        await cancel_and_wait(*self._projectors.values())

    async def _release(self) -> None:
        await self._stop_projectors()
        await self._supervisor.close()
        if self._buffer is not None:
            await self._buffer.close()
        with suppress(Error, StoreUnavailable, TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                if self._connection is not None:
                    await checkpoints.release(self._connection, owner=self._owner)
        await self._disconnect()
