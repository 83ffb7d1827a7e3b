"""Requests to JetStream's raw API, because nats-py does not support `first_seq`."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from nats import errors
from nats.aio.client import Client

from eventstore.nats.errors import NatsRefused, NatsUnavailable

ANSWER_TIMEOUT_S = 2.0
STREAM_NOT_FOUND = 10059
MESSAGE_NOT_FOUND = 10037

STREAM_AGE_MAX_S = 7 * 24 * 3600
STREAM_BYTES_MAX = 4 * 1024**3
MESSAGE_BYTES_MAX = 512 * 1024
DUPLICATE_WINDOW_S = 1
"""JetStream's deduplication window. Deduplication is by expected sequence, so it may be short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamState:
    """What a stream holds; of an empty one, `last_sequence` is before the next message. `created` distinguishes it from
    a later stream of the same name.
    """

    created: str
    messages: int
    first_sequence: int
    last_sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """One message of a stream, with its raw headers as published."""

    sequence: int
    headers: bytes
    payload: bytes


class Streams:
    """Requests about streams.

    Args:
        client: a connection whose user may use JetStream's API.
        timeout_s: timeout of a request.
    """

    def __init__(self, client: Client, *, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        self._client = client
        self._timeout_s = timeout_s

    async def state(self, stream: str) -> StreamState | None:
        """Return the state of a stream; None if it does not exist.

        Raises:
            NatsUnavailable, NatsRefused.
        """
        try:
            found = await self.request(f"STREAM.INFO.{stream}")
        except NatsRefused as refusal:
            if refusal.error_code == STREAM_NOT_FOUND:
                return None
            raise
        return parse_state(found)

    async def create(self, stream: str, subject: str, *, first_sequence: int) -> StreamState:
        """Create a stream that begins at `first_sequence` and deletes messages by age and size only.

        Raises:
            NatsUnavailable.
            NatsRefused: for example, the stream exists with another configuration.
        """
        configuration = configuration_of(stream, subject, first_sequence=first_sequence)
        return parse_state(await self.request(f"STREAM.CREATE.{stream}", configuration))

    async def last_message(self, stream: str, subject: str) -> StoredMessage | None:
        """Return the newest message; None if the stream is empty.

        Raises:
            NatsUnavailable, NatsRefused.
        """
        return await self._message(stream, {"last_by_subj": subject})

    async def message(self, stream: str, sequence: int) -> StoredMessage | None:
        """Return one message; None if the stream does not hold it.

        Raises:
            NatsUnavailable, NatsRefused.
        """
        return await self._message(stream, {"seq": sequence})

    async def _message(self, stream: str, event_filter: Mapping[str, Any]) -> StoredMessage | None:
        try:
            found = (await self.request(f"STREAM.MSG.GET.{stream}", event_filter))["message"]
        except NatsRefused as refusal:
            if refusal.error_code == MESSAGE_NOT_FOUND:
                return None
            raise
        return StoredMessage(
            sequence=found["seq"],
            headers=base64.b64decode(found.get("hdrs", "")),
            payload=base64.b64decode(found.get("data", "")),
        )

    async def request(self, verb: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Send a request to JetStream's API and return its answer.

        Raises:
            NatsUnavailable: no answer in time.
            NatsRefused: the answer is an error.
        """
        payload = b"" if body is None else orjson.dumps(body)
        try:
            message = await self._client.request(f"$JS.API.{verb}", payload, timeout=self._timeout_s)
        except (errors.Error, TimeoutError, OSError) as error:
            raise NatsUnavailable(f"no answer to {verb}: {str(error) or type(error).__name__}") from error
        return parse_answer(message.data)


def configuration_of(stream: str, subject: str, *, first_sequence: int) -> dict[str, Any]:
    """Return the JetStream configuration of an epoch's stream."""
    return {
        "name": stream,
        "subjects": [subject],
        "retention": "limits",
        "discard": "old",
        "storage": "file",
        "num_replicas": 1,
        "first_seq": first_sequence,
        "allow_direct": True,
        "deny_delete": True,
        "deny_purge": True,
        "max_age": STREAM_AGE_MAX_S * 10**9,
        "max_bytes": STREAM_BYTES_MAX,
        "max_msg_size": MESSAGE_BYTES_MAX,
        "duplicate_window": DUPLICATE_WINDOW_S * 10**9,
    }


def parse_answer(data: bytes) -> dict[str, Any]:
    """Parse an answer of JetStream.

    Raises:
        NatsRefused: the answer is an error.
    """
    found: dict[str, Any] = orjson.loads(data)
    error = found.get("error")
    if error is not None:
        raise NatsRefused(error.get("err_code", error["code"]), error.get("description", "no reason given"))
    return found


def parse_state(found: Mapping[str, Any]) -> StreamState:
    """Return the state of a stream from an answer of JetStream."""
    state = found["state"]
    return StreamState(
        created=found["created"],
        messages=state["messages"],
        first_sequence=state["first_seq"],
        last_sequence=state["last_seq"],
    )
