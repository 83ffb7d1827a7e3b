"""The log as several rules of one program read it: who comes second to a stretch gets what the first one read."""

from collections.abc import Collection
from typing import Protocol

from eventstore.checkpoint import BEGINNING, checkpoint_at, is_in_log
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


class SharedLog:
    """Remembers the last stretch it read; rules that have caught up stand at one position and need one reading.

    Args:
        names: of every event that any of the rules takes notes of.
    """

    def __init__(self, log: Log, names: Collection[str]) -> None:
        self._log = log
        self._names = frozenset(names)
        self._after = 0
        self._end = BEGINNING
        self._events: list[Recorded] = []

    async def read_named(self, names: Collection[str], *, after: int, limit: int) -> tuple[list[Recorded], int]:
        """Return the events of some of our names after a position: from the last stretch if it begins there."""
        if not await self._holds(after, limit):
            events, upto = await self._log.read_named(self._names, after=after, limit=limit)
            if upto == after:
                return [], after
            self._events, self._after, self._end = events, after, await checkpoint_at(self._log, upto)
        return [event for event in self._events if event.name in names], self._end.position

    async def read_range(self, *, after: int, limit: int) -> list[Recorded]:
        """Return events with position > `after` in order, ending on a command's last part."""
        return await self._log.read_range(after=after, limit=limit)

    async def head(self) -> int:
        """Return the last position, 0 for an empty log."""
        return await self._log.head()

    async def _holds(self, after: int, limit: int) -> bool:
        """Say whether the last stretch begins here and still is the log's, which may have been restored since."""
        begins_here = self._after == after < self._end.position <= after + limit
        return begins_here and await is_in_log(self._log, self._end)
