"""PostgreSQL arrays in binary format, built in one pass: psycopg neither inspects nor escapes their elements."""

import struct
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from psycopg import pq
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Dumper

_HEAD = struct.Struct(">iiIii")  # dimensions, has nulls, element type, length, lower bound
_EMPTY = struct.Struct(">iiI")
_LENGTH = struct.Struct(">i")
_NULL = b"\xff\xff\xff\xff"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class BinaryArray(bytes):
    """A one-dimensional array in PostgreSQL's binary format.

    Source: `array_recv` in src/backend/utils/adt/arrayfuncs.c.
    """

    element_oid = 0
    array_oid = 0

    __slots__ = ()


class TextArray(BinaryArray):
    """An array of texts, `text[]`."""

    element_oid, array_oid = 25, 1009


class JsonArray(BinaryArray):
    """An array of JSON texts, `json[]`."""

    element_oid, array_oid = 114, 199


class BytesArray(BinaryArray):
    """An array of byte strings, `bytea[]`."""

    element_oid, array_oid = 17, 1001


class UuidArray(BinaryArray):
    """An array of UUIDs, `uuid[]`."""

    element_oid, array_oid = 2950, 2951


class IntegerArray(BinaryArray):
    """An array of 32-bit integers, `integer[]`."""

    element_oid, array_oid = 23, 1007


class BigintArray(BinaryArray):
    """An array of 64-bit integers, `bigint[]`."""

    element_oid, array_oid = 20, 1016


class TimeArray(BinaryArray):
    """An array of times, `timestamp with time zone[]`."""

    element_oid, array_oid = 1184, 1185


def texts(values: Sequence[str]) -> TextArray:
    """Pack texts."""
    return TextArray(_to_binary(TextArray, [value.encode() for value in values]))


def jsons(values: Sequence[str]) -> JsonArray:
    """Pack texts that are JSON."""
    return JsonArray(_to_binary(JsonArray, [value.encode() for value in values]))


def bytestrings(values: Sequence[bytes]) -> BytesArray:
    """Pack byte strings."""
    return BytesArray(_to_binary(BytesArray, values))


def uuids(values: Iterable[UUID]) -> UuidArray:
    """Pack UUIDs."""
    return UuidArray(_to_binary(UuidArray, [value.bytes for value in values]))


def integers(values: Sequence[int]) -> IntegerArray:
    """Pack 32-bit integers."""
    return IntegerArray(_numbers(IntegerArray, values, 4, "i"))


def bigints(values: Sequence[int]) -> BigintArray:
    """Pack 64-bit integers."""
    return BigintArray(_numbers(BigintArray, values, 8, "q"))


def times(values: Sequence[datetime | None]) -> TimeArray:
    """Pack aware times; None becomes NULL."""
    chunks = [_HEAD.pack(1, 1, TimeArray.element_oid, len(values), 1)] if values else [_empty(TimeArray)]
    for value in values:
        if value is None:
            chunks.append(_NULL)
        else:
            chunks.append(struct.pack(">iq", 8, (value - _EPOCH) // _MICROSECOND))
    return TimeArray(b"".join(chunks))


def register(adapters: AdaptersMap) -> None:
    """Make a connection send these arrays unchanged."""
    for array in (TextArray, JsonArray, BytesArray, UuidArray, IntegerArray, BigintArray, TimeArray):
        adapters.register_dumper(
            array, type(f"{array.__name__}Dumper", (_BinaryArrayDumper,), {"oid": array.array_oid})
        )


class _BinaryArrayDumper(Dumper):
    format = pq.Format.BINARY

    def dump(self, obj: Buffer) -> Buffer:
        return obj


def _empty(array: type[BinaryArray]) -> bytes:
    return _EMPTY.pack(0, 0, array.element_oid)


def _to_binary(array: type[BinaryArray], values: Sequence[bytes]) -> bytes:
    if not values:
        return _empty(array)
    chunks = [b""] * (2 * len(values) + 1)
    chunks[0] = _HEAD.pack(1, 0, array.element_oid, len(values), 1)
    chunks[1::2] = [_LENGTH.pack(length) for length in map(len, values)]
    chunks[2::2] = values
    return b"".join(chunks)


def _numbers(array: type[BinaryArray], values: Sequence[int], size: int, code: str) -> bytes:
    if not values:
        return _empty(array)
    flat = [size] * (2 * len(values))
    flat[1::2] = values
    return _HEAD.pack(1, 0, array.element_oid, len(values), 1) + struct.pack(">" + ("i" + code) * len(values), *flat)
