"""The latest events of the log, read and decoded once for all read models of a process."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from eventstore.checkpoint import Checkpoint, checkpoint_of, require_in_log
from eventstore.store import RecordedEvent, Store
from eventstore.subscription import Subscription
from eventstore.tasks import cancel_and_wait
from projections.engine.event_reader import ProjectionEventReader
from projections.engine.model import ProjectedEvent

BUFFER_EVENTS_MAX = 20_000
RANGE_EVENTS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EventBatch:
    """The events of whole commands after position `after`; `command_ends` holds the checkpoint at each command's end.

    `events` leaves out events that no read model of the process folds.
    """

    after: int
    command_ends: Sequence[Checkpoint]
    events: Sequence[ProjectedEvent]

    @property
    def end(self) -> Checkpoint:
        """The checkpoint at the end of the batch."""
        return self.command_ends[-1]

    @property
    def last_position(self) -> int:
        """The position at the end of the batch."""
        return self.end.position

    def between(self, after: int, until: int) -> "EventBatch":
        """Return the part of the batch after `after` up to `until`, both ends of commands."""
        return EventBatch(
            after=after,
            command_ends=[end for end in self.command_ends if after < end.position <= until],
            events=[event for event in self.events if after < event.position <= until],
        )


class SharedEventBuffer:
    """Holds the latest `BUFFER_EVENTS_MAX` positions from one subscription, shared by the projectors of a process.

    A projector that is further behind reads from the store until it has caught up.

    Args:
        subscription: the subscription, which begins after `start`.
    """

    def __init__(self, *, store: Store, subscription: Subscription, start: int, reader: ProjectionEventReader) -> None:
        self._store = store
        self._subscription = subscription
        self._reader = reader
        self._batches: deque[EventBatch] = deque()
        self._start = start
        self._end = start
        self._append_task: asyncio.Task[None] | None = None
        self._comparisons: dict[Checkpoint, asyncio.Task[None]] = {}
        self.is_stale = False

    async def after(self, position: int) -> EventBatch:
        """Wait for events after a position, which is the end of a command, and return all that are buffered.

        Raises:
            StoreUnavailable, LogRestored, NatsTooOld.
        """
        if position < self._start:
            return self._read(position, await self._store.read_range(after=position, limit=RANGE_EVENTS))
        while position >= self._end:
            await self._grow()
        later = [batch for batch in self._batches if batch.last_position > position]
        whole = EventBatch(
            after=later[0].after,
            command_ends=list(chain.from_iterable(batch.command_ends for batch in later)),
            events=list(chain.from_iterable(batch.events for batch in later)),
        )
        return whole if whole.after == position else whole.between(position, whole.last_position)

    async def require_in_log(self, end: Checkpoint) -> None:
        """Check that the end of a batch is in the log; concurrent calls for the same end share one query.

        Raises:
            StoreUnavailable, LogRestored.
        """
        if end not in self._comparisons:
            comparison = asyncio.create_task(require_in_log(self._store, end), name="compare with the log")
            comparison.add_done_callback(lambda _: self._comparisons.pop(end))
            self._comparisons[end] = comparison
        await asyncio.shield(self._comparisons[end])

    def invalidate(self) -> None:
        """Mark the buffer stale: the log was restored, so the buffered events must not be folded any more."""
        self.is_stale = True

    async def close(self) -> None:
        """Cancel running reads and close the subscription."""
        if self._append_task is not None:
            await cancel_and_wait(self._append_task)  # callers of `after` got the error
        await cancel_and_wait(*self._comparisons.values())
        await self._subscription.close()

    async def _grow(self) -> None:
        """Wait until the next events are appended; concurrent callers share one read."""
        if self._append_task is None or self._append_task.done():
            self._append_task = asyncio.create_task(self._append_next(), name="extend event buffer")
        await asyncio.shield(self._append_task)

    async def _append_next(self) -> None:
        new: list[RecordedEvent] = []
        while not new:
            new = [event for event in await self._subscription.next() if event.position > self._end]
        batch = self._read(self._end, new)
        self._batches.append(batch)
        self._end = batch.last_position
        while len(self._batches) > 1 and self._end - self._batches[0].after > BUFFER_EVENTS_MAX:
            self._batches.popleft()
        self._start = self._batches[0].after

    def _read(self, after: int, events: Sequence[RecordedEvent]) -> EventBatch:
        return EventBatch(
            after=after,
            command_ends=[checkpoint_of(event) for event in events if event.part == event.parts],
            events=self._reader.read(events),
        )
