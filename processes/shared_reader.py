"""One reader of the log for all rules of a process: a range is read once for all rules at the same position."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from eventstore.checkpoint import BEGINNING, Checkpoint, checkpoint_at, is_in_log, require_in_log
from eventstore.store import RecordedEvent
from eventstore.tasks import cancel_and_wait


class Log(Protocol):
    """The part of a store that rules read."""

    async def read_named(self, names: Collection[str], *, after: int, limit: int) -> tuple[list[RecordedEvent], int]:
        """Return the events with these names among the next `limit` positions, and the last position examined."""
        ...

    async def read_range(self, *, after: int, limit: int) -> list[RecordedEvent]:
        """Return events with position > `after` in order, ending on a command's last part."""
        ...

    async def head(self) -> int:
        """Return the last position, 0 for an empty log."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRange:
    """The relevant events between two checkpoints."""

    after: Checkpoint
    end: Checkpoint
    events: Sequence[RecordedEvent]


class SharedEventReader:
    """Caches the last range, because rules that have caught up are at the same position.

    Concurrent requests for the same range share one read, and so one connection.

    Args:
        names: of all events that any rule folds.
    """

    def __init__(self, log: Log, names: Collection[str]) -> None:
        self._log = log
        self._names = frozenset(names)
        self._last = ReadRange(after=BEGINNING, end=BEGINNING, events=())
        self._reads: dict[tuple[Checkpoint, int], asyncio.Task[ReadRange]] = {}

    async def read_after(
        self, checkpoint: Checkpoint, names: Collection[str], *, limit: int
    ) -> tuple[list[RecordedEvent], Checkpoint]:
        """Return the events with these names among the next `limit` positions, and the checkpoint at the last one.

        Raises:
            LogRestored: the log does not hold the checkpoint.
            StoreUnavailable.
        """
        request = checkpoint, limit
        if request not in self._reads:
            read = asyncio.create_task(self._read(checkpoint, limit), name="read the log")
            read.add_done_callback(partial(self._forget, request))
            self._reads[request] = read
        found = await asyncio.shield(self._reads[request])
        return [event for event in found.events if event.name in names], found.end

    async def close(self) -> None:
        """Cancel all reads."""
        await cancel_and_wait(*self._reads.values())  # errors are raised where a read is awaited

    async def read_range(self, *, after: int, limit: int) -> list[RecordedEvent]:
        """Return events with position > `after` in order, ending on a command's last part."""
        return await self._log.read_range(after=after, limit=limit)

    async def head(self) -> int:
        """Return the last position, 0 for an empty log."""
        return await self._log.head()

    def _forget(self, request: tuple[Checkpoint, int], read: asyncio.Task[ReadRange]) -> None:
        del self._reads[request]
        if not read.cancelled():
            read.exception()  # marks it as retrieved, in case no rule awaits it any more

    async def _read(self, after: Checkpoint, limit: int) -> ReadRange:
        found = self._last  # another read may replace it at any await
        if await self._is_current(found, after, limit):
            return found
        await require_in_log(self._log, after)
        events, until = await self._log.read_named(self._names, after=after.position, limit=limit)
        if until == after.position:
            return ReadRange(after=after, end=after, events=())
        self._last = ReadRange(after=after, end=await checkpoint_at(self._log, until), events=events)
        return self._last

    async def _is_current(self, found: ReadRange, after: Checkpoint, limit: int) -> bool:
        """Tell whether a range begins at a checkpoint, and the log still holds its end: a restored log does not."""
        is_at_checkpoint = found.after == after and after.position < found.end.position <= after.position + limit
        return is_at_checkpoint and await is_in_log(self._log, found.end)
