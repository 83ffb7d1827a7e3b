"""Reads one stream by pull requests of its own: raises where nats-py's ordered consumer hangs or skips messages."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

import orjson
from nats import errors
from nats.aio.subscription import Subscription

from eventstore.nats.epoch import Epoch
from eventstore.nats.errors import NatsUnavailable
from eventstore.nats.message import UnexpectedMessage, digest_in, event_of
from eventstore.nats.raw_client import RawMessageClient
from eventstore.nats.streams import Streams
from eventstore.store import RecordedEvent
from eventstore.subscription.limits import LIMITS, SubscriptionLimits

PULL_MESSAGES = 5_000
PULL_EXPIRES_S = 30
CONSUMER_IDLE_S = 5
START_TIMEOUT_S = 0.5
"""Short, because the store is not read meanwhile: with a silence before it, delivery is late by less than a second."""

_HEARTBEAT = "100"
_PULL_ENDED = {"404", "408"}
_PULL_FULFILLED = "Batch Completed"


class StreamMismatch(Exception):
    """The stream is missing, silent or inconsistent with the log; fall back to reading the store."""


ReceivedMessage = tuple[bytes, bytes, bytes]
"""A received message: its reply subject (empty: a status message of the server), its headers, its payload."""

DigestAt = Callable[[int], Awaitable[bytes | None]]
"""Returns the digest of the event at a position of the log; None beyond its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """A reader's position, and the creation time of the stream it has read (None: any)."""

    sequence: int
    created: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedStart:
    """A position at which the stream was found to agree with the log."""

    sequence: int
    created: str


class JetStreamReader:
    """Reads the messages of one consumer of one stream, and checks each against its expected sequence.

    Created by `start`, ended by `stop`.
    """

    def __init__(
        self, client: RawMessageClient, epoch: Epoch, verified: VerifiedStart, limits: SubscriptionLimits
    ) -> None:
        self.created = verified.created
        self._client = client
        self._limits = limits
        self._stream = epoch.stream
        self._sequence = verified.sequence
        self._consumer = ""
        self._subscription: Subscription | None = None
        self._arrived: deque[ReceivedMessage] = deque()
        self._has_arrived = asyncio.Event()
        self._requested = 0
        self._unfinished: list[RecordedEvent] = []
        self._last_message_at = asyncio.get_running_loop().time()

    @classmethod
    async def start(
        cls,
        client: RawMessageClient,
        epoch: Epoch,
        cursor: Cursor,
        digest_at: DigestAt,
        *,
        limits: SubscriptionLimits = LIMITS,
    ) -> Self:
        """Check that the stream agrees with the log, and read it from the cursor on.

        If the relay is behind the cursor, read from the stream's end: its next messages repeat known events.

        Raises:
            StreamMismatch: there is no such stream, it ends too far before the cursor, or it differs from the log.
            NatsUnavailable, NatsRefused.
        """
        streams = Streams(client, timeout_s=START_TIMEOUT_S)
        verified = await verify(streams, epoch, cursor, digest_at, behind_events_max=limits.behind_events_max)
        reader = cls(client, epoch, verified, limits)
        try:
            await reader._subscribe(streams, consumer_config(epoch, verified.sequence))
        except BaseException:
            await reader.stop()
            raise
        return reader

    async def read(self, timeout_s: float) -> list[RecordedEvent]:
        """Return the received events up to a command's last part; none if nothing was received in time.

        Raises:
            StreamMismatch: a gap, a foreign message, too many pending messages, an ended consumer, or no heartbeat.
        """
        if not self._arrived and not await self._wait_for_message(timeout_s):
            self._check_heartbeat()
            return []
        self._last_message_at = asyncio.get_running_loop().time()
        events = self._unfinished
        while self._arrived:
            reply, headers, payload = self._arrived.popleft()
            if reply:
                events.append(self._event(reply, headers, payload))
                self._requested -= 1
            else:
                self._status(headers)
        if self._requested <= 0:
            await self._pull()
        complete = complete_commands(events)
        self._unfinished = events[complete:]
        return events[:complete]

    async def stop(self) -> None:
        """Stop reading and delete the consumer; the server itself deletes it after `CONSUMER_IDLE_S` without a pull."""
        if self._subscription is not None:
            with suppress(errors.Error, OSError):
                await self._client.unsubscribe_raw(self._subscription)
                await self._client.publish(f"$JS.API.CONSUMER.DELETE.{self._stream}.{self._consumer}")

    async def _subscribe(self, streams: Streams, consumer: dict[str, object]) -> None:
        try:
            self._subscription = await self._client.subscribe_raw(self._client.new_inbox(), self._receive)
        except (errors.Error, OSError) as error:
            raise NatsUnavailable(f"could not subscribe: {str(error) or type(error).__name__}") from error
        self._consumer = (await streams.request(f"CONSUMER.CREATE.{self._stream}", consumer))["name"]
        await self._pull()

    def _receive(self, reply: bytes, headers: bytes, payload: bytes) -> None:
        self._arrived.append((reply, headers, payload))
        self._has_arrived.set()

    async def _wait_for_message(self, timeout_s: float) -> bool:
        self._has_arrived.clear()
        try:
            async with asyncio.timeout(timeout_s):
                await self._has_arrived.wait()
        except TimeoutError:
            return False
        return True

    def _check_heartbeat(self) -> None:
        if not self._client.is_connected:
            raise StreamMismatch("the connection ended")
        missed = (asyncio.get_running_loop().time() - self._last_message_at) / self._limits.heartbeat_s
        if missed > self._limits.heartbeats_missed_max:
            raise StreamMismatch(f"no message for {self._limits.heartbeats_missed_max} heartbeats")

    def _event(self, reply: bytes, headers: bytes, payload: bytes) -> RecordedEvent:
        sequence, pending = sequence_of(reply)
        if sequence != self._sequence + 1:
            raise StreamMismatch(f"message {sequence} follows {self._sequence}")
        if pending > self._limits.behind_events_max:
            raise StreamMismatch(f"{pending} events are pending")
        try:
            event = event_of(sequence, headers, payload)
        except UnexpectedMessage as unexpected:
            raise StreamMismatch(str(unexpected)) from unexpected
        self._sequence = sequence
        return event

    def _status(self, headers: bytes) -> None:
        status, description = status_of(headers)
        if status == _HEARTBEAT:
            return
        if status in _PULL_ENDED or description.startswith(_PULL_FULFILLED):
            self._requested = 0
            return
        raise StreamMismatch(f"the consumer ended: {status} {description}")

    async def _pull(self) -> None:
        assert self._subscription is not None, "subscribed before the first pull"
        request = {
            "batch": PULL_MESSAGES,
            "expires": PULL_EXPIRES_S * 10**9,
            "idle_heartbeat": int(self._limits.heartbeat_s * 10**9),
        }
        self._requested = PULL_MESSAGES
        try:
            await self._client.publish(
                f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._consumer}",
                orjson.dumps(request),
                reply=self._subscription.subject,
            )
        except (errors.Error, OSError) as error:
            raise NatsUnavailable(f"could not pull: {str(error) or type(error).__name__}") from error


