"""The second place: a folder, best on another machine, whose files say what the log was when it was sealed.

    keys/<key id>.pub               every public key that ever sealed, in hexadecimal
    <chain>/reason                  why the chain was begun
    <chain>/<position>.seals        one seal a line, as JSON, from that position on
    <chain>/<position>.fingerprints the first 8 bytes of every sealed event's digest, from that position on

A chain's id is a UUIDv7, so the newest is the last by name. Fingerprints are written, and on the disk, before their
seal: the end of a file after the last whole line was never promised to anybody.
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
    """A file of the second place is not as it was written; the log may well be right."""


@dataclass(frozen=True, slots=True)
class ArchivedSeal:
    """A seal, and the fingerprints of the events it covers."""

    seal: Seal
    fingerprints: bytes


class SealArchive:
    """The folder as a whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def chain(self) -> "Chain | None":
        """Return the newest chain; None if nothing was ever sealed."""
        if not self.folder.is_dir():
            return None
        names = [entry.name for entry in self.folder.iterdir() if _CHAIN.fullmatch(entry.name)]
        return Chain(self.folder / max(names)) if names else None

    def begin(self, reason: str) -> "Chain":
        """Begin a chain; what was sealed before stays where it is."""
        chain = self.folder / str(uuid7())
        chain.mkdir(mode=0o755, parents=True)
        sync_folder(self.folder)
        write_atomically(chain / "reason", reason)
        return Chain(chain)

    def publish(self, public_key: bytes) -> None:
        """Let everybody know a public key."""
        file = self.folder / "keys" / f"{key_id_of(public_key)}.pub"
        if not file.exists():
            file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            write_atomically(file, public_key.hex())

    def keys(self) -> dict[str, bytes]:
        """Return every published key by its id.

        Raises:
            SealArchiveDamaged: a file does not hold the key it is named after.
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
    """Seals that follow each other, in pairs of files; the next pair begins when one is full."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.id = UUID(folder.name)

    def sealed(self, *, position: int = 1) -> Iterator[ArchivedSeal]:
        """Read what was sealed, in order, from the seal that covers a position on.

        Raises:
            SealArchiveDamaged: a line is no seal, or fingerprints are missing.
        """
        pairs = self.file_pairs()
        begins = max((index for index, pair in enumerate(pairs) if int(pair.name) <= position), default=0)
        for index, pair in enumerate(pairs[begins:], begins):
            for sealed in _read(pair, last=index == len(pairs) - 1):
                if sealed.seal.last >= position:
                    yield sealed

    def last(self) -> ArchivedSeal | None:
        """Return what was sealed last.

        Raises:
            SealArchiveDamaged: see `sealed`.
        """
        pairs = self.file_pairs()
        newest: ArchivedSeal | None = None
        for pair in pairs[-2:]:  # the last pair may have been begun and nothing more
            newest = next(iter(deque(_read(pair, last=pair == pairs[-1]), maxlen=1)), newest)
        return newest

    def file_pairs(self) -> list[Path]:
        """Return the pairs of files, in order, each without its suffix."""
        files = self.folder.glob("*.seals")
        return sorted(file.with_suffix("") for file in files if _PAIR.fullmatch(file.stem))


def seals_of(pair: Path) -> Path:
    """Return the file with the seals of a pair."""
    return pair.with_suffix(".seals")


def fingerprints_of(pair: Path) -> Path:
    """Return the file with the fingerprints of a pair."""
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
