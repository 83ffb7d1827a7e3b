"""The log in PostgreSQL: appends by one SQL function on one connection, reads on a pool of others."""

import asyncio
import sys
from array import array
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, LiteralString, Self

from eventstore.postgres import sql
from eventstore.postgres.appender import Appender
from eventstore.postgres.batch import arguments, verdicts
from eventstore.postgres.read_pool import ReadPool
from eventstore.store import (
    RANGE_EVENTS_MAX,
    START_OF_LOG,
    Append,
    ClockState,
    EventColumns,
    EventFilter,
    LogPoint,
    RecordedEvent,
    Verdict,
)
from eventstore.validation import check_batch

READERS_MAX = 4
READERS_KEPT = 1
SHORT_RANGE = 20_000
"""In ranges up to this size, examining every position is cheaper than finding streams by name."""

SEARCHES: Mapping[tuple[bool, bool], LiteralString] = {
    (False, False): sql.SEARCH,
    (False, True): sql.SEARCH_NEWEST_FIRST,
    (True, False): sql.SEARCH_STREAM,
    (True, True): sql.SEARCH_STREAM_NEWEST_FIRST,
}
"""(the filter names a stream, newest first) → the statement."""


class PostgresStore:
    """A `Store` on a database prepared by `eventstore.postgres.migrate`.

    Args:
        url: of the application's role, which has EXECUTE on append and SELECT, and no other privileges.
        readers_max: maximum number of concurrent reads.
    """

    def __init__(self, url: str, *, readers_max: int = READERS_MAX) -> None:
        self._appender = Appender(url)
        self._readers = ReadPool(url, readers_max, kept=READERS_KEPT)

    async def open(self) -> None:
        """Connect.

        Raises:
            StoreUnavailable: the server cannot be reached.
            ServerTooOld: PostgreSQL is older than the oldest supported version.
        """
        await self._appender.open()

    async def close(self) -> None:
        """Wait for the append in flight and disconnect."""
        await self._appender.close()
        await self._readers.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def append(self, batch: Sequence[Append]) -> list[Verdict]:
        """Append a batch, as specified by `Store.append`."""
        if not batch:
            return []
        check_batch(batch)
        return verdicts(await self._appender.send(arguments(batch)), len(batch))

    async def read_streams(self, streams: Sequence[str]) -> dict[str, list[RecordedEvent]]:
        """Return the events of each stream in version order."""
        found: dict[str, list[RecordedEvent]] = {stream: [] for stream in streams}
        for row in await self._readers.rows(sql.READ_STREAMS, {"streams": list(found)}) if found else ():
            found[row[1]].append(to_recorded_event(row))
        return found

    async def read_stream(
        self, stream: str, *, after_version: int = 0, limit: int = RANGE_EVENTS_MAX
    ) -> list[RecordedEvent]:
        """Return at most `limit` events of one stream with version > `after_version`, in order."""
        parameters = {"stream": stream, "after_version": after_version, "limit": limit}
        return [to_recorded_event(row) for row in await self._readers.rows(sql.READ_STREAM, parameters)]

    async def read_latest(self, prefix: str, *, limit: int) -> list[RecordedEvent]:
        """Return the last event of each of the first `limit` streams whose names begin with `prefix`, by name."""
        return [
            to_recorded_event(row)
            for row in await self._readers.rows(sql.READ_LATEST, {"prefix": prefix, "limit": limit})
        ]

    async def read_range(self, *, after: int, limit: int) -> list[RecordedEvent]:
        """Return events with position > `after` in order, ending on a command's last part."""
        events = await self._between(after, after + limit)
        if events and events[-1].part < events[-1].parts:
            if events[-1].part < len(events):
                return events[: -events[-1].part]
            events += await self._between(events[-1].position, events[-1].position + events[-1].parts - events[-1].part)
        return events

    async def read_named(self, names: Collection[str], *, after: int, limit: int) -> tuple[list[RecordedEvent], int]:
        """Return the events with these names among the next `limit` positions, and the last position examined."""
        until = max(after, min(await self.head(), after + limit))
        if until == after:
            return [], after
        parameters = {"after": after, "upto": until, "names": list(names)}
        return [to_recorded_event(row) for row in await self._readers.rows(sql.READ_NAMED, parameters)], until

    async def read_columns(self, prefix: str, *, fields: Mapping[str, str], after: int, until: int) -> EventColumns:
        """Return the events with `after` < position ≤ `until` of the streams that begin with `prefix`, in order."""
        statement = sql.READ_COLUMNS if until - after > SHORT_RANGE else sql.READ_COLUMNS_IN_RANGE
        parameters = {
            "prefix": prefix,
            "names": list(fields),
            "fields": list(fields.values()),
            "after": after,
            "upto": until,
        }
        (row,) = await self._readers.rows(statement, parameters)
        return await asyncio.to_thread(to_event_columns, *row)

    async def search(
        self, event_filter: EventFilter, *, after: int, until: int, limit: int, newest_first: bool = False
    ) -> list[RecordedEvent]:
        """Return the first (or the last) `limit` matching events with `after` < position ≤ `until`."""
        parameters = {
            "after": after,
            "upto": until,
            "limit": limit,
            "names": None if event_filter.names is None else list(event_filter.names),
            "stream": event_filter.stream,
            "prefix": event_filter.prefix,
            "actor": event_filter.actor,
            "subjects": list(event_filter.subjects),
            "subject_values": list(event_filter.subjects.values()),
        }
        statement = SEARCHES[event_filter.stream is not None, newest_first]
        return [to_recorded_event(row) for row in await self._readers.rows(statement, parameters)]

    async def point_before(self, position: int) -> LogPoint:
        """Return the end of the last complete command up to a position."""
        return to_log_point(await self._readers.rows(sql.POINT_BEFORE, {"position": position}))

    async def point_at(self, moment: datetime) -> LogPoint:
        """Return the last position recorded at or before a time."""
        return to_log_point(await self._readers.rows(sql.POINT_AT, {"moment": moment}))

    async def head(self) -> int:
        """Return the last position, 0 for an empty log."""
        ((head,),) = await self._readers.rows(sql.HEAD, {})
        return int(head)

    async def now(self) -> datetime:
        """Return the server's time."""
        ((now,),) = await self._readers.rows(sql.NOW, {})
        moment: datetime = now
        return moment

    async def clock(self) -> ClockState:
        """Return the server's clock and the time of the last event."""
        ((now, position, recorded_at, accepted),) = await self._readers.rows(sql.CLOCK, {})
        return ClockState(now=now, position=position, recorded_at=recorded_at, accepted=accepted)

    async def _between(self, after: int, until: int) -> list[RecordedEvent]:
        return [
            to_recorded_event(row) for row in await self._readers.rows(sql.READ_RANGE, {"after": after, "upto": until})
        ]


def to_event_columns(positions: bytes, streams: bytes, values: str) -> EventColumns:
    """Split the aggregated columns of one row. Slow for large ranges: call it in a thread.

    Args:
        positions: 8-byte integers, big-endian.
        streams: separated by line feeds.
        values: separated by line feeds.
    """
    numbers = array("q", positions)
    if sys.byteorder == "little":
        numbers.byteswap()
    ends, texts = (text.split("\n") if numbers else [] for text in (streams.decode(), values))
    return EventColumns(positions=numbers, streams=ends, values=texts)


def to_log_point(rows: Sequence[tuple[Any, ...]]) -> LogPoint:
    """Return the point in the only row; the start of the log without a row."""
    return LogPoint._make(rows[0]) if rows else START_OF_LOG


def to_recorded_event(row: tuple[Any, ...]) -> RecordedEvent:
    """Return the event of a row whose columns have the order of `RecordedEvent`."""
    return RecordedEvent._make(row)
