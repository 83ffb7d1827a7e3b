"""One recorded event as one JetStream message, and back, to the byte.

Headers carry position and digest. The payload is a line of JSON with the envelope, then `data` and `metadata` exactly
as they are stored; the envelope says how many bytes are data.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import orjson

from eventstore.digest import digest_of
from eventstore.jetstream.stream import StoredMessage
from eventstore.store import Recorded

POSITION = "Seatledger-Position"
DIGEST = "Seatledger-Digest"


class Foreign(Exception):
    """A message that is not the event which belongs in its place."""


def headers_of(event: Recorded) -> dict[str, str]:
    """Return what tells a message of ours from a stranger's."""
    return {POSITION: str(event.position), DIGEST: event.digest.hex()}


def payload_of(event: Recorded) -> bytes:
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


def event_of(sequence: int, headers: Mapping[str, str], payload: bytes) -> Recorded:
    """Return the event at a sequence, which is its position.

    Raises:
        Foreign: not ours, not in its place, or not what was recorded.
    """
    try:
        event = read(sequence, bytes.fromhex(headers[DIGEST]), payload)
        in_its_place = int(headers[POSITION]) == sequence
    except (KeyError, ValueError, TypeError) as error:
        raise Foreign(f"the message at {sequence} is not an event of ours: {error!r}") from error
    if not in_its_place or digest_again(event) != event.digest:
        raise Foreign(f"the message at {sequence} is not the event that was recorded there")
    return event


def read(position: int, digest: bytes, payload: bytes) -> Recorded:
    """Take a payload apart."""
    line, _, rest = payload.partition(b"\n")
    envelope = orjson.loads(line)
    data_bytes = envelope["data_bytes"]
    return Recorded(
        position=position,
        stream=envelope["stream"],
        version=envelope["version"],
        name=envelope["name"],
        schema_version=envelope["schema_version"],
        command_id=UUID(envelope["command_id"]),
        part=envelope["part"],
        parts=envelope["parts"],
        recorded_at=datetime.fromisoformat(envelope["recorded_at"]),
        data=rest[:data_bytes].decode(),
        metadata=rest[data_bytes:].decode(),
        digest=digest,
    )


def digest_again(event: Recorded) -> bytes:
    """Return the digest of what a message says, as append would have made it."""
    return digest_of(
        position=event.position,
        stream=event.stream,
        version=event.version,
        name=event.name,
        schema_version=event.schema_version,
        command_id=event.command_id,
        part=event.part,
        recorded_at=event.recorded_at,
        data=event.data,
        metadata=event.metadata,
    )


def digest_in(message: StoredMessage) -> bytes | None:
    """Return the digest a stored message claims for its place; None: it is not ours, or stands in the wrong place."""
    claimed: dict[str, str] = {}
    for line in message.headers.decode(errors="replace").splitlines():
        key, _, value = line.partition(":")
        claimed[key.strip()] = value.strip()
    try:
        if int(claimed[POSITION]) != message.sequence:
            return None
        return bytes.fromhex(claimed[DIGEST])
    except (KeyError, ValueError):
        return None
