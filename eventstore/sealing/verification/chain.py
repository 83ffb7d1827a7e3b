"""Verifies the chain of seals in the archive: signatures, numbers, and verifier to the previous seal."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from eventstore.sealing.keys import is_genuine
from eventstore.sealing.seal import NO_SEAL_BEFORE, Seal
from eventstore.sealing.seal_archive import ArchivedSeal, Chain, SealArchiveDamaged
from eventstore.sealing.verification.fault import Fault, FaultKind

GROUP_POSITIONS_MAX = 8_192


@dataclass(slots=True, kw_only=True)
class PositionGroup:
    """Neighbouring positions that are read together, with their seals if there are any, and a fault after them."""

    first: int
    last: int
    sealed: list[ArchivedSeal] = field(default_factory=list)
    fault: Fault | None = None


class ChainVerifier:
    """Checks seal after seal.

    Args:
        position: the first position to verify; at 1 the first seal must be the chain's first.
    """

    def __init__(self, chain: UUID, keys: Mapping[str, bytes], *, position: int) -> None:
        self._chain = chain
        self._keys = keys
        self._before: Seal | None = None
        self._is_from_first = position == 1

    def check(self, sealed: ArchivedSeal) -> Fault | None:
        """Return the fault of the next seal, None if it is valid."""
        seal = sealed.seal
        number, first, previous = self._expected(seal)
        if seal.chain != self._chain or not is_genuine(seal, self._keys):
            kind, what = FaultKind.SEAL_FORGED, f"Seal {number} is not signed by a known key: it is damaged or forged."
        elif seal.number != number:
            kind, what = FaultKind.SEAL_MISSING, f"Seal {number} is missing in the seal archive."
        elif (seal.first, seal.previous) != (first, previous):
            kind, what = FaultKind.SEAL_FORGED, f"Seal {number} does not follow the seal before it."
        elif hashlib.sha256(sealed.fingerprints).digest() != seal.fingerprints:
            kind, what = (
                FaultKind.SEAL_ARCHIVE,
                f"The fingerprints of seal {number} differ from the sealed ones.",
            )
        else:
            self._before = seal
            return None
        return Fault(kind=kind, position=first, seal=number, what=what)

    def _expected(self, seal: Seal) -> tuple[int, int, bytes]:
        if self._before is not None:
            return self._before.number + 1, self._before.last + 1, self._before.hash
        if self._is_from_first:
            return 1, 1, NO_SEAL_BEFORE
        return seal.number, seal.first, seal.previous


def iter_sealed_groups(chain: Chain, keys: Mapping[str, bytes], *, first: int, last: int) -> Iterator[PositionGroup]:
    """Yield the seals over the positions `first` … `last` in groups, up to the first fault of the chain."""
    verifier, group = ChainVerifier(chain.id, keys, position=first), PositionGroup(first=first, last=first - 1)
    try:
        for sealed in chain.iter_seals(position=first):
            if sealed.seal.first > last:
                break
            fault = verifier.check(sealed)
            if fault is not None:
                group.fault = fault
                break
            if not group.sealed:
                group.first = sealed.seal.first
            group.last = sealed.seal.last
            group.sealed.append(sealed)
            if group.last - group.first >= GROUP_POSITIONS_MAX - 1:
                yield group
                group = PositionGroup(first=group.last + 1, last=group.last)
    except SealArchiveDamaged as damage:
        group.fault = Fault(kind=FaultKind.SEAL_ARCHIVE, position=group.last + 1, what=str(damage))
    if group.sealed or group.fault:
        yield group


def iter_unsealed_groups(first: int, last: int) -> Iterator[PositionGroup]:
    """Yield the unsealed positions `first` … `last` in groups."""
    for begins in range(first, last + 1, GROUP_POSITIONS_MAX):
        yield PositionGroup(first=begins, last=min(begins + GROUP_POSITIONS_MAX - 1, last))
