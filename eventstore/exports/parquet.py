"""Parquet: one event a row, Zstandard, a bounded number of rows in memory."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from eventstore.store import RecordedEvent

ROWS_PER_GROUP = 20_000
HASH_BYTES, ID_BYTES = 32, 16

SCHEMA = pa.schema(
    [
        pa.field("position", pa.int64(), nullable=False),
        pa.field("stream", pa.string(), nullable=False),
        pa.field("version", pa.int64(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("schema_version", pa.int32(), nullable=False),
        pa.field("command_id", pa.binary(ID_BYTES), nullable=False),
        pa.field("part", pa.int32(), nullable=False),
        pa.field("parts", pa.int32(), nullable=False),
        pa.field("recorded_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("data", pa.string(), nullable=False),
        pa.field("metadata", pa.string(), nullable=False),
        pa.field("digest", pa.binary(HASH_BYTES), nullable=False),
    ]
)
"""The columns in the order of `RecordedEvent`; `data` and `metadata` are the JSON texts as they are stored."""


class ParquetWriter:
    """Writes one Parquet file to memory; the caller takes its bytes as they are produced."""

    def __init__(self) -> None:
        self._sink = _Sink()
        self._writer = pq.ParquetWriter(self._sink, SCHEMA, compression="zstd")
        self._waiting: list[RecordedEvent] = []

    def add(self, events: Sequence[RecordedEvent]) -> bytes:
        """Return the bytes of complete row groups; the other events are kept for the next one."""
        self._waiting += events
        if len(self._waiting) >= ROWS_PER_GROUP:
            self._write()
        return self._sink.drain()

    def finish(self) -> bytes:
        """Return the bytes of the last row group and the footer."""
        if self._waiting:
            self._write()
        self._writer.close()
        return self._sink.drain()

    def _write(self) -> None:
        rows = [event._replace(command_id=event.command_id.bytes) for event in self._waiting]  # type: ignore[arg-type]
        columns = [pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), SCHEMA, strict=True)]
        self._writer.write_table(pa.table(columns, schema=SCHEMA), row_group_size=len(rows))
        self._waiting = []


class _Sink:
    """A write-only file object that returns the bytes written to it."""

    closed = False

    def __init__(self) -> None:
        self._written = bytearray()
        self._position = 0

    def write(self, part: bytes) -> int:
        """Append bytes."""
        self._written += part
        self._position += len(part)
        return len(part)

    def tell(self) -> int:
        """Return the number of bytes written since the beginning."""
        return self._position

    def flush(self) -> None:
        """Do nothing: bytes are readable at once."""

    def close(self) -> None:
        """Do nothing: the last bytes are read after closing."""

    def drain(self) -> bytes:
        """Return and drop the bytes written since the last call."""
        taken, self._written = bytes(self._written), bytearray()
        return taken
