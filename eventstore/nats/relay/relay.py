"""The relay publishes the log to JetStream, each event at the sequence that equals its position.

It keeps no checkpoint: the stream's end is its position. After a lost acknowledgement, a concurrent relay or a lost
tail it reads that again. A stream that differs from the log stops it until an operator has begun a new epoch.
"""

import asyncio
from collections.abc import Sequence

import structlog

from eventstore.back_off import POLL_BACKOFF, BackOffCounter
from eventstore.checkpoint import LogReader
from eventstore.errors import EventStoreError, LogRestored, StoreUnavailable
from eventstore.nats.connection import NatsConnection
from eventstore.nats.epoch import Epoch, Epochs
from eventstore.nats.errors import NatsRefused, NatsUnavailable
from eventstore.nats.message import digest_in
from eventstore.nats.publisher import ACKNOWLEDGE_TIMEOUT_S, BATCH_EVENTS_MAX, limit_bytes, publish_events
from eventstore.nats.streams import Streams
from eventstore.nats.wake_up import WakeUpListener
from eventstore.store import RecordedEvent, Store

MIN_BATCH_INTERVAL_S = 0.02
"""Between two batches of a growing log: each batch wakes every subscriber, whatever its size."""

RETRY_PAUSE_S = 0.25
EPOCH_CHECK_S = 1.0
REMINDER_S = 60.0

_log = structlog.get_logger(__name__)


class RelayStopped(EventStoreError):
    """The stream or the server differs from the log; an operator must check it and begin a new epoch."""


class EpochChanged(Exception):
    """A new epoch was begun."""


