"""How far a reader of the log is, in a form that a restored log cannot mistake: a position and the digest there."""

from typing import NamedTuple, Protocol

from eventstore.errors import LogWentBack
from eventstore.store import RecordedEvent


class Checkpoint(NamedTuple):
    """Everything up to `position` was read; `digest` is that of the event there, which no other history repeats."""

    position: int
    digest: bytes


BEGINNING = Checkpoint(0, b"")


class RangeReader(Protocol):
    """The part of a store that a checkpoint is compared with."""

    async def read_range(self, *, after: int, limit: int) -> list[RecordedEvent]: ...
    async def head(self) -> int: ...


def checkpoint_of(event: RecordedEvent) -> Checkpoint:
    """Return the checkpoint of a reader whose last event this is."""
    return Checkpoint(event.position, event.digest)


async def event_at(log: RangeReader, position: int) -> RecordedEvent | None:
    """Return the event at a position; None if the log ends before.

    Raises:
        StoreUnavailable.
    """
    found = await log.read_range(after=position - 1, limit=1)
    return found[0] if found else None


async def checkpoint_at(log: RangeReader, position: int) -> Checkpoint:
    """Return the checkpoint of a reader that has read the log up to a position.

    Raises:
        LogWentBack: the log ends before.
        StoreUnavailable.
    """
    if position == 0:
        return BEGINNING
    event = await event_at(log, position)
    if event is None:
        raise await log_went_back_error(log, position)
    return checkpoint_of(event)


async def is_in_log(log: RangeReader, checkpoint: Checkpoint) -> bool:
    """Say whether the log still is the one that was read up to a checkpoint.

    Raises:
        StoreUnavailable.
    """
    if checkpoint.position == 0:
        return True
    event = await event_at(log, checkpoint.position)
    return event is not None and event.digest == checkpoint.digest


async def require_in_log(log: RangeReader, checkpoint: Checkpoint) -> None:
    """Refuse to go on from a checkpoint that the log does not hold.

    Raises:
        LogWentBack: the log ends before it, or holds another event there.
        StoreUnavailable.
    """
    if not await is_in_log(log, checkpoint):
        raise await log_went_back_error(log, checkpoint.position)


async def log_went_back_error(log: RangeReader, position: int) -> LogWentBack:
    """Return the error that says how the log and a reader's position disagree.

    Raises:
        StoreUnavailable.
    """
    head = await log.head()
    if head < position:
        return LogWentBack(f"The log ends at {head}, but was read up to {position} before: it was restored.")
    return LogWentBack(f"The log holds another event at {position} than was read there before: it was restored.")
