"""Writes commands as rows of the log by binary COPY, with the digests that append would compute."""

import struct
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from itertools import islice
from typing import Any, LiteralString, NamedTuple

import psycopg

from bench.log_generator.instances import Command
from eventstore.store import EVENTS_PER_COMMAND_MAX

COMMANDS_PER_BLOCK = 5_000
_COPY_EVENTS: LiteralString = """
COPY eventstore.event (
    position, stream, version, name, schema_version, command_id, part, parts, recorded_at, data, metadata, digest
) FROM STDIN (FORMAT binary)
"""
_COPY_COMMANDS: LiteralString = """
COPY eventstore.command (command_id, account, route, body_sha256, first_position, last_position)
FROM STDIN (FORMAT binary)
"""
_BEGIN = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_POSTGRES_EPOCH_US = 946_684_800_000_000
_LONG = struct.Struct(">q").pack
_INTEGER = struct.Struct(">i").pack
_INTEGERS = [_INTEGER(number) for number in range(EVENTS_PER_COMMAND_MAX + 1)]
_TWELVE_FIELDS = b"\x00\x0c" + _INTEGER(8)
_SIX_FIELDS = b"\x00\x06" + _INTEGER(16)
_FOUR, _EIGHT, _SIXTEEN, _DIGEST = map(_INTEGER, (4, 8, 16, 32))
_NO_BODY = _INTEGER(0)

Connection = psycopg.Connection[tuple[Any, ...]]


class Block(NamedTuple):
    """Some commands as rows."""

    rows: bytes
    receipts: bytes


def copy(connection: Connection, commands: Iterable[Command]) -> None:
    """Write commands block by block; the next block is built while its predecessor is written."""
    blocks = _blocks(iter(commands))
    with ThreadPoolExecutor(1) as maker:
        coming = maker.submit(next, blocks, None)
        while (block := coming.result()) is not None:
            coming = maker.submit(next, blocks, None)
            with connection.transaction(), connection.cursor() as cursor:
                _copy_rows(cursor, _COPY_EVENTS, block.rows)
                _copy_rows(cursor, _COPY_COMMANDS, block.receipts)


def _copy_rows(cursor: psycopg.Cursor[Any], statement: LiteralString, rows: bytes) -> None:
    with cursor.copy(statement) as copying:
        copying.write(_BEGIN + rows + _END)


def _blocks(commands: Iterator[Command]) -> Iterator[Block]:
    while some := list(islice(commands, COMMANDS_PER_BLOCK)):
        rows = b"".join(row for command in some for row in rows_of(command))
        yield Block(rows, b"".join(map(receipt_of, some)))


def rows_of(command: Command) -> Iterable[bytes]:
    """Yield a command's events as rows of `eventstore.event`."""
    lines, position, parts = command.lines, command.position, command.deed.parts
    metadata = _with_size(lines[0])
    command_id, at, at_here = command.command_id, _LONG(command.at_us), _LONG(command.at_us - _POSTGRES_EPOCH_US)
    of_parts = _FOUR + _INTEGERS[len(parts)]
    for number, (part, version) in enumerate(zip(parts, command.versions, strict=True), start=1):
        where, stream, at_version = _LONG(position), _with_size(lines[2 * number - 1]), _LONG(version)
        name, schema_version, nth = _with_size(part.name), _INTEGERS[part.schema_version], _INTEGERS[number]
        data = _with_size(lines[2 * number])
        preimage = (where, stream, at_version, name, schema_version, command_id, nth, at, data, metadata)
        yield b"".join((
            _TWELVE_FIELDS, where, stream, _EIGHT, at_version, name, _FOUR, schema_version, _SIXTEEN, command_id,
            _FOUR, nth, of_parts, _EIGHT, at_here, data, metadata, _DIGEST, sha256(b"".join(preimage)).digest(),
        ))  # fmt: skip
        position += 1


def receipt_of(command: Command) -> bytes:
    """Return a command as a row of `eventstore.command`."""
    first, last = command.position, command.position + len(command.versions) - 1
    account, route = _with_size(command.account.encode()), _with_size(command.deed.route.encode())
    return b"".join((
        _SIX_FIELDS, command.command_id, account, route, _NO_BODY, _EIGHT, _LONG(first), _EIGHT, _LONG(last),
    ))  # fmt: skip


def _with_size(field: bytes) -> bytes:
    return _INTEGER(len(field)) + field
