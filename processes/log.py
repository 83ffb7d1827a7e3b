"""The log as several rules of one program read it: who comes second to a stretch gets what the first one read."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from eventstore.checkpoint import BEGINNING, Checkpoint, checkpoint_at, is_in_log
from eventstore.store import Recorded


class Log(Protocol):
    """Recorded events, in order."""

    async def read_named(self, names: Collection[str], *, after: int, limit: int) -> tuple[list[Recorded], int]:
        """Return the events of these names among the next `limit` positions after one, and the last of those."""
        ...

    async def read_range(self, *, after: int, limit: int) -> list[Recorded]:
        """Return events with position > `after` in order, ending on a command's last part."""
        ...

    async def head(self) -> int:
        """Return the last position, 0 for an empty log."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRange:
    """The events of our names after one position, up to another."""

    after: int
    end: Checkpoint
    events: Sequence[Recorded]


class SharedLog:
    """Remembers the last stretch it read; rules that have caught up stand at one position and need one reading.

    Args:
        names: of every event that any of the rules takes notes of.
    """

    def __init__(self, log: Log, names: Collection[str]) -> None:
        self._log = log
        self._names = frozenset(names)
        self._last = ReadRange(after=0, end=BEGINNING, events=())

    async def read_named(self, names: Collection[str], *, after: int, limit: int) -> tuple[list[Recorded], int]:
        """Return the events of some of our names after a position: from the last stretch if it begins there."""
        found = self._last  # another rule may replace it at any await
        if not await self._is_current(found, after, limit):
            events, upto = await self._log.read_named(self._names, after=after, limit=limit)
            if upto == after:
                return [], after
            found = ReadRange(after=after, end=await checkpoint_at(self._log, upto), events=events)
            self._last = found
        return [event for event in found.events if event.name in names], found.end.position

    async def read_range(self, *, after: int, limit: int) -> list[Recorded]:
        """Return events with position > `after` in order, ending on a command's last part."""
        return await self._log.read_range(after=after, limit=limit)

    async def head(self) -> int:
        """Return the last position, 0 for an empty log."""
        return await self._log.head()

    async def _is_current(self, found: ReadRange, after: int, limit: int) -> bool:
        """Say whether a range begins here and still is the log's, which may have been restored since."""
        begins_here = found.after == after < found.end.position <= after + limit
        return begins_here and await is_in_log(self._log, found.end)
