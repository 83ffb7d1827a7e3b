"""JSON Lines: one event per line, ending on `metadata` and `data` verbatim, preceded by their lengths in bytes.

Any JSON reader parses a line. The exact bytes are found from the end of the line: `}`, data, `,"data":`, metadata.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import orjson

from eventstore.errors import Unexportable
from eventstore.store import RecordedEvent

_METADATA, _DATA, _END = b',"metadata":', b',"data":', b"}"


class JsonLinesWriter:
    """Writes JSON Lines."""

    def add(self, events: Sequence[RecordedEvent]) -> bytes:
        """Return a line for each event.

        Raises:
            Unexportable: the stored JSON contains a line break, which this program never writes.
        """
        return b"".join(map(line_of, events))

    def finish(self) -> bytes:
        """Return no bytes: the format has no footer."""
        return b""


def line_of(event: RecordedEvent) -> bytes:
    """Return an event as one line, with its line feed.

    Raises:
        Unexportable: the stored JSON contains a line break.
    """
    data, metadata = event.data.encode(), event.metadata.encode()
    if b"\n" in data or b"\n" in metadata:
        raise Unexportable(f"The event at position {event.position} holds a line break; export it as Parquet.")
    envelope = orjson.dumps(
        {
            "position": event.position,
            "stream": event.stream,
            "version": event.version,
            "name": event.name,
            "schema_version": event.schema_version,
            "command_id": event.command_id,
            "part": event.part,
            "parts": event.parts,
            "recorded_at": event.recorded_at,
            "digest": event.digest.hex(),
            "metadata_bytes": len(metadata),
            "data_bytes": len(data),
        }
    )
    return b"".join((envelope.removesuffix(_END), _METADATA, metadata, _DATA, data, _END, b"\n"))


def event_of(line: bytes) -> RecordedEvent:
    """Return the event of a line, byte for byte as it was stored.

    Raises:
        ValueError, KeyError: the line was not written by `line_of`.
    """
    line = line.removesuffix(b"\n")
    fields = orjson.loads(line)
    data_ends = len(line) - len(_END)
    metadata_ends = data_ends - fields["data_bytes"] - len(_DATA)
    return RecordedEvent(
        position=fields["position"],
        stream=fields["stream"],
        version=fields["version"],
        name=fields["name"],
        schema_version=fields["schema_version"],
        command_id=UUID(fields["command_id"]),
        part=fields["part"],
        parts=fields["parts"],
        recorded_at=datetime.fromisoformat(fields["recorded_at"]),
        data=line[data_ends - fields["data_bytes"] : data_ends].decode(),
        metadata=line[metadata_ends - fields["metadata_bytes"] : metadata_ends].decode(),
        digest=bytes.fromhex(fields["digest"]),
    )
