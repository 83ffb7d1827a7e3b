"""The interface of export formats: events to bytes, batch by batch, so that no export is in memory as a whole."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from eventstore.store import EventFilter, RecordedEvent, Store

BATCH_EVENTS_MAX = 2_000
POSITIONS_AT_ONCE = 20_000


class Writer(Protocol):
    """Produces the bytes of one file, from beginning to end."""

    def add(self, events: Sequence[RecordedEvent]) -> bytes:
        """Return the bytes of some events; they may be returned by a later call."""
        ...

    def finish(self) -> bytes:
        """Return the remaining bytes of the file."""
        ...


async def events_between(
    store: Store, event_filter: EventFilter, *, after: int, until: int
) -> AsyncIterator[Sequence[RecordedEvent]]:
    """Yield the matching events with `after` < position ≤ `until` in order, one batch at a time."""
    while after < until:
        batch = until if event_filter.stream else min(until, after + POSITIONS_AT_ONCE)
        events = await store.search(event_filter, after=after, until=batch, limit=BATCH_EVENTS_MAX, newest_first=False)
        if events:
            yield events
        after = events[-1].position if len(events) == BATCH_EVENTS_MAX else batch
