"""Checkpoints of log readers: a position and the digest of its event, so that a restored log is detected."""

from typing import NamedTuple, Protocol

from eventstore.errors import LogWentBack
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
        LogWentBack: the log ends before that position.
        StoreUnavailable.
    """
    if position == 0:
        return BEGINNING
    event = await event_at(log, position)
    if event is None:
        raise await log_went_back_error(log, position)
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
        LogWentBack: the log ends before it, or holds another event there.
        StoreUnavailable.
    """
    if not await is_in_log(log, checkpoint):
        raise await log_went_back_error(log, checkpoint.position)


async def log_went_back_error(log: RangeReader, position: int) -> LogWentBack:
    """Return the error that describes how the log and a reader's position disagree.

    Raises:
        StoreUnavailable.
    """
    head = await log.head()
    if head < position:
        return LogWentBack(f"The log ends at {head} but had been read up to {position}: it was restored.")
    return LogWentBack(f"The event at {position} is not the one that was read there before: the log was restored.")