class Relay:
    """Publishes the log to the stream of the current epoch. Several relays may run: each event is stored once.

    Args:
        store: the log, for reading.
        epochs: of a role that may begin the first epoch.
        link: whose user may create the stream and publish events.
        timeout_s: timeout of an acknowledgement, after which the stream's end is read again.
    """

    def __init__(
        self, *, store: Store, epochs: Epochs, link: NatsConnection, timeout_s: float = ACKNOWLEDGE_TIMEOUT_S
    ) -> None:
        self._store = store
        self._epochs = epochs
        self._link = link
        self._timeout_s = timeout_s
        self._wake_up_listener = WakeUpListener()
        self._epoch_checked_at = 0.0
        self._last_error = ""

    async def run(self) -> None:
        """Publish until cancelled; after a difference, log it repeatedly until a new epoch is begun.

        Raises:
            NatsTooOld: nats-server is too old; the message names the remedy.
        """
        while True:
            epoch: Epoch | None = None
            try:
                epoch = await self._epochs.current_or_first()
                await self.relay(epoch)
            except EpochChanged:
                _log.info("relay: new epoch begun")
            except RelayStopped as stop:
                await self._wait_for_new_epoch(epoch, stop)
            except (NatsUnavailable, NatsRefused, StoreUnavailable) as error:
                self._log_once(str(error))
                await asyncio.sleep(RETRY_PAUSE_S)

    async def relay(self, epoch: Epoch) -> None:
        """Publish one epoch's events from the end of its stream, until an error.

        Raises:
            RelayStopped: the stream differs from the log; retrying does not help.
            EpochChanged, NatsUnavailable, NatsRefused, StoreUnavailable: retry.
        """
        last = await self.resync(epoch)
        self._last_error = ""
        await self._wake_up_listener.listen(self._link, epoch)
        reader = LogReader(self._store, last)
        polls = BackOffCounter(POLL_BACKOFF)
        try:
            while True:
                await self._check_epoch(epoch)
                events = await next_events(reader)
                if events:
                    batch = limit_bytes(events)
                    last = await self._publish(epoch, last, batch)
                    reader.advance(batch)
                    polls.reset()
                    await asyncio.sleep(MIN_BATCH_INTERVAL_S if len(events) < BATCH_EVENTS_MAX else 0)
                elif await self._wake_up_listener.wait(polls.next_s()):
                    polls.reset()
        finally:
            await self._wake_up_listener.close()

    async def resync(self, epoch: Epoch) -> int:
        """Return the last sequence of the stream, creating it if necessary, after comparing its end with the log.

        Raises:
            RelayStopped: they differ, or the epoch began on another server.
            NatsUnavailable, NatsRefused, NatsTooOld, StoreUnavailable.
        """
        server = await self._epochs.server()
        if server != epoch.server:
            raise RelayStopped(
                f"The log is on system {server.system_identifier}, timeline {server.timeline}; epoch {epoch.id} began "
                f"on system {epoch.server.system_identifier}, timeline {epoch.server.timeline}."
            )
        streams = Streams(self._link.client(), timeout_s=self._timeout_s)
        state = await streams.state(epoch.stream)
        if state is None:
            state = await streams.create(
                epoch.stream, epoch.events_subject, first_sequence=await self._store.head() + 1
            )
            _log.info("relay: stream created", stream=epoch.stream, first_sequence=state.first_sequence)
        await self._compare_end(streams, epoch, state.last_sequence)
        return state.last_sequence

    async def _compare_end(self, streams: Streams, epoch: Epoch, last_sequence: int) -> None:
        message = await streams.last_message(epoch.stream, epoch.events_subject)
        # Read the stream before the head of the log: a concurrent relay may publish meanwhile.
        head = await self._store.head()
        furthest = max(last_sequence, message.sequence if message else 0)
        if furthest > head:
            raise RelayStopped(f"The stream {epoch.stream} ends at {furthest}, the log at {head}: it was restored.")
        if message is None:
            return
        (event,) = (await self._store.read_range(after=message.sequence - 1, limit=1))[:1]
        if digest_in(message) != event.digest:
            raise RelayStopped(
                f"The message at {message.sequence} of {epoch.stream} is not the event at that position of the log."
            )

    async def _publish(self, epoch: Epoch, last: int, events: Sequence[RecordedEvent]) -> int:
        check_dense(last, events)
        stored = await publish_events(self._link.client(), epoch.events_subject, events, timeout_s=self._timeout_s)
        if stored != events[-1].position:
            raise RelayStopped(f"The event {events[-1].position} was stored at sequence {stored} of {epoch.stream}.")
        return stored

    async def _check_epoch(self, epoch: Epoch) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._epoch_checked_at < EPOCH_CHECK_S:
            return
        self._epoch_checked_at = now
        current = await self._epochs.current()
        if current != epoch:
            raise EpochChanged

    def _log_once(self, error: str) -> None:
        if error != self._last_error:
            self._last_error = error
            _log.info("relay: retrying", reason=error)

    async def _wait_for_new_epoch(self, epoch: Epoch | None, stop: RelayStopped) -> None:
        logged_at = -REMINDER_S
        clock = asyncio.get_running_loop().time
        while True:
            if clock() - logged_at >= REMINDER_S:
                logged_at = clock()
                _log.error(
                    "relay stopped", reason=str(stop), remedy="check, then run: seatledger relay new-epoch --reason ..."
                )
            await asyncio.sleep(EPOCH_CHECK_S)
            try:
                if await self._epochs.current() != epoch:
                    return
            except StoreUnavailable as error:
                self._log_once(str(error))


async def next_events(reader: LogReader) -> list[RecordedEvent]:
    """Return the next events of the log.

    Raises:
        RelayStopped: the log does not hold what was published.
        StoreUnavailable.
    """
    try:
        return await reader.peek(BATCH_EVENTS_MAX)
    except LogRestored as restored:
        raise RelayStopped(str(restored)) from restored


def check_dense(last: int, events: Sequence[RecordedEvent]) -> None:
    """Check that no position is missing between the stream's end and the next events.

    Raises:
        RelayStopped: a position is missing.
    """
    for expected, event in enumerate(events, last + 1):
        if event.position != expected:
            raise RelayStopped(f"The log has no position {expected}: the next event is at {event.position}.")
