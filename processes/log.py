"""The log as several rules of one program read it: who comes second to a range gets what the first one read."""

from typing import Protocol

from eventstore.store import Recorded


class Log(Protocol):
    """Recorded events, in order, ending on a command's last part."""

    async def read_range(self, *, after: int, limit: int) -> list[Recorded]:
        """Return events with position > `after`, none at the end of the log."""
        ...


class SharedLog:
    """Remembers the last range it read; rules that have caught up stand at one position and need one reading."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._after = -1
        self._range: list[Recorded] = []

    async def read_range(self, *, after: int, limit: int) -> list[Recorded]:
        """Return events with position > `after`: those read last if they begin there, newer ones otherwise."""
        if after != self._after or not self._range or len(self._range) > limit:
            read = await self._log.read_range(after=after, limit=limit)
            if not read:
                return read
            self._after, self._range = after, read
        return self._range
