"""Which events the log holds, by name and schema version: a program that can't read one of them must not start.

A background part looks through what is new and keeps the result, so that a start has only the rest to look through.
"""

import asyncio
from types import TracebackType
from typing import LiteralString, NamedTuple, Self

import structlog

from eventstore.errors import StoreUnavailable, UnreadableLog
from eventstore.postgres.read_pool import ReadPool
from eventstore.upcasting import UpcasterChain

EVENTS_AT_ONCE_MAX = 100_000
PAUSE_S = 10.0

# What was found, and what stands in the log after the place up to which it was looked through.
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

# Somebody else may look through the same stretch: the one who comes second finds nothing to change.
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
    """One name and schema version, and where it stands first."""

    name: str
    schema_version: int
    first_position: int


class EventTypeIndex:
    """What the log holds.

    Args:
        url: of any role that reads events; looking on takes the projector's.
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
            StoreUnavailable: the server cannot be asked.
        """
        return [EventType._make(row) for row in await self._readers.rows(EVENT_TYPES, {})]

    async def check(self, upcasters: UpcasterChain) -> None:
        """Make sure that this program can read the whole log.

        Raises:
            UnreadableLog: it can't; the message says since where, and what to do.
            StoreUnavailable: the server cannot be asked.
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
        """Look through the next stretch of the log; return how many events it had (0: nothing is new)."""
        rows = await self._readers.rows(SCAN_NEXT, {"events_max": EVENTS_AT_ONCE_MAX})
        return int(rows[0][0]) if rows else 0

    async def scan_forever(self) -> None:
        """Look through whatever is new, again and again, until cancelled."""
        while True:
            try:
                while await self.scan_next():
                    pass
            except StoreUnavailable as trouble:
                _log.warning("survey interrupted", trouble=str(trouble))
            await asyncio.sleep(PAUSE_S)
