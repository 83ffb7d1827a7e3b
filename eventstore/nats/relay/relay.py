"""The relay: repeats the log in JetStream, each event at the sequence that is its position.

It keeps no checkpoint: the stream itself says how far it is. Lost acknowledgements, a second relay and a lost tail all
heal by asking again. What does not heal, a stream that says something else than the log, stops it until a person has
begun a new epoch.
"""

import asyncio
from collections.abc import Sequence

import structlog

from eventstore.errors import EventStoreError, LogWentBack, StoreUnavailable
from eventstore.log_reader import LogReader
from eventstore.nats.connection import NatsConnection
from eventstore.nats.epoch import Epoch, Epochs
from eventstore.nats.errors import NatsRefused, NatsUnavailable
from eventstore.nats.message import digest_in
from eventstore.nats.publisher import ACKNOWLEDGE_TIMEOUT_S, BATCH_EVENTS_MAX, limit_bytes, publish_events
from eventstore.nats.streams import Streams
from eventstore.nats.wake_up import WakeUpListener
from eventstore.store import RecordedEvent, Store

POLL_FIRST_S = 0.005
POLL_MAX_S = 0.25
MIN_BATCH_INTERVAL_S = 0.02
"""Between two batches of a log that grows: each wakes everybody who follows, whatever its size."""

RETRY_PAUSE_S = 0.25
EPOCH_CHECK_S = 1.0
REMINDER_S = 60.0

_log = structlog.get_logger(__name__)


class RelayStopped(EventStoreError):
    """The stream or the server is not what the log says; a person must look and begin a new epoch."""


class EpochChanged(Exception):
    """A new epoch was begun."""


class Relay:
    """Repeats the log in the stream of the current epoch. Several may run: one wins each event.

    Args:
        store: the log, for reading.
        epochs: of a role that may begin the first epoch.
        link: whose user may create the stream and publish events.
        timeout_s: how long to wait for an acknowledgement before the stream is asked again.
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
        self._trouble = ""

    async def run(self) -> None:
        """Relay until cancelled; once stopped by a difference, say so until a new epoch is begun.

        Raises:
            NatsTooOld: it says what to do.
        """
        while True:
            epoch: Epoch | None = None
            try:
                epoch = await self._epochs.current_or_first()
                await self.relay(epoch)
            except EpochChanged:
                _log.info("relay: a new epoch")
            except RelayStopped as stop:
                await self._wait_for_another(epoch, stop)
            except (NatsUnavailable, NatsRefused, StoreUnavailable) as trouble:
                self._log_once(str(trouble))
                await asyncio.sleep(RETRY_PAUSE_S)

    async def relay(self, epoch: Epoch) -> None:
        """Relay one epoch, from wherever its stream stands, until something is out of order.

        Raises:
            RelayStopped: it does not heal by asking again.
            EpochChanged, NatsUnavailable, NatsRefused, StoreUnavailable: ask again.
        """
        last = await self.resync(epoch)
        self._trouble = ""
        await self._wake_up_listener.listen(self._link, epoch)
        reader = LogReader(self._store, last)
        pause_s = POLL_FIRST_S
        try:
            while True:
                await self._check_epoch(epoch)
                events = await next_events(reader)
                if events:
                    batch = limit_bytes(events)
                    last = await self._publish(epoch, last, batch)
                    reader.advance(batch)
                    pause_s = POLL_FIRST_S
                    await asyncio.sleep(MIN_BATCH_INTERVAL_S if len(events) < BATCH_EVENTS_MAX else 0)
                elif await self._wake_up_listener.wait(pause_s):
                    pause_s = POLL_FIRST_S
                else:
                    pause_s = min(2 * pause_s, POLL_MAX_S)
        finally:
            await self._wake_up_listener.close()

    async def resync(self, epoch: Epoch) -> int:
        """Ask the stream how far it is, make it if need be, and compare its end with the log.

        Raises:
            RelayStopped: they differ, or the log is not the one the epoch began on.
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
            _log.info("relay: stream made", stream=epoch.stream, first_sequence=state.first_sequence)
        await self._compare(streams, epoch, state.last_sequence)
        return state.last_sequence

    async def _compare(self, streams: Streams, epoch: Epoch, last_sequence: int) -> None:
        message = await streams.last_message(epoch.stream, epoch.events_subject)
        # Another relay may have gone on since: what the stream holds is asked for before what the log holds.
        head = await self._store.head()
        furthest = max(last_sequence, message.sequence if message else 0)
        if furthest > head:
            raise RelayStopped(f"The stream {epoch.stream} holds {furthest}, the log ends at {head}: it went back.")
        if message is None:
            return
        (event,) = (await self._store.read_range(after=message.sequence - 1, limit=1))[:1]
        if digest_in(message) != event.digest:
            raise RelayStopped(
                f"The message at {message.sequence} of {epoch.stream} is not the event that the log has there."
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

    def _log_once(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            _log.info("relay: asking again", trouble=trouble)

    async def _wait_for_another(self, epoch: Epoch | None, stop: RelayStopped) -> None:
        said_at = -REMINDER_S
        clock = asyncio.get_running_loop().time
        while True:
            if clock() - said_at >= REMINDER_S:
                said_at = clock()
                _log.error(
                    "relay stopped", why=str(stop), what_to_do="look, then run: seatledger relay new-epoch --reason ..."
                )
            await asyncio.sleep(EPOCH_CHECK_S)
            try:
                if await self._epochs.current() != epoch:
                    return
            except StoreUnavailable as trouble:
                self._log_once(str(trouble))


async def next_events(reader: LogReader) -> list[RecordedEvent]:
    """Return what follows in the log.

    Raises:
        RelayStopped: the log does not hold what was relayed.
        StoreUnavailable.
    """
    try:
        return await reader.peek(BATCH_EVENTS_MAX)
    except LogWentBack as restored:
        raise RelayStopped(str(restored)) from restored


def check_dense(last: int, events: Sequence[RecordedEvent]) -> None:
    """Make sure that nothing is missing between the stream's end and the events that follow.

    Raises:
        RelayStopped: a position is missing.
    """
    for expected, event in enumerate(events, last + 1):
        if event.position != expected:
            raise RelayStopped(f"The log has no position {expected}: after it comes {event.position}.")
