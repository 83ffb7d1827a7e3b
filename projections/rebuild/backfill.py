"""Folding ranges of the log into a version that nobody reads yet; rows and checkpoint change in one transaction."""

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
    """Folds the log into the tables of a build, by the same fold as the live version's.

    Args:
        connection: looks in the build's schema.
        position: how far the build is.
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
        """Fold everything up to a position that the live version has reached; give way after every range.

        What is left out is decided about positions that the live version has not reached, so what was decided by now is
        all there is to know.
        """
        exclusions = await read_exclusions(
            self._store, name=self._model.name, version=self._model.version, schema=self._schema
        )
        async with aclosing(self._ranges(until)) as ranges:
            async for facts, reached in ranges:
                checkpoint = await checkpoint_at(self._store, reached)
                async with self._connection.transaction():
                    await build_repository.advance(
                        self._connection, self._schema, after=self.position, until=checkpoint
                    )
                    await write(self._connection, self._model, exclude(exclusions, facts))
                self.position = reached
                yield

    async def catch_up(self, until: int) -> None:
        """Fold the little that is left, within a transaction that keeps the live version from moving."""
        async for _ in self.run(until):
            pass

    async def _ranges(self, until: int) -> AsyncGenerator[tuple[Sequence[ProjectedEvent], int]]:
        """Give one range after the other; the next is read while the last is folded."""
        position = self.position
        reading = asyncio.create_task(self._read(position, until))
        try:
            while position < until:
                facts, position = await reading
                reading = asyncio.create_task(self._read(position, until))
                yield facts, position
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
