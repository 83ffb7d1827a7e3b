"""Classifies the first difference between the log and its seals, by the sealed fingerprints.

A digest covers the position, so after the removal of one event all later digests differ. An event is therefore searched
at other positions by recomputing its digest with each of them.
"""

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from eventstore.sealing.log_reader import SealedContent
from eventstore.sealing.seal import FINGERPRINT_BYTES, fingerprint_of
from eventstore.sealing.verification.fault import FaultKind

SEARCH_POSITIONS_MAX = 16_384
NEIGHBOURS_MAX = 16
_POSITION = struct.Struct(">q")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedWindow:
    """The sealed fingerprints from the first wrong position on, and the events there now.

    Args:
        position: the first that differs from what was sealed.
        sealed: the fingerprints from there on, of at most `SEARCH_POSITIONS_MAX` events.
        events: as many events of the log from there on, including unsealed ones.
        head: the log's last position.
    """

    position: int
    head: int
    sealed: bytes
    events: Sequence[SealedContent]

    def fingerprint_at(self, position: int) -> bytes:
        """Return the sealed fingerprint of a position, empty beyond the window."""
        begins = (position - self.position) * FINGERPRINT_BYTES
        return self.sealed[begins : begins + FINGERPRINT_BYTES]

    def sealed_position(self, event: SealedContent) -> int | None:
        """Return the position at which an event was sealed; None if not within the window."""
        for index in range(len(self.sealed) // FINGERPRINT_BYTES):
            position = self.position + index
            if _fingerprint_at(position, event) == self.fingerprint_at(position):
                return position
        return None

    def current_position(self) -> int | None:
        """Return the current position of the event that was sealed at `position`; None if not within the window."""
        sealed = self.fingerprint_at(self.position)
        return next((event[0] for event in self.events if _fingerprint_at(self.position, event) == sealed), None)


def classify(window: SealedWindow) -> FaultKind:
    """Return the kind of change at the window's first position."""
    if window.head < window.position:
        return FaultKind.TRUNCATED
    if not window.events or window.events[0][0] != window.position:
        return FaultKind.REMOVED
    sealed_position = window.sealed_position(window.events[0])
    if window.current_position() is not None:
        return FaultKind.INSERTED if sealed_position is None else FaultKind.REORDERED
    shift = _shift(window)
    if shift is None:
        shift = sealed_position - window.position if sealed_position else 0
    if shift == 0:
        return FaultKind.CHANGED if sealed_position is None else FaultKind.REORDERED
    return FaultKind.REMOVED if shift > 0 else FaultKind.INSERTED


def _shift(window: SealedWindow) -> int | None:
    """Return by how many positions the events after the first were moved up, from the nearest one that was sealed."""
    for event in window.events[1 : NEIGHBOURS_MAX + 1]:
        sealed_at = window.sealed_position(event)
        if sealed_at is not None:
            return sealed_at - event[0]
    return None


def _fingerprint_at(position: int, event: SealedContent) -> bytes:
    preimage = event[3]
    return fingerprint_of(hashlib.sha256(_POSITION.pack(position) + preimage[_POSITION.size :]).digest())
