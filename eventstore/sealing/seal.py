"""The seal: a signed statement about a range of positions, and its representations."""

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from eventstore.sealing.merkle import HASH_BYTES

POSITIONS_MAX = 1_024
NO_SEAL_BEFORE = bytes(HASH_BYTES)
FINGERPRINT_BYTES = 8

_TITLE = b"seatledger seal 1\0"
_NUMBERS = struct.Struct(">qqqq")
_KEY_ID_BYTES = 8
_SIGNED_BYTES = len(_TITLE) + 16 + _NUMBERS.size + 3 * HASH_BYTES + _KEY_ID_BYTES
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class SealUnreadable(Exception):
    """The text is not a seal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """A signed statement that the events at `first` … `last` have the Merkle root `root`.

    Args:
        chain: id of the seal's chain; its seals together cover one log from position 1 on.
        number: counts from 1 within the chain, without gaps.
        root: of the Merkle tree over the digests.
        fingerprints: SHA-256 of the fingerprints of all covered events, in order, as the archive holds them.
        previous: the hash of the previous seal, `NO_SEAL_BEFORE` in the first one.
        key_id: id of the public key, 16 hexadecimal digits.
        signature: Ed25519, over `signed`.
    """

    chain: UUID
    number: int
    first: int
    last: int
    root: bytes
    fingerprints: bytes
    previous: bytes
    sealed_at: datetime
    key_id: str
    signature: bytes = b""

    @property
    def events(self) -> int:
        """The number of covered events."""
        return self.last - self.first + 1

    @property
    def signed(self) -> bytes:
        """The signed bytes: all other fields, each with a fixed length."""
        sealed_at = (self.sealed_at - _EPOCH) // _MICROSECOND
        numbers = _NUMBERS.pack(self.number, self.first, self.last, sealed_at)
        hashes = self.root + self.fingerprints + self.previous
        return _TITLE + self.chain.bytes + numbers + hashes + bytes.fromhex(self.key_id)

    @property
    def hash(self) -> bytes:
        """SHA-256 of the seal with its signature; the next seal's `previous`."""
        return hashlib.sha256(self.signed + self.signature).digest()


def fingerprint_of(digest: bytes) -> bytes:
    """Return the first bytes of a digest, which the archive keeps to locate a fault; the root is the proof."""
    return digest[:FINGERPRINT_BYTES]


def utc_text(moment: datetime) -> str:
    """Return a time in UTC in RFC 3339 with the suffix Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def seal_to_json(seal: Seal) -> dict[str, object]:
    """Return a seal as a JSON object: bytes in hexadecimal, the time in RFC 3339."""
    return {
        "chain": str(seal.chain),
        "number": seal.number,
        "first": seal.first,
        "last": seal.last,
        "root": seal.root.hex(),
        "fingerprints": seal.fingerprints.hex(),
        "previous": seal.previous.hex(),
        "sealed_at": utc_text(seal.sealed_at),
        "key_id": seal.key_id,
        "signature": seal.signature.hex(),
    }


def seal_from_json(shown: Mapping[str, Any]) -> Seal:
    """Return the seal that `seal_to_json` wrote; its signature is not checked.

    Raises:
        SealUnreadable: a field is missing or malformed.
    """
    try:
        seal = Seal(
            chain=UUID(shown["chain"]),
            number=int(shown["number"]),
            first=int(shown["first"]),
            last=int(shown["last"]),
            root=bytes.fromhex(shown["root"]),
            fingerprints=bytes.fromhex(shown["fingerprints"]),
            previous=bytes.fromhex(shown["previous"]),
            sealed_at=datetime.fromisoformat(shown["sealed_at"]),
            key_id=shown["key_id"],
            signature=bytes.fromhex(shown["signature"]),
        )
        lengths = (len(seal.root), len(seal.fingerprints), len(seal.previous), len(seal.signed))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, struct.error) as error:
        raise SealUnreadable(f"this is not a seal: {error!r}") from error
    if lengths != (HASH_BYTES, HASH_BYTES, HASH_BYTES, _SIGNED_BYTES):
        raise SealUnreadable("this is not a seal: a field has the wrong length")
    if not (1 <= seal.first <= seal.last and seal.events <= POSITIONS_MAX):
        raise SealUnreadable(f"this is not a seal: it covers {seal.first} … {seal.last}")
    return seal


def seal_line(seal: Seal) -> bytes:
    """Return a seal as one line of JSON, with its line feed."""
    return orjson.dumps(seal_to_json(seal), option=orjson.OPT_APPEND_NEWLINE)


def parse_seal(line: bytes) -> Seal:
    """Return the seal that `seal_line` wrote.

    Raises:
        SealUnreadable: the line is not a seal, or differs from what `seal_line` writes.
    """
    try:
        seal = seal_from_json(orjson.loads(line))
    except orjson.JSONDecodeError as error:
        raise SealUnreadable(f"this is not a seal: {error}") from error
    if line != seal_line(seal):
        raise SealUnreadable("this is a seal in another notation than the archive's")
    return seal
