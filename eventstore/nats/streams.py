"""The few questions we ask JetStream, by its raw API: nats-py knows no `first_seq`."""

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
DUPLICATES_S = 1
"""How long ids of messages are remembered: it is their places that keep them from being told twice, not their ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamState:
    """What a stream holds; empty, it ends where it would go on. `created` tells it from any later one of its name."""

    created: str
    messages: int
    first_sequence: int
    last_sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """One message of a stream; `headers` is the block as it was published."""

    sequence: int
    headers: bytes
    payload: bytes


class Streams:
    """JetStream's answers about streams.

    Args:
        client: a connection whose user may ask.
        timeout_s: how long to wait for an answer.
    """

    def __init__(self, client: Client, *, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        self._client = client
        self._timeout_s = timeout_s

    async def state(self, stream: str) -> StreamState | None:
        """Return what a stream holds; None: there is no such stream.

        Raises:
            NatsUnavailable, NatsRefused.
        """
        try:
            found = await self.ask(f"STREAM.INFO.{stream}")
        except NatsRefused as refusal:
            if refusal.error_code == STREAM_NOT_FOUND:
                return None
            raise
        return state_of(found)

    async def create(self, stream: str, subject: str, *, first_sequence: int) -> StreamState:
        """Make a stream that begins at `first_sequence` and forgets by age and size only.

        Raises:
            NatsUnavailable.
            NatsRefused: among others, somebody made it before, with another beginning.
        """
        configuration = configuration_of(stream, subject, first_sequence=first_sequence)
        return state_of(await self.ask(f"STREAM.CREATE.{stream}", configuration))

    async def last_message(self, stream: str, subject: str) -> StoredMessage | None:
        """Return the newest message there is; None: the stream is empty.

        Raises:
            NatsUnavailable, NatsRefused.
        """
        return await self._message(stream, {"last_by_subj": subject})

    async def message(self, stream: str, sequence: int) -> StoredMessage | None:
        """Return one message; None: the stream does not hold it.

        Raises:
            NatsUnavailable, NatsRefused.
        """
        return await self._message(stream, {"seq": sequence})

    async def _message(self, stream: str, event_filter: Mapping[str, Any]) -> StoredMessage | None:
        try:
            found = (await self.ask(f"STREAM.MSG.GET.{stream}", event_filter))["message"]
        except NatsRefused as refusal:
            if refusal.error_code == MESSAGE_NOT_FOUND:
                return None
            raise
        return StoredMessage(
            sequence=found["seq"],
            headers=base64.b64decode(found.get("hdrs", "")),
            payload=base64.b64decode(found.get("data", "")),
        )

    async def ask(self, verb: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Ask JetStream's API.

        Raises:
            NatsUnavailable: no answer.
            NatsRefused: an error for an answer.
        """
        payload = b"" if body is None else orjson.dumps(body)
        try:
            message = await self._client.request(f"$JS.API.{verb}", payload, timeout=self._timeout_s)
        except (errors.Error, TimeoutError, OSError) as error:
            raise NatsUnavailable(f"no answer to {verb}: {str(error) or type(error).__name__}") from error
        return answer(message.data)


def configuration_of(stream: str, subject: str, *, first_sequence: int) -> dict[str, Any]:
    """Return how a stream of ours is kept."""
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
        "duplicate_window": DUPLICATES_S * 10**9,
    }


def answer(data: bytes) -> dict[str, Any]:
    """Return JetStream's answer.

    Raises:
        NatsRefused: it is an error.
    """
    found: dict[str, Any] = orjson.loads(data)
    error = found.get("error")
    if error is not None:
        raise NatsRefused(error.get("err_code", error["code"]), error.get("description", "no reason given"))
    return found


def state_of(found: Mapping[str, Any]) -> StreamState:
    """Return what an answer says about a stream."""
    state = found["state"]
    return StreamState(
        created=found["created"],
        messages=state["messages"],
        first_sequence=state["first_seq"],
        last_sequence=state["last_seq"],
    )
