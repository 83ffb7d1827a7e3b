"""Index of the event types in the log: a program that cannot read one of them must not start.

A background task keeps the index current, so that only the newest events have to be scanned at a start.
"""

import asyncio
from types import TracebackType
from typing import LiteralString, NamedTuple, Self

import structlog

from eventstore.errors import StoreUnavailable, UnreadableLog
from eventstore.postgres.read_pool import ReadPool
from eventstore.schema.upcasting import UpcasterChain

SCAN_EVENTS_MAX = 100_000
SCAN_INTERVAL_S = 10.0

# The indexed event types, and those of the events behind the indexed position.
EVENT_TYPES: LiteralString = """
SELECT name, schema_version, min(first_position) AS first_position
FROM (
    SELECT name, schema_version, first_position FROM eventstore.event_type
    UNION ALL
    SELECT name, schema_version, min(position) FROM eventstore.event
    WHERE position > (SELECT position FROM eventstore.survey)
    GROUP BY name, schema_version
) AS found
GROUP BY name, schema_version
ORDER BY first_position
"""

# Concurrent scans of the same events are safe: the second one finds the position moved and changes nothing.
SCAN_NEXT: LiteralString = """
WITH stretch AS MATERIALIZED (
    SELECT position AS after,
           least(position + %(events_max)s,
                 coalesce((SELECT position FROM eventstore.event ORDER BY position DESC LIMIT 1), 0)) AS upto
    FROM eventstore.survey
), found AS (
    INSERT INTO eventstore.event_type (name, schema_version, first_position)
    SELECT event.name, event.schema_version, min(event.position)
    FROM stretch JOIN eventstore.event ON event.position > stretch.after AND event.position <= stretch.upto
    GROUP BY event.name, event.schema_version
    ON CONFLICT DO NOTHING
)
UPDATE eventstore.survey SET position = stretch.upto
FROM stretch
WHERE survey.position = stretch.after AND stretch.upto > stretch.after
RETURNING stretch.upto - stretch.after
"""

_log = structlog.get_logger(__name__)


class EventType(NamedTuple):
    """One event name and schema version, with the position of its first event."""

    name: str
    schema_version: int
    first_position: int


class EventTypeIndex:
    """The event names and schema versions that the log holds.

    Args:
        url: of any role that reads events; `scan_next` needs the projector's.
    """

    def __init__(self, url: str) -> None:
        self._readers = ReadPool(url, 1)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._readers.close()

    async def event_types(self) -> list[EventType]:
        """Return every name and schema version in the log, in the order of their first positions.

        Raises:
            StoreUnavailable: the server cannot be reached.
        """
        return [EventType._make(row) for row in await self._readers.rows(EVENT_TYPES, {})]

    async def check(self, upcasters: UpcasterChain) -> None:
        """Check that this program can read the whole log.

        Raises:
            UnreadableLog: it cannot; the message names the event, its position and the remedy.
            StoreUnavailable: the server cannot be reached.
        """
        for name, schema_version, position in await self.event_types():
            objection = upcasters.why_unreadable(name, schema_version)
            if objection is not None:
                raise UnreadableLog(
                    f"The log holds {name} version {schema_version} since position {position}. {objection} "
                    "Start the program version that wrote it, or start this one with a new data folder. "
                    "Nothing was changed."
                )

    async def scan_next(self) -> int:
        """Scan the next batch of events; return how many there were (0: nothing is new)."""
        rows = await self._readers.rows(SCAN_NEXT, {"events_max": SCAN_EVENTS_MAX})
        return int(rows[0][0]) if rows else 0

    async def scan_forever(self) -> None:
        """Scan new events periodically until cancelled."""
        while True:
            try:
                while await self.scan_next():
                    pass
            except StoreUnavailable as trouble:
                _log.warning("survey interrupted", trouble=str(trouble))
            await asyncio.sleep(SCAN_INTERVAL_S)
