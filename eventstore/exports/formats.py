"""The export formats."""

from enum import StrEnum

from eventstore.exports.json_lines import JsonLinesWriter
from eventstore.exports.writer import Writer


class Format(StrEnum):
    """File format of an export."""

    JSONL = "jsonl"
    PARQUET = "parquet"


def writer_of(kind: Format) -> Writer:
    """Return a new writer for one file."""
    if kind is Format.JSONL:
        return JsonLinesWriter()
    from eventstore.exports.parquet import ParquetWriter  # noqa: PLC0415 - a heavy library that lines don't need

    return ParquetWriter()
