"""The log as several rules of one program read it: who comes second to a stretch gets what the first one read."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from eventstore.checkpoint import BEGINNING, Checkpoint, checkpoint_at, is_in_log, require_in_log
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
    """The events of our names after one checkpoint, up to another."""

    after: Checkpoint
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
        self._last = ReadRange(after=BEGINNING, end=BEGINNING, events=())

    async def read_after(
        self, checkpoint: Checkpoint, names: Collection[str], *, limit: int
    ) -> tuple[list[Recorded], Checkpoint]:
        """Return the events of some of our names among the next `limit` positions, and how far that is.

        Raises:
            LogWentBack: the log does not hold the checkpoint.
            StoreUnavailable.
        """
        found = self._last  # another rule may replace it at any await
        if not await self._is_current(found, checkpoint, limit):
            await require_in_log(self._log, checkpoint)
            events, upto = await self._log.read_named(self._names, after=checkpoint.position, limit=limit)
            if upto == checkpoint.position:
                return [], checkpoint
            found = ReadRange(after=checkpoint, end=await checkpoint_at(self._log, upto), events=events)
            self._last = found
        return [event for event in found.events if event.name in names], found.end

    async def read_range(self, *, after: int, limit: int) -> list[Recorded]:
        """Return events with position > `after` in order, ending on a command's last part."""
        return await self._log.read_range(after=after, limit=limit)

    async def head(self) -> int:
        """Return the last position, 0 for an empty log."""
        return await self._log.head()

    async def _is_current(self, found: ReadRange, after: Checkpoint, limit: int) -> bool:
        """Say whether a range begins here and still is the log's: a log that was restored since holds another end."""
        begins_here = found.after == after and after.position < found.end.position <= after.position + limit
        return begins_here and await is_in_log(self._log, found.end)
