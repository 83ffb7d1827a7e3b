"""The log as several rules of one program read it: who comes second to a stretch gets what the first one read."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from eventstore.checkpoint import BEGINNING, Checkpoint, checkpoint_at, is_in_log, require_in_log
from eventstore.store import RecordedEvent


class Log(Protocol):
    """Recorded events, in order."""

    async def read_named(self, names: Collection[str], *, after: int, limit: int) -> tuple[list[RecordedEvent], int]:
        """Return the events of these names among the next `limit` positions after one, and the last of those."""
        ...

    async def read_range(self, *, after: int, limit: int) -> list[RecordedEvent]:
        """Return events with position > `after` in order, ending on a command's last part."""
        ...

    async def head(self) -> int:
        """Return the last position, 0 for an empty log."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRange:
    """The events of our names after one checkpoint, up to another."""

    after: Checkpoint
    end: Checkpoint
    events: Sequence[RecordedEvent]


class SharedEventReader:
    """Remembers the last stretch it read; rules that have caught up stand at one position and need one reading.

    Those that ask at once share it, and with it one connection.

    Args:
        names: of every event that any of the rules takes notes of.
    """

    def __init__(self, log: Log, names: Collection[str]) -> None:
        self._log = log
        self._names = frozenset(names)
        self._last = ReadRange(after=BEGINNING, end=BEGINNING, events=())
        self._readings: dict[tuple[Checkpoint, int], asyncio.Task[ReadRange]] = {}

    async def read_after(
        self, checkpoint: Checkpoint, names: Collection[str], *, limit: int
    ) -> tuple[list[RecordedEvent], Checkpoint]:
        """Return the events of some of our names among the next `limit` positions, and how far that is.

        Raises:
            LogWentBack: the log does not hold the checkpoint.
            StoreUnavailable.
        """
        asked = checkpoint, limit
        if asked not in self._readings:
            reading = asyncio.create_task(self._read(checkpoint, limit), name="read the log")
            reading.add_done_callback(partial(self._forget, asked))
            self._readings[asked] = reading
        found = await asyncio.shield(self._readings[asked])
        return [event for event in found.events if event.name in names], found.end

    async def close(self) -> None:
        """Stop reading."""
        readings = list(self._readings.values())
        for reading in readings:
            reading.cancel()
        await asyncio.gather(*readings, return_exceptions=True)  # who waited for one was told

    async def read_range(self, *, after: int, limit: int) -> list[RecordedEvent]:
        """Return events with position > `after` in order, ending on a command's last part."""
        return await self._log.read_range(after=after, limit=limit)

    async def head(self) -> int:
        """Return the last position, 0 for an empty log."""
        return await self._log.head()

    def _forget(self, asked: tuple[Checkpoint, int], reading: asyncio.Task[ReadRange]) -> None:
        del self._readings[asked]
        if not reading.cancelled():
            reading.exception()  # retrieved, for no rule may wait for it any more

    async def _read(self, after: Checkpoint, limit: int) -> ReadRange:
        found = self._last  # another reading may replace it at any await
        if await self._is_current(found, after, limit):
            return found
        await require_in_log(self._log, after)
        events, until = await self._log.read_named(self._names, after=after.position, limit=limit)
        if until == after.position:
            return ReadRange(after=after, end=after, events=())
        self._last = ReadRange(after=after, end=await checkpoint_at(self._log, until), events=events)
        return self._last

    async def _is_current(self, found: ReadRange, after: Checkpoint, limit: int) -> bool:
        """Say whether a range begins here and still is the log's: a log that was restored since holds another end."""
        begins_here = found.after == after and after.position < found.end.position <= after.position + limit
        return begins_here and await is_in_log(self._log, found.end)
