"""The log as several rules of one program read it: who comes second to a stretch gets what the first one read."""

from collections.abc import Collection
from typing import Protocol

from eventstore.store import Recorded


class Log(Protocol):
    """Recorded events, in order."""

    async def read_named(self, names: Collection[str], *, after: int, limit: int) -> tuple[list[Recorded], int]:
        """Return the events of these names among the next `limit` positions after one, and the last of those."""
        ...


class SharedLog:
    """Remembers the last stretch it read; rules that have caught up stand at one position and need one reading.

    Args:
        names: of every event that any of the rules takes notes of.
    """

    def __init__(self, log: Log, names: Collection[str]) -> None:
        self._log = log
        self._names = frozenset(names)
        self._after = self._upto = 0
        self._events: list[Recorded] = []

    async def read_named(self, names: Collection[str], *, after: int, limit: int) -> tuple[list[Recorded], int]:
        """Return the events of some of our names after a position: from the last stretch if it begins there."""
        if not self._after == after < self._upto <= after + limit:
            events, upto = await self._log.read_named(self._names, after=after, limit=limit)
            self._events, self._after, self._upto = events, after, upto
        return [event for event in self._events if event.name in names], self._upto
