"""Checkpoints, and a reader that checks them: a position with the digest of its event, to detect a restored log."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from eventstore.errors import LogRestored
from eventstore.store import RecordedEvent


class Checkpoint(NamedTuple):
    """All events up to `position` have been read; `digest` is that of the event there, unique to this history."""

    position: int
    digest: bytes


BEGINNING = Checkpoint(0, b"")


class RangeReader(Protocol):
    """The part of a store that checkpoints are compared with."""

    async def read_range(self, *, after: int, limit: int) -> list[RecordedEvent]: ...
    async def head(self) -> int: ...


def checkpoint_of(event: RecordedEvent) -> Checkpoint:
    """Return the checkpoint of a reader whose last event is `event`."""
    return Checkpoint(event.position, event.digest)


async def event_at(log: RangeReader, position: int) -> RecordedEvent | None:
    """Return the event at a position; None beyond the end of the log.

    Raises:
        StoreUnavailable.
    """
    found = await log.read_range(after=position - 1, limit=1)
    return found[0] if found else None


async def checkpoint_at(log: RangeReader, position: int) -> Checkpoint:
    """Return the checkpoint of a reader that has read the log up to a position.

    Raises:
        LogRestored: the log ends before that position.
        StoreUnavailable.
    """
    if position == 0:
        return BEGINNING
    event = await event_at(log, position)
    if event is None:
        raise await log_restored_error(log, position)
    return checkpoint_of(event)


async def is_in_log(log: RangeReader, checkpoint: Checkpoint) -> bool:
    """Tell whether the log holds the event of a checkpoint.

    Raises:
        StoreUnavailable.
    """
    if checkpoint.position == 0:
        return True
    event = await event_at(log, checkpoint.position)
    return event is not None and event.digest == checkpoint.digest


async def require_in_log(log: RangeReader, checkpoint: Checkpoint) -> None:
    """Check that the log holds the event of a checkpoint.

    Raises:
        LogRestored: the log ends before it, or holds another event there.
        StoreUnavailable.
    """
    if not await is_in_log(log, checkpoint):
        raise await log_restored_error(log, checkpoint.position)


async def log_restored_error(log: RangeReader, position: int) -> LogRestored:
    """Return the error that describes how the log and a reader's position disagree.

    Raises:
        StoreUnavailable.
    """
    head = await log.head()
    if head < position:
        return LogRestored(f"The log ends at {head} but had been read up to {position}: it was restored.")
    return LogRestored(f"The event at {position} is not the one that was read there before: the log was restored.")


class LogReader:
    """Reads the log in order. Each range overlaps the last known event, which detects a restored log.

    Args:
        after: the last position that was read before; its digest is taken from the first range read.
    """

    def __init__(self, log: RangeReader, after: int) -> None:
        self._log = log
        self._digest: bytes | None = None
        self.position = after

    async def read(self, limit: int) -> list[RecordedEvent]:
        """Return the next events and advance past them; raises as `peek` does."""
        events = await self.peek(limit)
        self.advance(events)
        return events

    async def peek(self, limit: int) -> list[RecordedEvent]:
        """Return the next events, ending on a command's last part; nothing at the end of the log.

        Raises:
            LogRestored: the log ends before what was read, or holds another event there.
            StoreUnavailable.
        """
        if self.position == 0:
            return await self._log.read_range(after=0, limit=limit)
        events = await self._log.read_range(after=self.position - 1, limit=limit + 1)
        if not events or self._digest not in {None, events[0].digest}:
            raise await log_restored_error(self._log, self.position)
        self._digest = events[0].digest
        return events[1:]

    def advance(self, events: Sequence[RecordedEvent]) -> None:
        """Advance past events that follow the current position, whichever way they were received."""
        if events:
            self.position, self._digest = events[-1].position, events[-1].digest
