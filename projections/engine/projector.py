"""Keeps one read model up to date: rows and checkpoint in one transaction, a batch at a time, until it is lost."""

import asyncio
from collections.abc import Sequence

import structlog
from psycopg.errors import Error, InterfaceError, OperationalError

from domain.operations.projection import PROJECTION
from eventstore.errors import EventStoreError, LogWentBack, StoreUnavailable
from eventstore.store import Store
from projections.engine import checkpoints
from projections.engine.checkpoints import Connection, Lease, LeaseLost
from projections.engine.event_buffer import EventBatch, SharedEventBuffer
from projections.engine.failure import describe_error
from projections.engine.model import ProjectedEvent, ReadModel
from projections.engine.writer import events_of_model, write
from projections.operations.exclusions import exclude, read_projection
from projections.rebuild import build_repository

PACE_S = 0.05
BATCH_FACTS = 2_000

INTERRUPTIONS = (LeaseLost, LogWentBack, StoreUnavailable, OperationalError, InterfaceError)
"""What says nothing about an event: the keeper ends, and another begins from where the row stands then."""

_log = structlog.get_logger(__name__)


class Projector:
    """Folds one read model from where its row stands.

    Args:
        url: of the projector's role.
        store: the log, which says what is left out.
        held: the row as this process holds it.
    """

    def __init__(self, *, url: str, store: Store, model: ReadModel, lease: Lease, window: SharedEventBuffer) -> None:
        self._url = url
        self._store = store
        self._model = model
        self._held = lease
        self._window = window
        self._decided = PROJECTION.initial

    async def run(self) -> None:
        """Fold until cancelled, lost, stopped by an event that can't be applied, or cut off from a server."""
        try:
            connection = await checkpoints.open_connection(self._url, name=self._model.name, schema=self._held.schema)
            try:
                await self._project_forever(connection)
            finally:
                await connection.close()
        except LeaseLost:
            _log.info("projection let go", name=self._model.name)
        except LogWentBack as restored:
            _log.error("projection interrupted", name=self._model.name, trouble=str(restored))
            self._window.invalidate()
        except (EventStoreError, Error) as trouble:
            _log.warning("projection interrupted", name=self._model.name, trouble=str(trouble))

    async def _project_forever(self, connection: Connection) -> None:
        position = self._held.position
        self._decided = await read_projection(self._store, self._model.name)
        clock = asyncio.get_running_loop().time
        while True:
            began_at = clock()
            batch = await self._window.after(position)
            try:
                await self._commit(connection, batch)
            except INTERRUPTIONS:
                raise
            except Exception:  # noqa: BLE001 - whatever an event does to a fold, it stops this read model alone
                await self._bisect_failure(connection, batch)
                return
            position = batch.last_position
            # Many small transactions cost more than few larger ones, and nobody waits less for them.
            await asyncio.sleep(max(0.0, PACE_S - (clock() - began_at)) if len(batch.command_ends) < BATCH_FACTS else 0)

    async def _commit(self, connection: Connection, batch: EventBatch) -> None:
        if not events_of_model(self._model, batch.facts) and await self._advance_alone(connection, batch):
            return
        async with connection.transaction():
            follower = await checkpoints.advance(connection, self._held, after=batch.after, until=batch.end)
            await write(connection, self._model, self._included(self._held.schema, batch))
            if follower is not None:
                await self._write_follower(connection, follower, batch)
            await self._window.require_in_log(batch.end)  # the window may hold what a restored log does not

    async def _advance_alone(self, connection: Connection, batch: EventBatch) -> bool:
        """Move the checkpoint past a batch without rows; False: a version being built has to move along."""
        await self._window.require_in_log(batch.end)
        return await checkpoints.advance_alone(connection, self._held, after=batch.after, until=batch.end)

    async def _write_follower(self, connection: Connection, follower: str, batch: EventBatch) -> None:
        """Write a batch to the version that is being built as well; what it can't take stops it alone."""
        try:
            async with connection.transaction():
                await checkpoints.set_search_path(connection, follower)
                await write(connection, self._model, self._included(follower, batch), prepare=False)
                await build_repository.advance(connection, follower, after=batch.after, until=batch.end)
                await checkpoints.set_search_path(connection, self._held.schema)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - the live version took it, so it goes on
            description = describe_error(error)
            await build_repository.mark_failed(
                connection, name=self._model.name, schema=follower, state="failed", error=description
            )
            _log.error("rebuild failed", name=self._model.name, position=batch.last_position, error=str(error))

    def _included(self, schema: str, batch: EventBatch) -> Sequence[ProjectedEvent]:
        """Return the facts that the tables in a schema do not leave out."""
        return exclude(self._decided.exclusions(self._held.version, schema), batch.facts)

    async def _bisect_failure(self, connection: Connection, batch: EventBatch) -> None:
        """Apply every command before the one that fails, halving what is left; then stop at its event."""
        while len(batch.command_ends) > 1:
            middle = batch.command_ends[len(batch.command_ends) // 2 - 1].position
            first_half = batch.between(batch.after, middle)
            try:
                await self._commit(connection, first_half)
            except INTERRUPTIONS:
                raise
            except Exception:  # noqa: BLE001 - the culprit is in this half
                batch = first_half
            else:
                batch = batch.between(middle, batch.last_position)
        failed_position, error = await self._failing_event(connection, batch)
        await checkpoints.fail(connection, self._held, after=batch.after, failed_position=failed_position, error=error)
        _log.error("projection failed", name=self._model.name, position=failed_position, error=error)

    async def _failing_event(self, connection: Connection, batch: EventBatch) -> tuple[int, str]:
        """Return the first event of a command that can't be applied after those before it, and what it does."""
        facts = events_of_model(self._model, self._included(self._held.schema, batch))
        for count, fact in enumerate(facts, 1):
            try:
                async with connection.transaction(force_rollback=True):
                    await write(connection, self._model, facts[:count])
            except (OperationalError, InterfaceError):
                raise
            except Exception as error:  # noqa: BLE001 - this is what is being looked for
                return fact.position, f"{fact.name}: {describe_error(error)}"
        return batch.last_position, "the command fails as a whole, but none of its events alone"
