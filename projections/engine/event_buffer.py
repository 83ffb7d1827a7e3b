"""The last stretch of the log, read and decoded once for all read models of a process."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from eventstore.checkpoint import Checkpoint, checkpoint_of, require_in_log
from eventstore.store import RecordedEvent, Store
from eventstore.subscription import Subscription
from projections.engine.event_reader import ProjectionEventReader
from projections.engine.model import ProjectedEvent

WINDOW_EVENTS_MAX = 20_000
RANGE_EVENTS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EventBatch:
    """A part of the log after position `after`; its commands end at `ends`, so the last of these is its own end.

    `facts` leaves out events that no read model of the process folds.
    """

    after: int
    command_ends: Sequence[Checkpoint]
    facts: Sequence[ProjectedEvent]

    @property
    def end(self) -> Checkpoint:
        """How far it goes."""
        return self.command_ends[-1]

    @property
    def last_position(self) -> int:
        """The last position."""
        return self.end.position

    def between(self, after: int, until: int) -> "EventBatch":
        """Return the part after one command's end up to another's."""
        return EventBatch(
            after=after,
            command_ends=[end for end in self.command_ends if after < end.position <= until],
            facts=[fact for fact in self.facts if after < fact.position <= until],
        )


class SharedEventBuffer:
    """What the feed said lately; grows when somebody asks for more than it holds.

    Whoever has fallen out of it reads from the store until it has caught up.

    Args:
        feed: begins after `start`.
    """

    def __init__(self, *, store: Store, feed: Subscription, start: int, reader: ProjectionEventReader) -> None:
        self._store = store
        self._feed = feed
        self._reader = reader
        self._stretches: deque[EventBatch] = deque()
        self._start = start
        self._end = start
        self._growing: asyncio.Task[None] | None = None
        self._comparisons: dict[Checkpoint, asyncio.Task[None]] = {}
        self.is_stale = False

    async def after(self, position: int) -> EventBatch:
        """Wait for events after a position, the end of a command, and return all that are there.

        Raises:
            StoreUnavailable, LogWentBack, NatsTooOld.
        """
        if position < self._start:
            return self._read(position, await self._store.read_range(after=position, limit=RANGE_EVENTS))
        while position >= self._end:
            await self._grow()
        later = [batch for batch in self._stretches if batch.last_position > position]
        whole = EventBatch(
            after=later[0].after,
            command_ends=list(chain.from_iterable(stretch.command_ends for stretch in later)),
            facts=list(chain.from_iterable(stretch.facts for stretch in later)),
        )
        return whole if whole.after == position else whole.between(position, whole.last_position)

    async def require_in_log(self, end: Checkpoint) -> None:
        """Compare the end of a batch with the log, once for all who ask while it is being compared.

        Raises:
            StoreUnavailable, LogWentBack.
        """
        if end not in self._comparisons:
            comparison = asyncio.create_task(require_in_log(self._store, end), name="compare with the log")
            comparison.add_done_callback(lambda _: self._comparisons.pop(end))
            self._comparisons[end] = comparison
        await asyncio.shield(self._comparisons[end])

    def invalidate(self) -> None:
        """Note that the log went back: what is held here may be gone from it, and nobody shall fold it any more."""
        self.is_stale = True

    async def close(self) -> None:
        """Stop reading."""
        if self._growing is not None:
            self._growing.cancel()
            await asyncio.gather(self._growing, return_exceptions=True)  # who waited for it was told
        for comparison in self._comparisons.values():
            comparison.cancel()
        await asyncio.gather(*self._comparisons.values(), return_exceptions=True)
        await self._feed.close()

    async def _grow(self) -> None:
        """Wait for the feed, together with everybody else who does."""
        if self._growing is None or self._growing.done():
            self._growing = asyncio.create_task(self._append_next(), name="grow the window")
        await asyncio.shield(self._growing)

    async def _append_next(self) -> None:
        new: list[RecordedEvent] = []
        while not new:
            new = [event for event in await self._feed.next() if event.position > self._end]
        batch = self._read(self._end, new)
        self._stretches.append(batch)
        self._end = batch.last_position
        while len(self._stretches) > 1 and self._end - self._stretches[0].after > WINDOW_EVENTS_MAX:
            self._stretches.popleft()
        self._start = self._stretches[0].after

    def _read(self, after: int, events: Sequence[RecordedEvent]) -> EventBatch:
        return EventBatch(
            after=after,
            command_ends=[checkpoint_of(event) for event in events if event.part == event.parts],
            facts=self._reader.read(events),
        )