async def verify(
    streams: Streams, epoch: Epoch, cursor: Cursor, digest_at: DigestAt, *, behind_events_max: int
) -> VerifiedStart:
    """Check that the stream agrees with the log at or shortly before the reader's position.

    Raises:
        StreamMismatch: it does not.
        NatsUnavailable, NatsRefused.
    """
    state = await streams.state(epoch.stream)
    if state is None:
        raise StreamMismatch(f"there is no stream {epoch.stream}")
    if cursor.created not in {None, state.created}:
        raise StreamMismatch(f"{epoch.stream} was created again at {state.created}")
    sequence = min(cursor.sequence, state.last_sequence)
    if sequence < state.first_sequence - 1 or sequence < cursor.sequence - behind_events_max:
        held = f"{state.first_sequence} to {state.last_sequence}"
        raise StreamMismatch(f"{epoch.stream} holds {held}, the reader is at {cursor.sequence}")
    # Another history may share its beginning with the log, so the end is compared too, as the relay does.
    for compared in dict.fromkeys((sequence, state.last_sequence)):
        if compared >= state.first_sequence:
            message = await streams.message(epoch.stream, compared)
            if message is None or digest_in(message) != await digest_at(compared):
                raise StreamMismatch(f"{epoch.stream} holds another event at {compared} than the log")
    return VerifiedStart(sequence=sequence, created=state.created)


def consumer_config(epoch: Epoch, sequence: int) -> dict[str, object]:
    """Return the configuration of a consumer that begins after `sequence` and is deleted when it is not pulled."""
    return {
        "stream_name": epoch.stream,
        "config": {
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": sequence + 1,
            "ack_policy": "none",
            "mem_storage": True,
            "num_replicas": 1,
            "inactive_threshold": CONSUMER_IDLE_S * 10**9,
        },
    }


def sequence_of(reply: bytes) -> tuple[int, int]:
    """Return a message's sequence in its stream, and the number of pending messages after it.

    Source: JetStream's reply subject, `$JS.ACK.….<stream seq>.<consumer seq>.<time>.<pending>`.

    Raises:
        StreamMismatch: it was not sent by JetStream.
    """
    tokens = reply.split(b".")
    if tokens[:2] != [b"$JS", b"ACK"]:
        raise StreamMismatch(f"a message from {reply!r}")
    return int(tokens[-4]), int(tokens[-1])


def status_of(headers: bytes) -> tuple[str, str]:
    """Return the status of a message without payload, for example ("100", "Idle Heartbeat")."""
    line = headers.partition(b"\r\n")[0].decode(errors="replace")
    _, _, status_text = line.partition(" ")
    status, _, description = status_text.partition(" ")
    return status, description


def complete_commands(events: list[RecordedEvent]) -> int:
    """Return the number of leading events that form complete commands."""
    if not events or events[-1].part == events[-1].parts:
        return len(events)
    return len(events) - events[-1].part
