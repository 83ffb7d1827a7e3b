"""A reader of a subscription that checks the order of events."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from eventstore.store import RecordedEvent, Store
from eventstore.subscription import Subscription
from tests.eventstore.nats.bookings import until


class Reader:
    """Reads a subscription in its own task; `lags_s`: the delay of each event after its recording."""

    def __init__(self, feed: Subscription, *, after: int = 0) -> None:
        self.feed = feed
        self.after = after
        self.events: list[RecordedEvent] = []
        self.lags_s: list[float] = []
        self._task: asyncio.Task[None] | None = None

    @property
    def position(self) -> int:
        """The last position read."""
        return self.events[-1].position if self.events else self.after

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Read during the block; an event out of order fails it."""
        task = asyncio.create_task(self._read())
        try:
            yield
            if task.done():
                await task
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await self.feed.close()

    async def has_read_all_of(self, store: Store) -> None:
        """Wait until the log was read to its end, then compare all events."""
        head = await store.head()
        await until(lambda: self.position >= head, f"the reader to reach {head}")
        log: list[RecordedEvent] = []
        while len(log) < head - self.after:
            log += await store.read_range(after=log[-1].position if log else self.after, limit=5_000)
        assert self.events[: len(log)] == log[: len(self.events)]

    async def _read(self) -> None:
        while True:
            events = await self.feed.next()
            now = time.time()
            assert [event.position for event in events] == list(
                range(self.position + 1, self.position + 1 + len(events))
            )
            assert events[-1].part == events[-1].parts
            self.events += events
            self.lags_s += [now - event.recorded_at.timestamp() for event in events]
