"""The seal: what one signature says about a range of positions, and how it is written down."""

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
    """What stands in a seal's place is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """The events at `first` … `last` are those under `root`.

    Args:
        chain: the seals it belongs to, which together cover one log from its first position on.
        number: counts from 1 within the chain, without holes.
        root: of the Merkle tree over the digests.
        fingerprints: SHA-256 of the first bytes of every digest, in order, as the second place keeps them.
        previous: the hash of the seal before, `NO_SEAL_BEFORE` in the first one.
        key_id: names the public key, 16 hexadecimal digits.
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
        """How many events it covers."""
        return self.last - self.first + 1

    @property
    def signed(self) -> bytes:
        """What the signature is over: every other field, each of a fixed length."""
        sealed_at = (self.sealed_at - _EPOCH) // _MICROSECOND
        numbers = _NUMBERS.pack(self.number, self.first, self.last, sealed_at)
        hashes = self.root + self.fingerprints + self.previous
        return _TITLE + self.chain.bytes + numbers + hashes + bytes.fromhex(self.key_id)

    @property
    def hash(self) -> bytes:
        """What the next seal calls this one."""
        return hashlib.sha256(self.signed + self.signature).digest()


def fingerprint_of(digest: bytes) -> bytes:
    """Return what the second place keeps of an event: enough to find it again; the root proves it."""
    return digest[:FINGERPRINT_BYTES]


def utc_text(moment: datetime) -> str:
    """Write a time as every answer does, with Z for UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def seal_to_json(seal: Seal) -> dict[str, object]:
    """Return a seal as JSON shows it: bytes in hexadecimal, the time in RFC 3339."""
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
    """Return the seal that `seal_to_json` showed; whether it is genuine is another question.

    Raises:
        SealUnreadable: a field is missing, or is not what it should be.
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
        raise SealUnreadable(f"this is no seal: {error!r}") from error
    if lengths != (HASH_BYTES, HASH_BYTES, HASH_BYTES, _SIGNED_BYTES):
        raise SealUnreadable("this is no seal: a field has the wrong length")
    if not (1 <= seal.first <= seal.last and seal.events <= POSITIONS_MAX):
        raise SealUnreadable(f"this is no seal: it covers {seal.first} … {seal.last}")
    return seal


def seal_line(seal: Seal) -> bytes:
    """Return a seal as one line of JSON."""
    return orjson.dumps(seal_to_json(seal), option=orjson.OPT_APPEND_NEWLINE)


def parse_seal(line: bytes) -> Seal:
    """Return the seal that `seal_line` wrote.

    Raises:
        SealUnreadable: it holds none, or says in other characters what was written, be it the same.
    """
    try:
        seal = seal_from_json(orjson.loads(line))
    except orjson.JSONDecodeError as error:
        raise SealUnreadable(f"this is no seal: {error}") from error
    if line != seal_line(seal):
        raise SealUnreadable("this is not how a seal is written, though it can be read")
    return seal
