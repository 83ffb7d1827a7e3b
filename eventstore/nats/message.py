"""One recorded event as one JetStream message, and back, to the byte.

Headers carry position and digest. The payload is a line of JSON with the envelope, then `data` and `metadata` exactly
as they are stored; the envelope says how many bytes are data.
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
"""The events of one command follow each other."""


class UnexpectedMessage(Exception):
    """A message that is not the event which belongs in its place."""


class EventHeaders(NamedTuple):
    """What a message of ours says in its headers: its position, and the digest of its event."""

    position: int
    digest: bytes


def headers_of(event: RecordedEvent) -> dict[str, str]:
    """Return what tells a message of ours from a stranger's; they stand before all others."""
    return {POSITION: str(event.position), DIGEST: event.digest.hex()}


def encode_headers(headers: Mapping[str, str]) -> bytes:
    """Spell headers as they go over the wire and are stored.

    Source: NATS architecture decision record 4, message headers.
    """
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"NATS/1.0\r\n{lines}\r\n".encode()


def parse_headers(block: bytes) -> EventHeaders | None:
    """Return what a block of headers claims; None: the message is not ours."""
    found = _EVENT_HEADERS.match(block)
    return None if found is None else EventHeaders(int(found["position"]), bytes.fromhex(found["digest"].decode()))


def digest_in(message: StoredMessage) -> bytes | None:
    """Return the digest a stored message claims for its place; None: it is not ours, or stands in the wrong place."""
    claim = parse_headers(message.headers)
    return claim.digest if claim is not None and claim.position == message.sequence else None


def payload_of(event: RecordedEvent) -> bytes:
    """Return all that a reader needs to build the event again."""
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
        block: the headers as they were published.

    Raises:
        Foreign: not ours, not in its place, or not what was recorded.
    """
    try:
        event = read(sequence, payload)
    except (KeyError, ValueError, TypeError, OverflowError, struct.error) as error:
        raise UnexpectedMessage(f"the message at {sequence} is not an event of ours: {error!r}") from error
    if parse_headers(block) != (sequence, event.digest):
        raise UnexpectedMessage(f"the message at {sequence} is not the event that was recorded there")
    return event


def read(position: int, payload: bytes) -> RecordedEvent:
    """Take a payload apart; the digest is made anew of what it says."""
    line, _, rest = payload.partition(b"\n")
    envelope = orjson.loads(line)
    stream, version, name = envelope["stream"], envelope["version"], envelope["name"]
    schema_version, part, data_bytes = envelope["schema_version"], envelope["part"], envelope["data_bytes"]
    command_id, recorded_at = _command_id(envelope["command_id"]), datetime.fromisoformat(envelope["recorded_at"])
    data, metadata = rest[:data_bytes], rest[data_bytes:]
    made_from = preimage(
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
        hashlib.sha256(made_from).digest(),
    )
