"""The manifest of an exported file: its part of the log, its hash, and the seals that cover it."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import orjson

from eventstore.sealing.seal import Seal
from eventstore.sealing.seal_repository import SealRepository


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """An exported file: the selected events (None: all) among the positions after `after` up to `upto`.

    Args:
        sha256: of the whole file, in hexadecimal.
        seals: how many seals cover any of these positions; they are exported to a file of their own.
        sealed_upto: the last position they cover, 0 without any; later positions were not sealed yet.
        last_seal: the hash of the last of them, in hexadecimal.
    """

    file: str
    format: str
    after: int
    upto: int
    stream: str | None
    names: Sequence[str] | None
    events: int
    file_bytes: int
    sha256: str
    seals: int
    sealed_upto: int
    last_seal: str | None

    def to_json(self) -> bytes:
        """Return the manifest as indented JSON."""
        return orjson.dumps(self, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


class HashingCounter:
    """Counts and hashes the bytes of a file as they are written."""

    def __init__(self) -> None:
        self.bytes = 0
        self._sha256 = hashlib.sha256()

    def update(self, part: bytes) -> bytes:
        """Count and hash the next bytes, and return them."""
        self.bytes += len(part)
        self._sha256.update(part)
        return part

    @property
    def sha256(self) -> str:
        """The hash of all bytes so far, in hexadecimal."""
        return self._sha256.hexdigest()


async def seals_between(table: SealRepository, *, after: int, until: int) -> AsyncIterator[Sequence[Seal]]:
    """Yield the seals that cover any position after `after` up to `until`, in order, one page at a time."""
    while after < until:
        seals = await table.list_covering(first=after + 1, last=until)
        if not seals:
            return
        yield seals
        after = seals[-1].last
