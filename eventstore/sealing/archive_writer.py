"""Appends seals to a chain of the seal archive. One writer at a time; the sealer ensures that."""

from pathlib import Path

from eventstore.sealing.files import append_durably
from eventstore.sealing.seal import FINGERPRINT_BYTES, Seal, seal_line
from eventstore.sealing.seal_archive import (
    POSITION_DIGITS,
    ArchivedSeal,
    Chain,
    SealArchiveDamaged,
    fingerprints_of,
    seals_of,
)

SEALS_PER_FILE = 4_096


class ArchiveWriter:
    """Continues a chain; an incomplete last line, left by a crash, is truncated first."""

    def __init__(self, chain: Chain) -> None:
        self._folder = chain.folder
        self._pair: Path | None = None
        self._seals = 0
        pairs = chain.file_pairs()
        if pairs:
            self._pair = pairs[-1]
            content = seals_of(self._pair).read_bytes()
            self._seals = content.count(b"\n")
            append_durably(seals_of(self._pair), b"", at=content.rfind(b"\n") + 1)

    def add(self, sealed: ArchivedSeal) -> None:
        """Write a seal and its fingerprints durably.

        Raises:
            SealArchiveDamaged: fingerprints of earlier seals are missing.
        """
        pair = self._pair_for(sealed.seal)
        fingerprints, at = fingerprints_of(pair), (sealed.seal.first - int(pair.name)) * FINGERPRINT_BYTES
        if at and fingerprints.stat().st_size < at:
            raise SealArchiveDamaged(f"{fingerprints} is too short.")
        append_durably(fingerprints, sealed.fingerprints, at=at)
        append_durably(seals_of(pair), seal_line(sealed.seal))
        self._seals += 1

    def _pair_for(self, seal: Seal) -> Path:
        if self._pair is None or self._seals == SEALS_PER_FILE:
            self._pair, self._seals = self._folder / f"{seal.first:0{POSITION_DIGITS}}", 0
        return self._pair
