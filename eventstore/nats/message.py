"""Converts a recorded event to a JetStream message and back, byte for byte.

The headers carry position and digest. The payload is a line of JSON with the envelope, followed by `data` and
`metadata` as they are stored; the envelope holds the length of `data` in bytes.
"""

import hashlib
import re
import struct
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

import orjson

from eventstore.digest import preimage
from eventstore.nats.streams import StoredMessage
from eventstore.store import RecordedEvent

POSITION = "Seatledger-Position"
DIGEST = "Seatledger-Digest"
COMMAND_CACHE_MAX = 64

_EVENT_HEADERS = re.compile(
    rf"NATS/1\.0\r\n{POSITION}: (?P<position>[0-9]{{1,19}})\r\n{DIGEST}: (?P<digest>[0-9a-f]{{64}})\r\n".encode()
)
_command_id = lru_cache(COMMAND_CACHE_MAX)(UUID)
"""Cached, because the events of one command follow each other."""


class UnexpectedMessage(Exception):
    """A message that is not the event of its sequence."""


class EventHeaders(NamedTuple):
    """The headers of an event's message."""

    position: int
    digest: bytes


def headers_of(event: RecordedEvent) -> dict[str, str]:
    """Return the headers that identify an event's message; they must precede all others."""
    return {POSITION: str(event.position), DIGEST: event.digest.hex()}


def encode_headers(headers: Mapping[str, str]) -> bytes:
    """Encode headers as they are sent and stored.

    Source: NATS architecture decision record 4, message headers.
    """
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"NATS/1.0\r\n{lines}\r\n".encode()


def parse_headers(block: bytes) -> EventHeaders | None:
    """Return position and digest from raw headers; None if they are not those of an event's message."""
    found = _EVENT_HEADERS.match(block)
    return None if found is None else EventHeaders(int(found["position"]), bytes.fromhex(found["digest"].decode()))


def digest_in(message: StoredMessage) -> bytes | None:
    """Return the digest in a stored message's headers; None if it has none, or another position than its sequence."""
    headers = parse_headers(message.headers)
    return headers.digest if headers is not None and headers.position == message.sequence else None


def payload_of(event: RecordedEvent) -> bytes:
    """Return the payload of an event's message, from which the event can be restored."""
    data = event.data.encode()
    envelope = orjson.dumps(
        {
            "stream": event.stream,
            "version": event.version,
            "name": event.name,
            "schema_version": event.schema_version,
            "command_id": event.command_id,
            "part": event.part,
            "parts": event.parts,
            "recorded_at": event.recorded_at,
            "data_bytes": len(data),
        }
    )
    return b"\n".join((envelope, data + event.metadata.encode()))


def event_of(sequence: int, block: bytes, payload: bytes) -> RecordedEvent:
    """Return the event at a sequence, which is its position.

    Args:
        block: the raw headers.

    Raises:
        UnexpectedMessage: not an event, not the event of this sequence, or its digest differs.
    """
    try:
        event = parse_payload(sequence, payload)
    except (KeyError, ValueError, TypeError, OverflowError, struct.error) as error:
        raise UnexpectedMessage(f"the message at {sequence} is not a recorded event: {error!r}") from error
    if parse_headers(block) != (sequence, event.digest):
        raise UnexpectedMessage(f"the message at {sequence} is not the event that was recorded there")
    return event


def parse_payload(position: int, payload: bytes) -> RecordedEvent:
    """Parse a payload; the digest is computed from its content."""
    line, _, rest = payload.partition(b"\n")
    envelope = orjson.loads(line)
    stream, version, name = envelope["stream"], envelope["version"], envelope["name"]
    schema_version, part, data_bytes = envelope["schema_version"], envelope["part"], envelope["data_bytes"]
    command_id, recorded_at = _command_id(envelope["command_id"]), datetime.fromisoformat(envelope["recorded_at"])
    data, metadata = rest[:data_bytes], rest[data_bytes:]
    hashed = preimage(
        position,
        stream.encode(),
        version,
        name.encode(),
        schema_version,
        command_id.bytes,
        part,
        recorded_at,
        data,
        metadata,
    )
    return RecordedEvent(
        position,
        stream,
        version,
        name,
        schema_version,
        command_id,
        part,
        envelope["parts"],
        recorded_at,
        data.decode(),
        metadata.decode(),
        hashlib.sha256(hashed).digest(),
    )
