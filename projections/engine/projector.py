"""Projector of one read model: commits rows and checkpoint of each batch in one transaction."""

import asyncio
from collections.abc import Sequence

import structlog
from psycopg.errors import Error, InterfaceError, OperationalError

from domain.operations.projection import PROJECTION
from eventstore.errors import EventStoreError, LogRestored, StoreUnavailable
from eventstore.store import Store
from projections.engine import checkpoints
from projections.engine.checkpoints import Connection, Lease, LeaseLost
from projections.engine.event_buffer import EventBatch, SharedEventBuffer
from projections.engine.failure import describe_error
from projections.engine.model import ProjectedEvent, ReadModel
from projections.engine.writer import events_of_model, write
from projections.operations.exclusions import exclude, read_projection
from projections.rebuild import build_repository

MIN_BATCH_INTERVAL_S = 0.05
BATCH_COMMANDS = 2_000

INTERRUPTIONS = (LeaseLost, LogRestored, StoreUnavailable, OperationalError, InterfaceError)
"""Errors that no event causes: the projector ends, and the runner starts another at the row's checkpoint."""

_log = structlog.get_logger(__name__)


class Projector:
    """Folds one read model from its checkpoint on.

    Args:
        url: connection string of the projector's role.
        store: the log; it also holds the operators' decisions about exclusions.
        lease: the read model's control row, owned by this process.
    """

    def __init__(self, *, url: str, store: Store, model: ReadModel, lease: Lease, buffer: SharedEventBuffer) -> None:
        self._url = url
        self._store = store
        self._model = model
        self._lease = lease
        self._buffer = buffer
        self._exclusions = PROJECTION.initial

    async def run(self) -> None:
        """Fold until cancelled, the lease is lost, an event cannot be applied, or a server is unreachable."""
        try:
            connection = await checkpoints.open_connection(self._url, name=self._model.name, schema=self._lease.schema)
            try:
                await self._project_forever(connection)
            finally:
                await connection.close()
        except LeaseLost:
            _log.info("projection lease lost", name=self._model.name)
        except LogRestored as restored:
            _log.error("projection interrupted", name=self._model.name, trouble=str(restored))
            self._buffer.invalidate()
        except (EventStoreError, Error) as trouble:
            _log.warning("projection interrupted", name=self._model.name, trouble=str(trouble))

    async def _project_forever(self, connection: Connection) -> None:
        position = self._lease.position
        self._exclusions = await read_projection(self._store, self._model.name)
        clock = asyncio.get_running_loop().time
        while True:
            began_at = clock()
            batch = await self._buffer.after(position)
            try:
                await self._commit(connection, batch)
            except INTERRUPTIONS:
                raise
            except Exception:  # noqa: BLE001 - an event may raise any error in a fold; only this read model stops
                await self._bisect_failure(connection, batch)
                return
            position = batch.last_position
            # Fewer, larger transactions cost less; readers do not wait longer.
            is_full = len(batch.command_ends) >= BATCH_COMMANDS
            await asyncio.sleep(0 if is_full else max(0.0, MIN_BATCH_INTERVAL_S - (clock() - began_at)))

    async def _commit(self, connection: Connection, batch: EventBatch) -> None:
        if not events_of_model(self._model, batch.events) and await self._advance_alone(connection, batch):
            return
        async with connection.transaction():
            build_schema = await checkpoints.advance(connection, self._lease, after=batch.after, until=batch.end)
            await write(connection, self._model, self._without_excluded(self._lease.schema, batch))
            if build_schema is not None:
                await self._write_to_build(connection, build_schema, batch)
            await self._buffer.require_in_log(batch.end)  # the buffer may hold events that a restored log lacks

    async def _advance_alone(self, connection: Connection, batch: EventBatch) -> bool:
        """Move the checkpoint past a batch without rows; False if a dual write is on, whose build must advance too."""
        await self._buffer.require_in_log(batch.end)
        return await checkpoints.advance_alone(connection, self._lease, after=batch.after, until=batch.end)

    async def _write_to_build(self, connection: Connection, build_schema: str, batch: EventBatch) -> None:
        """Write a batch to the build as well (dual write); an error marks only the build as failed."""
        try:
            async with connection.transaction():
                await checkpoints.set_search_path(connection, build_schema)
                await write(connection, self._model, self._without_excluded(build_schema, batch), prepare=False)
                await build_repository.advance(connection, build_schema, after=batch.after, until=batch.end)
                await checkpoints.set_search_path(connection, self._lease.schema)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - the live version applied the batch and continues
            description = describe_error(error)
            await build_repository.mark_failed(
                connection, name=self._model.name, schema=build_schema, state="failed", error=description
            )
            _log.error("rebuild failed", name=self._model.name, position=batch.last_position, error=str(error))

    def _without_excluded(self, schema: str, batch: EventBatch) -> Sequence[ProjectedEvent]:
        """Return the batch's events without those that the tables in a schema exclude."""
        return exclude(self._exclusions.exclusions(self._lease.version, schema), batch.events)

    async def _bisect_failure(self, connection: Connection, batch: EventBatch) -> None:
        """Apply the commands before the failing one, found by bisection; then set the read model to failed."""
        while len(batch.command_ends) > 1:
            middle = batch.command_ends[len(batch.command_ends) // 2 - 1].position
            first_half = batch.between(batch.after, middle)
            try:
                await self._commit(connection, first_half)
            except INTERRUPTIONS:
                raise
            except Exception:  # noqa: BLE001 - the failing command is in this half
                batch = first_half
            else:
                batch = batch.between(middle, batch.last_position)
        failed_position, error = await self._failing_event(connection, batch)
        await checkpoints.fail(connection, self._lease, after=batch.after, failed_position=failed_position, error=error)
        _log.error("projection failed", name=self._model.name, position=failed_position, error=error)

    async def _failing_event(self, connection: Connection, batch: EventBatch) -> tuple[int, str]:
        """Return the position of the first event of a command that cannot be applied, and the error."""
        events = events_of_model(self._model, self._without_excluded(self._lease.schema, batch))
        for count, event in enumerate(events, 1):
            try:
                async with connection.transaction(force_rollback=True):
                    await write(connection, self._model, events[:count])
            except (OperationalError, InterfaceError):
                raise
            except Exception as error:  # noqa: BLE001 - this error is the result
                return event.position, f"{event.name}: {describe_error(error)}"
        return batch.last_position, "the command fails as a whole, but none of its events alone"
