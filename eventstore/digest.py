"""The digest that every event carries: one definition for whoever writes events and whoever checks them.

The preimage is the concatenation of, big-endian, position (8 bytes), stream, version (8), name, schema version (4),
command id (16), part (4), recorded at (8: µs since 1970), data, metadata; each text is UTF-8 behind its length in
bytes (4). The append function in the migrations computes the same in SQL.
"""

import hashlib
import struct
from datetime import UTC, datetime, timedelta
from typing import TypedDict, Unpack
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LONG = struct.Struct(">q")
_INTEGER = struct.Struct(">i")


class Content(TypedDict):
    """Everything of an event that its digest covers."""

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


def preimage_of(**content: Unpack[Content]) -> bytes:
    """Return what an event's digest is made from."""
    return b"".join(
        (
            _LONG.pack(content["position"]),
            _text(content["stream"]),
            _LONG.pack(content["version"]),
            _text(content["name"]),
            _INTEGER.pack(content["schema_version"]),
            content["command_id"].bytes,
            _INTEGER.pack(content["part"]),
            _LONG.pack((content["recorded_at"] - _EPOCH) // _MICROSECOND),
            _text(content["data"]),
            _text(content["metadata"]),
        )
    )


def digest_of(**content: Unpack[Content]) -> bytes:
    """Return the SHA-256 of an event's preimage."""
    return hashlib.sha256(preimage_of(**content)).digest()


def _text(value: str) -> bytes:
    encoded = value.encode()
    return _INTEGER.pack(len(encoded)) + encoded
