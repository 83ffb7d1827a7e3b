"""The log from any position on: JetStream while it is near and trustworthy, ranges from the store otherwise.

Whoever reads never sees the difference: events come in order, each once, and end on a command's last part.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import structlog

from eventstore.checkpoint import checkpoint_of, event_at, is_in_log
from eventstore.errors import StoreUnavailable
from eventstore.log_reader import LogReader
from eventstore.nats.connection import NatsConnection
from eventstore.nats.epoch import Epochs
from eventstore.nats.errors import NatsRefused, NatsTooOld, NatsUnavailable
from eventstore.store import RecordedEvent, Store
from eventstore.subscription.jetstream_reader import Cursor, JetStreamReader, StreamMismatch
from eventstore.subscription.limits import LIMITS, SubscriptionLimits

RANGE_EVENTS = 2_000
POLL_FIRST_S = 0.005
POLL_MAX_S = 0.25

_log = structlog.get_logger(__name__)


class Subscription(Protocol):
    """Whoever hands out the log in order."""

    async def next(self) -> list[RecordedEvent]:
        """Wait for the next events; they follow the last ones and end on a command's last part.

        Raises:
            StoreUnavailable: the store cannot be asked; ask again later, nothing is lost.
            LogWentBack: the log is not the one that was read.
        """
        ...

    async def close(self) -> None:
        """Let go of what is held."""
        ...


class HybridSubscription:
    """An `Subscription` that prefers JetStream at the end of the log, and hands out nothing that the log does not hold.

    Args:
        store: the log; what it says counts.
        epochs: names the stream.
        link: a connection to NATS, which need not be there.
        after: the last position that is known already; the end of a command.
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
        self._follow_again_at = 0.0
        self._pause_s = POLL_FIRST_S

    @property
    def position(self) -> int:
        """The last position that was handed out."""
        return self._reader.position

    @property
    def is_streaming(self) -> bool:
        """Whether events come from JetStream at the moment."""
        return self._jetstream_reader is not None

    async def next(self) -> list[RecordedEvent]:
        """Wait for the next events, as `Subscription.next` says."""
        while True:
            events = await self._from_stream() if self._jetstream_reader is not None else []
            if not events:
                events = await self._from_store()
            if events:
                self._pause_s = POLL_FIRST_S
                return events

    async def close(self) -> None:
        """Stop following."""
        if self._jetstream_reader is not None:
            follower, self._jetstream_reader = self._jetstream_reader, None
            await follower.stop()

    async def _from_stream(self) -> list[RecordedEvent]:
        """Return what the stream says and the log confirms; after a silence or a surprise, nothing."""
        assert self._jetstream_reader is not None
        try:
            events = await self._jetstream_reader.read(self._limits.silence_s)
            # The store may have told some of it already, when the stream was late.
            new = [event for event in events if event.position > self._reader.position]
            await self._confirm(new)
        except (StreamMismatch, NatsUnavailable) as surprise:
            _log.info("feed: reading from the store", why=str(surprise), position=self._reader.position)
            await self.close()
            return []
        except StoreUnavailable:
            await self.close()  # what was taken is not confirmed, and the stream says it once
            raise
        self._reader.advance(new)
        return new

    async def _confirm(self, events: Sequence[RecordedEvent]) -> None:
        """Make sure that the log holds what the stream says; histories that part never meet again, so the last does.

        Raises:
            Surprise: it does not.
            StoreUnavailable.
        """
        if events and not await is_in_log(self._store, checkpoint_of(events[-1])):
            raise StreamMismatch(f"the log does not hold the event at {events[-1].position}")

    async def _from_store(self) -> list[RecordedEvent]:
        events = await self._reader.read(RANGE_EVENTS)
        if self._jetstream_reader is None:
            if len(events) <= self._limits.near_events_max:
                await self._follow()
            if not events and self._jetstream_reader is None:
                await asyncio.sleep(self._pause_s)
                self._pause_s = min(2 * self._pause_s, POLL_MAX_S)
        return events

    async def _follow(self) -> None:
        """Follow the stream after what was read, if it can be trusted; a failure is tried again a second later."""
        now = asyncio.get_running_loop().time()
        if now < self._follow_again_at:
            return
        self._follow_again_at = now + self._limits.follow_pause_s
        epoch = await self._epochs.current()
        if epoch is None:
            return
        cursor = Cursor(sequence=self._reader.position, created=self._created)
        try:
            self._jetstream_reader = await JetStreamReader.start(
                self._link.client(), epoch, cursor, self._digest_at, limits=self._limits
            )
        except (StreamMismatch, NatsUnavailable, NatsRefused, NatsTooOld) as reason:
            _log.debug("feed: not following", why=str(reason), position=cursor.sequence)
            self._created = None
        else:
            self._created = self._jetstream_reader.created

    async def _digest_at(self, position: int) -> bytes | None:
        event = await event_at(self._store, position)
        return None if event is None else event.digest
