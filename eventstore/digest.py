"""The SHA-256 digest of an event: one definition for writing and for verifying.

The preimage is the concatenation of, big-endian, position (8 bytes), stream, version (8), name, schema version (4),
command id (16), part (4), recorded at (8: µs since 1970), data, metadata; each text is UTF-8 behind its length in
bytes (4). The append function in the migrations implements the same in SQL.
"""

import hashlib
import struct
from datetime import UTC, datetime, timedelta
from typing import TypedDict, Unpack
from uuid import UUID

from eventstore.store import RecordedEvent

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LONG_AND_LENGTH = struct.Struct(">qi")
_MIDDLE = struct.Struct(">i16siqi")
_LENGTH = struct.Struct(">i")


class EventContent(TypedDict):
    """The fields of an event that its digest covers."""

    position: int
    stream: str
    version: int
    name: str
    schema_version: int
    command_id: UUID
    part: int
    recorded_at: datetime
    data: str
    metadata: str


def event_content(event: RecordedEvent) -> EventContent:
    """Return the fields of an event that its digest covers."""
    return EventContent(
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


def preimage_of(**content: Unpack[EventContent]) -> bytes:
    """Return the bytes that are hashed for an event."""
    return preimage(
        content["position"],
        content["stream"].encode(),
        content["version"],
        content["name"].encode(),
        content["schema_version"],
        content["command_id"].bytes,
        content["part"],
        content["recorded_at"],
        content["data"].encode(),
        content["metadata"].encode(),
    )


def preimage(  # noqa: PLR0917 - positional, in preimage order: keyword arguments are too slow for a whole log
    position: int,
    stream: bytes,
    version: int,
    name: bytes,
    schema_version: int,
    command_id: bytes,
    part: int,
    recorded_at: datetime,
    data: bytes,
    metadata: bytes,
) -> bytes:
    """Return the bytes that are hashed for an event, its texts being encoded already."""
    recorded_us = (recorded_at - _EPOCH) // _MICROSECOND
    return b"".join(
        (
            _LONG_AND_LENGTH.pack(position, len(stream)),
            stream,
            _LONG_AND_LENGTH.pack(version, len(name)),
            name,
            _MIDDLE.pack(schema_version, command_id, part, recorded_us, len(data)),
            data,
            _LENGTH.pack(len(metadata)),
            metadata,
        )
    )


def digest_of(**content: Unpack[EventContent]) -> bytes:
    """Return the SHA-256 of an event's preimage."""
    return hashlib.sha256(preimage_of(**content)).digest()
