"""Estimate of a rebuild's duration and size, from folding the log's first events into temporary tables."""

import time
from dataclasses import dataclass

from eventstore.store import Store
from projections.engine import checkpoints
from projections.engine.checkpoints import Connection
from projections.engine.event_reader import ProjectionEventReader
from projections.engine.model import ReadModel
from projections.engine.writer import write
from projections.rebuild import build_repository, sql

SAMPLE_EVENTS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildEstimate:
    """Estimate of a rebuild: positions to read, positions per second, bytes to write."""

    events: int
    events_s: float
    size_bytes: int

    @property
    def seconds(self) -> float:
        """The duration without throttling; 0 if the rate is unknown."""
        return self.events / self.events_s if self.events_s else 0.0


async def estimate_rebuild(
    connection: Connection, *, store: Store, model: ReadModel, reader: ProjectionEventReader
) -> RebuildEstimate:
    """Fold the log's first `SAMPLE_EVENTS` positions into temporary tables and roll back.

    Raises:
        NoSuchProjection: the read model has no control row.
    """
    live = await build_repository.require_live(connection, model.name)
    began_at = time.monotonic()
    events, reached = await store.read_named(model.event_names, after=0, limit=min(SAMPLE_EVENTS, live.position))
    async with connection.transaction(force_rollback=True):
        await checkpoints.set_search_path(connection, "pg_temp")
        await connection.execute(model.schema)
        await write(connection, model, reader.read(events), prepare=False)
    took_s = time.monotonic() - began_at
    sized = await (await connection.execute(sql.SIZE, {"schema": live.schema})).fetchone()
    assert sized is not None, "an aggregate returns one row"
    return RebuildEstimate(events=live.position, events_s=reached / took_s, size_bytes=sized[0])
