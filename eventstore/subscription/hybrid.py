"""A subscription that reads JetStream near the end of the log, and ranges of the store otherwise.

The result is the same: events in order, each once, up to the last part of a command.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import structlog

from eventstore.back_off import POLL_BACKOFF, BackOffCounter
from eventstore.checkpoint import LogReader, checkpoint_of, event_at, is_in_log
from eventstore.errors import StoreUnavailable
from eventstore.nats.connection import NatsConnection
from eventstore.nats.epoch import Epochs
from eventstore.nats.errors import NatsRefused, NatsTooOld, NatsUnavailable
from eventstore.store import RecordedEvent, Store
from eventstore.subscription.jetstream_reader import Cursor, JetStreamReader, StreamMismatch
from eventstore.subscription.limits import LIMITS, SubscriptionLimits

RANGE_EVENTS = 2_000

_log = structlog.get_logger(__name__)


class Subscription(Protocol):
    """Delivers the events of the log in order, after a start position."""

    async def next(self) -> list[RecordedEvent]:
        """Wait for the next events; they follow the previous ones and end on a command's last part.

        Raises:
            StoreUnavailable: the server cannot be reached; call again later, nothing is lost.
            LogRestored: the log is not the one that was read.
        """
        ...

    async def close(self) -> None:
        """Release the subscription's resources."""
        ...


class HybridSubscription:
    """A `Subscription` that prefers JetStream at the end of the log, and delivers only what the store confirms.

    Args:
        store: the log, the authority for its content.
        epochs: the current epoch, which names the stream.
        link: the connection to NATS, which may be absent.
        after: the last position that was read before; the end of a command.
    """

    def __init__(
        self, *, store: Store, epochs: Epochs, link: NatsConnection, after: int, limits: SubscriptionLimits = LIMITS
    ) -> None:
        self._store = store
        self._epochs = epochs
        self._link = link
        self._limits = limits
        self._reader = LogReader(store, after)
        self._created: str | None = None
        self._jetstream_reader: JetStreamReader | None = None
        self._retry_stream_at = 0.0
        self._polls = BackOffCounter(POLL_BACKOFF)

    @property
    def position(self) -> int:
        """The last delivered position."""
        return self._reader.position

    @property
    def is_streaming(self) -> bool:
        """Whether events currently come from JetStream."""
        return self._jetstream_reader is not None

    async def next(self) -> list[RecordedEvent]:
        """Wait for the next events, as specified by `Subscription.next`."""
        while True:
            events = await self._from_stream() if self._jetstream_reader is not None else []
            if not events:
                events = await self._from_store()
            if events:
                self._polls.reset()
                return events

    async def close(self) -> None:
        """Stop reading the stream."""
        if self._jetstream_reader is not None:
            reader, self._jetstream_reader = self._jetstream_reader, None
            await reader.stop()

    async def _from_stream(self) -> list[RecordedEvent]:
        """Return new events of the stream that the log confirms; none after a silence or a mismatch."""
        assert self._jetstream_reader is not None
        try:
            events = await self._jetstream_reader.read(self._limits.silence_s)
            # A late stream repeats events that the store has delivered.
            new = [event for event in events if event.position > self._reader.position]
            await self._confirm(new)
        except (StreamMismatch, NatsUnavailable) as mismatch:
            _log.info("subscription: reading from the store", reason=str(mismatch), position=self._reader.position)
            await self.close()
            return []
        except StoreUnavailable:
            await self.close()  # the stream does not repeat the unconfirmed events
            raise
        self._reader.advance(new)
        return new

    async def _confirm(self, events: Sequence[RecordedEvent]) -> None:
        """Check that the log holds the last event: histories that have diverged share no later one.

        Raises:
            StreamMismatch: the log holds another event or ends before it.
            StoreUnavailable.
        """
        if events and not await is_in_log(self._store, checkpoint_of(events[-1])):
            raise StreamMismatch(f"the log does not hold the event at {events[-1].position}")

    async def _from_store(self) -> list[RecordedEvent]:
        events = await self._reader.read(RANGE_EVENTS)
        if self._jetstream_reader is None:
            if len(events) <= self._limits.near_events_max:
                await self._start_streaming()
            if not events and self._jetstream_reader is None:
                await asyncio.sleep(self._polls.next_s())
        return events

    async def _start_streaming(self) -> None:
        """Start to read the stream after the current position, if it agrees with the log; else retry after a pause."""
        now = asyncio.get_running_loop().time()
        if now < self._retry_stream_at:
            return
        self._retry_stream_at = now + self._limits.follow_pause_s
        epoch = await self._epochs.current()
        if epoch is None:
            return
        cursor = Cursor(sequence=self._reader.position, created=self._created)
        try:
            self._jetstream_reader = await JetStreamReader.start(
                self._link.client(), epoch, cursor, self._digest_at, limits=self._limits
            )
        except (StreamMismatch, NatsUnavailable, NatsRefused, NatsTooOld) as reason:
            _log.debug("subscription: stream not usable", reason=str(reason), position=cursor.sequence)
            self._created = None
        else:
            self._created = self._jetstream_reader.created

    async def _digest_at(self, position: int) -> bytes | None:
        event = await event_at(self._store, position)
        return None if event is None else event.digest
