"""Backfill of a build: folds ranges of the log; rows and checkpoint of a range are one transaction."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress

from eventstore.checkpoint import checkpoint_at
from eventstore.store import Store
from projections.engine.checkpoints import Connection
from projections.engine.event_reader import ProjectionEventReader
from projections.engine.model import ProjectedEvent, ReadModel
from projections.engine.writer import write
from projections.operations.exclusions import exclude, read_exclusions
from projections.rebuild import build_repository
from projections.rebuild.throttle import RANGE_QUIET


class Backfill:
    """Folds the log into the tables of a build.

    Args:
        connection: its search path is the build's schema.
        position: last position that the build has folded.
    """

    def __init__(
        self,
        connection: Connection,
        store: Store,
        model: ReadModel,
        reader: ProjectionEventReader,
        *,
        schema: str,
        position: int,
    ) -> None:
        self._connection = connection
        self._store = store
        self._model = model
        self._reader = reader
        self._schema = schema
        self.position = position
        self.range_events = RANGE_QUIET

    async def run(self, until: int) -> AsyncGenerator[None]:
        """Fold everything up to a position that the live version has reached; yield after each range.

        Exclusions are read once: later ones concern positions that the live version has not reached.
        """
        exclusions = await read_exclusions(
            self._store, name=self._model.name, version=self._model.version, schema=self._schema
        )
        async with aclosing(self._ranges(until)) as ranges:
            async for events, reached in ranges:
                checkpoint = await checkpoint_at(self._store, reached)
                async with self._connection.transaction():
                    await build_repository.advance(
                        self._connection, self._schema, after=self.position, until=checkpoint
                    )
                    await write(self._connection, self._model, exclude(exclusions, events))
                self.position = reached
                yield

    async def catch_up(self, until: int) -> None:
        """Fold up to `until` without pauses, in a transaction that locks the live version's row."""
        async for _ in self.run(until):
            pass

    async def _ranges(self, until: int) -> AsyncGenerator[tuple[Sequence[ProjectedEvent], int]]:
        """Yield the events and the end of each range; the next range is read while one is folded."""
        position = self.position
        reading = asyncio.create_task(self._read(position, until))
        try:
            while position < until:
                events, position = await reading
                reading = asyncio.create_task(self._read(position, until))
                yield events, position
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading

    async def _read(self, after: int, until: int) -> tuple[Sequence[ProjectedEvent], int]:
        if after >= until:
            return [], after
        limit = min(self.range_events, until - after)
        events, reached = await self._store.read_named(self._model.event_names, after=after, limit=limit)
        return self._reader.read(events), reached
