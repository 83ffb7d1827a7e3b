"""Keeps one read model up to date: rows and checkpoint in one transaction, a batch at a time, until it is lost."""

import asyncio
from collections.abc import Sequence

import structlog
from psycopg.errors import Error, InterfaceError, OperationalError

from domain.projection import PROJECTION
from eventstore.errors import EventStoreError, LogWentBack, StoreUnavailable
from eventstore.store import Store
from projections import control
from projections.control import Connection, Held, Lost
from projections.failure import described
from projections.model import Fact, ReadModel
from projections.rebuilding import builds
from projections.set_aside import read_projection, without
from projections.window import Stretch, Window
from projections.writing import of_model, write

PACE_S = 0.05
BATCH_FACTS = 2_000

INTERRUPTIONS = (Lost, LogWentBack, StoreUnavailable, OperationalError, InterfaceError)
"""What says nothing about an event: the keeper ends, and another begins from where the row stands then."""

_log = structlog.get_logger(__name__)


class Keeper:
    """Folds one read model from where its row stands.

    Args:
        url: of the projector's role.
        store: the log, which says what is left out.
        held: the row as this process holds it.
    """

    def __init__(self, *, url: str, store: Store, model: ReadModel, held: Held, window: Window) -> None:
        self._url = url
        self._store = store
        self._model = model
        self._held = held
        self._window = window
        self._decided = PROJECTION.initial

    async def run(self) -> None:
        """Fold until cancelled, lost, stopped by an event that can't be applied, or cut off from a server."""
        try:
            connection = await control.open_connection(self._url, name=self._model.name, schema=self._held.schema)
            try:
                await self._follow(connection)
            finally:
                await connection.close()
        except Lost:
            _log.info("projection let go", name=self._model.name)
        except LogWentBack as restored:
            _log.error("projection interrupted", name=self._model.name, trouble=str(restored))
            self._window.give_up()
        except (EventStoreError, Error) as trouble:
            _log.warning("projection interrupted", name=self._model.name, trouble=str(trouble))

    async def _follow(self, connection: Connection) -> None:
        position = self._held.position
        self._decided = await read_projection(self._store, self._model.name)
        clock = asyncio.get_running_loop().time
        while True:
            began_at = clock()
            stretch = await self._window.after(position)
            try:
                await self._commit(connection, stretch)
            except INTERRUPTIONS:
                raise
            except Exception:  # noqa: BLE001 - whatever an event does to a fold, it stops this read model alone
                await self._stop_at_the_culprit(connection, stretch)
                return
            position = stretch.upto
            # Many small transactions cost more than few larger ones, and nobody waits less for them.
            await asyncio.sleep(max(0.0, PACE_S - (clock() - began_at)) if len(stretch.ends) < BATCH_FACTS else 0)

    async def _commit(self, connection: Connection, stretch: Stretch) -> None:
        if not of_model(self._model, stretch.facts) and await self._advance_alone(connection, stretch):
            return
        async with connection.transaction():
            follower = await control.advance(connection, self._held, after=stretch.after, until=stretch.end)
            await write(connection, self._model, self._kept(self._held.schema, stretch))
            if follower is not None:
                await self._write_follower(connection, follower, stretch)
            await self._window.require_in_log(stretch.end)  # the window may hold what a restored log does not

    async def _advance_alone(self, connection: Connection, stretch: Stretch) -> bool:
        """Move the checkpoint past a batch without rows; False: a version being built has to move along."""
        await self._window.require_in_log(stretch.end)
        return await control.advance_alone(connection, self._held, after=stretch.after, until=stretch.end)

    async def _write_follower(self, connection: Connection, follower: str, stretch: Stretch) -> None:
        """Write a batch to the version that is being built as well; what it can't take stops it alone."""
        try:
            async with connection.transaction():
                await control.look_in(connection, follower)
                await write(connection, self._model, self._kept(follower, stretch), prepare=False)
                await builds.advance(connection, follower, after=stretch.after, until=stretch.end)
                await control.look_in(connection, self._held.schema)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - the live version took it, so it goes on
            said = described(error)
            await builds.stop(connection, name=self._model.name, schema=follower, state="failed", error=said)
            _log.error("rebuild failed", name=self._model.name, position=stretch.upto, error=str(error))

    def _kept(self, schema: str, stretch: Stretch) -> Sequence[Fact]:
        """Return the facts that the tables in a schema do not leave out."""
        return without(self._decided.exclusions(self._held.version, schema), stretch.facts)

    async def _stop_at_the_culprit(self, connection: Connection, stretch: Stretch) -> None:
        """Apply every command before the one that fails, halving what is left; then stop at its event."""
        while len(stretch.ends) > 1:
            middle = stretch.ends[len(stretch.ends) // 2 - 1].position
            first_half = stretch.between(stretch.after, middle)
            try:
                await self._commit(connection, first_half)
            except INTERRUPTIONS:
                raise
            except Exception:  # noqa: BLE001 - the culprit is in this half
                stretch = first_half
            else:
                stretch = stretch.between(middle, stretch.upto)
        failed_position, error = await self._culprit(connection, stretch)
        await control.fail(connection, self._held, after=stretch.after, failed_position=failed_position, error=error)
        _log.error("projection failed", name=self._model.name, position=failed_position, error=error)

    async def _culprit(self, connection: Connection, stretch: Stretch) -> tuple[int, str]:
        """Return the first event of a command that can't be applied after those before it, and what it does."""
        facts = of_model(self._model, self._kept(self._held.schema, stretch))
        for count, fact in enumerate(facts, 1):
            try:
                async with connection.transaction(force_rollback=True):
                    await write(connection, self._model, facts[:count])
            except (OperationalError, InterfaceError):
                raise
            except Exception as error:  # noqa: BLE001 - this is what is being looked for
                return fact.position, f"{fact.name}: {described(error)}"
        return stretch.upto, "the command fails as a whole, but none of its events alone"
