"""The log in PostgreSQL: appends through one function on one connection, reads on a few others."""

import asyncio
import sys
from array import array
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, LiteralString, Self

from eventstore import sql
from eventstore.encoding import check_batch
from eventstore.postgres.appender import Appender
from eventstore.postgres.batch import arguments, verdicts
from eventstore.postgres.readers import Readers
from eventstore.store import NOTHING_YET, RANGE_EVENTS_MAX, Append, ClockState, Columns, Mark, Recorded, Verdict, Wanted

READERS_MAX = 4
READERS_KEPT = 1
SHORT_RANGE = 20_000
"""Up to so many positions, looking at each is cheaper than finding streams by their names."""

SEARCHES: Mapping[tuple[bool, bool], LiteralString] = {
    (False, False): sql.SEARCH,
    (False, True): sql.SEARCH_BACK,
    (True, False): sql.SEARCH_STREAM,
    (True, True): sql.SEARCH_STREAM_BACK,
}
"""(one stream is named, newest first) → the statement that looks."""


class PostgresStore:
    """A `Store` on a database that `eventstore.migrate` has prepared.

    Args:
        url: of the application's role, which may EXECUTE append and SELECT, and nothing else.
        readers_max: how many reads may be under way at once.
    """

    def __init__(self, url: str, *, readers_max: int = READERS_MAX) -> None:
        self._appender = Appender(url)
        self._readers = Readers(url, readers_max, kept=READERS_KEPT)

    async def open(self) -> None:
        """Connect.

        Raises:
            StoreUnavailable: nobody answers.
            ServerTooOld: a PostgreSQL we do not support.
        """
        await self._appender.open()

    async def close(self) -> None:
        """Finish what is in flight and disconnect."""
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
        """Judge every command of the batch, as `Store.append` says."""
        if not batch:
            return []
        check_batch(batch)
        return verdicts(await self._appender.send(arguments(batch)), len(batch))

    async def read_streams(self, streams: Sequence[str]) -> dict[str, list[Recorded]]:
        """Return every named stream's events in version order."""
        found: dict[str, list[Recorded]] = {stream: [] for stream in streams}
        for row in await self._readers.rows(sql.READ_STREAMS, {"streams": list(found)}) if found else ():
            found[row[1]].append(recorded(row))
        return found

    async def read_stream(
        self, stream: str, *, after_version: int = 0, limit: int = RANGE_EVENTS_MAX
    ) -> list[Recorded]:
        """Return at most `limit` events of one stream with version > `after_version`, in order."""
        asked = {"stream": stream, "after_version": after_version, "limit": limit}
        return [recorded(row) for row in await self._readers.rows(sql.READ_STREAM, asked)]

    async def read_latest(self, prefix: str, *, limit: int) -> list[Recorded]:
        """Return the last event of each of the first `limit` streams whose name begins with `prefix`, by name."""
        return [recorded(row) for row in await self._readers.rows(sql.READ_LATEST, {"prefix": prefix, "limit": limit})]

    async def read_range(self, *, after: int, limit: int) -> list[Recorded]:
        """Return events with position > `after` in order, ending on a command's last part."""
        events = await self._between(after, after + limit)
        if events and events[-1].part < events[-1].parts:
            if events[-1].part < len(events):
                return events[: -events[-1].part]
            events += await self._between(events[-1].position, events[-1].position + events[-1].parts - events[-1].part)
        return events

    async def read_named(self, names: Collection[str], *, after: int, limit: int) -> tuple[list[Recorded], int]:
        """Return the events of these names among the next `limit` positions after one, and the last of those."""
        upto = max(after, min(await self.head(), after + limit))
        if upto == after:
            return [], after
        asked = {"after": after, "upto": upto, "names": list(names)}
        return [recorded(row) for row in await self._readers.rows(sql.READ_NAMED, asked)], upto

    async def read_columns(self, prefix: str, *, fields: Mapping[str, str], after: int, upto: int) -> Columns:
        """Return the events with `after` < position ≤ `upto` of the streams whose names begin so, in order."""
        statement = sql.READ_COLUMNS if upto - after > SHORT_RANGE else sql.READ_COLUMNS_IN_RANGE
        asked = {
            "prefix": prefix,
            "names": list(fields),
            "fields": list(fields.values()),
            "after": after,
            "upto": upto,
        }
        (row,) = await self._readers.rows(statement, asked)
        return await asyncio.to_thread(columns, *row)

    async def search(
        self, wanted: Wanted, *, after: int, upto: int, limit: int, newest_first: bool = False
    ) -> list[Recorded]:
        """Return the first (or the last) `limit` of the wanted events with `after` < position ≤ `upto`."""
        asked = {
            "after": after,
            "upto": upto,
            "limit": limit,
            "names": None if wanted.names is None else list(wanted.names),
            "stream": wanted.stream,
            "prefix": wanted.prefix,
            "actor": wanted.actor,
            "subjects": list(wanted.subjects),
            "subject_values": list(wanted.subjects.values()),
        }
        statement = SEARCHES[wanted.stream is not None, newest_first]
        return [recorded(row) for row in await self._readers.rows(statement, asked)]

    async def mark_of(self, position: int) -> Mark:
        """Return the end of the last whole command up to a position."""
        return mark(await self._readers.rows(sql.MARK_OF, {"position": position}))

    async def mark_at(self, moment: datetime) -> Mark:
        """Return the last position recorded at or before a time."""
        return mark(await self._readers.rows(sql.MARK_AT, {"moment": moment}))

    async def head(self) -> int:
        """Return the last position, 0 for an empty log."""
        ((head,),) = await self._readers.rows(sql.HEAD, {})
        return int(head)

    async def now(self) -> datetime:
        """Return the server's clock."""
        ((now,),) = await self._readers.rows(sql.NOW, {})
        moment: datetime = now
        return moment

    async def clock(self) -> ClockState:
        """Return the server's clock beside the time of the last event."""
        ((now, position, recorded_at, accepted),) = await self._readers.rows(sql.CLOCK, {})
        return ClockState(now=now, position=position, recorded_at=recorded_at, accepted=accepted)

    async def _between(self, after: int, upto: int) -> list[Recorded]:
        return [recorded(row) for row in await self._readers.rows(sql.READ_RANGE, {"after": after, "upto": upto})]


def columns(positions: bytes, streams: bytes, said: str) -> Columns:
    """Return the columns of one long row; cutting its texts takes a while, so do it in a thread.

    Args:
        positions: of eight bytes each, the highest first.
    """
    numbers = array("q", positions)
    if sys.byteorder == "little":
        numbers.byteswap()
    ends, texts = (text.split("\n") if numbers else [] for text in (streams.decode(), said))
    return Columns(positions=numbers, streams=ends, said=texts)


def mark(rows: Sequence[tuple[Any, ...]]) -> Mark:
    """Return the only row as a mark; without one, nothing has happened yet."""
    return Mark._make(rows[0]) if rows else NOTHING_YET


def recorded(row: tuple[Any, ...]) -> Recorded:
    """Return an event from a row whose columns stand in the order of `Recorded`."""
    return Recorded._make(row)
