"""What every format can do: turn events into bytes, a stretch at a time, so that no export is ever whole in memory."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from eventstore.store import EventFilter, RecordedEvent, Store

EVENTS_AT_ONCE = 2_000
POSITIONS_AT_ONCE = 20_000


class Writer(Protocol):
    """Writes one file, from beginning to end."""

    def add(self, events: Sequence[RecordedEvent]) -> bytes:
        """Return the next bytes of the file."""
        ...

    def finish(self) -> bytes:
        """Return the last bytes of the file."""
        ...


async def events_between(
    store: Store, event_filter: EventFilter, *, after: int, until: int
) -> AsyncIterator[Sequence[RecordedEvent]]:
    """Yield the events that are wanted, in order, some at a time."""
    while after < until:
        batch = until if event_filter.stream else min(until, after + POSITIONS_AT_ONCE)
        events = await store.search(event_filter, after=after, until=batch, limit=EVENTS_AT_ONCE, newest_first=False)
        if events:
            yield events
        after = events[-1].position if len(events) == EVENTS_AT_ONCE else batch
