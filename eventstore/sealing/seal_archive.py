"""The seal archive: a folder, best on another machine, with the signed seals that the log is verified against.

    keys/<key id>.pub               every public key that has sealed, in hexadecimal
    <chain>/reason                  why the chain was begun
    <chain>/<position>.seals        one seal per line, as JSON, from that position on
    <chain>/<position>.fingerprints the first 8 bytes of every sealed event's digest, from that position on

A chain's id is a UUIDv7, so the newest chain has the highest name. Fingerprints are synced to disk before their seal:
an incomplete last line and fingerprints without a seal are leftovers of a crash.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from uuid_utils.compat import uuid7

from eventstore.errors import EventStoreError
from eventstore.sealing.files import sync_folder, write_atomically
from eventstore.sealing.keys import PUBLIC_KEY_BYTES, key_id_of
from eventstore.sealing.seal import FINGERPRINT_BYTES, Seal, SealUnreadable, parse_seal

POSITION_DIGITS = 20
_PAIR = re.compile(rf"\d{{{POSITION_DIGITS}}}")
_CHAIN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class SealArchiveDamaged(EventStoreError):
    """A file of the archive is not as it was written; the log may be intact."""


@dataclass(frozen=True, slots=True)
class ArchivedSeal:
    """A seal, and the fingerprints of the events it covers, 8 bytes each."""

    seal: Seal
    fingerprints: bytes


class SealArchive:
    """The folder, with its chains and public keys."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def chain(self) -> "Chain | None":
        """Return the newest chain; None if no seal was ever written."""
        if not self.folder.is_dir():
            return None
        names = [entry.name for entry in self.folder.iterdir() if _CHAIN.fullmatch(entry.name)]
        return Chain(self.folder / max(names)) if names else None

    def begin(self, reason: str) -> "Chain":
        """Begin a new chain; earlier chains are kept."""
        chain = self.folder / str(uuid7())
        chain.mkdir(mode=0o755, parents=True)
        sync_folder(self.folder)
        write_atomically(chain / "reason", reason)
        return Chain(chain)

    def publish(self, public_key: bytes) -> None:
        """Write a public key to the archive, unless it is there."""
        file = self.folder / "keys" / f"{key_id_of(public_key)}.pub"
        if not file.exists():
            file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            write_atomically(file, public_key.hex())

    def keys(self) -> dict[str, bytes]:
        """Return every public key of the archive by its id.

        Raises:
            SealArchiveDamaged: a file does not hold the key that its name says.
        """
        return dict(self._key(file) for file in sorted((self.folder / "keys").glob("*.pub")))

    def _key(self, file: Path) -> tuple[str, bytes]:
        try:
            key = bytes.fromhex(file.read_text())
        except ValueError:
            key = b""
        if len(key) != PUBLIC_KEY_BYTES or key_id_of(key) != file.stem:
            raise SealArchiveDamaged(f"{file} does not hold the key {file.stem}.")
        return file.stem, key


class Chain:
    """A sequence of seals, in pairs of files; a full pair is followed by the next."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.id = UUID(folder.name)

    def iter_seals(self, *, position: int = 1) -> Iterator[ArchivedSeal]:
        """Yield the seals in order, from the one that covers a position on.

        Raises:
            SealArchiveDamaged: a line is not a seal, or a file is missing.
        """
        pairs = self.file_pairs()
        begins = max((index for index, pair in enumerate(pairs) if int(pair.name) <= position), default=0)
        for index, pair in enumerate(pairs[begins:], begins):
            for sealed in _read(pair, last=index == len(pairs) - 1):
                if sealed.seal.last >= position:
                    yield sealed

    def last(self) -> ArchivedSeal | None:
        """Return the last seal; None without any.

        Raises:
            SealArchiveDamaged: see `sealed`.
        """
        pairs = self.file_pairs()
        newest: ArchivedSeal | None = None
        for pair in pairs[-2:]:  # after a crash the last pair may be empty
            newest = next(iter(deque(_read(pair, last=pair == pairs[-1]), maxlen=1)), newest)
        return newest

    def file_pairs(self) -> list[Path]:
        """Return the paths of the pairs of files in order, without suffix."""
        files = self.folder.glob("*.seals")
        return sorted(file.with_suffix("") for file in files if _PAIR.fullmatch(file.stem))


def seals_of(pair: Path) -> Path:
    """Return the file of a pair that holds the seals."""
    return pair.with_suffix(".seals")


def fingerprints_of(pair: Path) -> Path:
    """Return the file of a pair that holds the fingerprints."""
    return pair.with_suffix(".fingerprints")


def _read(pair: Path, *, last: bool) -> Iterator[ArchivedSeal]:
    try:
        with seals_of(pair).open("rb") as lines, fingerprints_of(pair).open("rb") as fingerprints:
            for number, line in enumerate(lines, 1):
                if not line.endswith(b"\n") and last:
                    return
                seal = _parse_seal(line, f"{lines.name}, line {number}")
                fingerprints.seek(max(0, (seal.first - int(pair.name)) * FINGERPRINT_BYTES))
                yield ArchivedSeal(seal, fingerprints.read(seal.events * FINGERPRINT_BYTES))
    except FileNotFoundError as error:
        raise SealArchiveDamaged(f"{error.filename} is missing.") from error


def _parse_seal(line: bytes, where: str) -> Seal:
    try:
        return parse_seal(line)
    except SealUnreadable as error:
        raise SealArchiveDamaged(f"{where}: {error}.") from error
