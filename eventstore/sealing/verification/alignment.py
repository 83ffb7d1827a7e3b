"""Where a log leaves what was sealed, and how: the fingerprints say which event stood where.

A digest covers the position, so after one event was removed and the rest moved up no digest is as it was. An event is
therefore looked for at other positions: its digest is made again as if it stood there.
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
    """What was sealed from the first wrong position on, and what stands there now.

    Args:
        position: the first that is not as it was sealed.
        sealed: the fingerprints from there on, at most `SEARCH_POSITIONS_MAX` of them.
        events: the log from there on, at most as many events and not only the sealed ones.
        head: the log's last position.
    """

    position: int
    head: int
    sealed: bytes
    events: Sequence[SealedContent]

    def fingerprint_at(self, position: int) -> bytes:
        """Return what was sealed at a position."""
        begins = (position - self.position) * FINGERPRINT_BYTES
        return self.sealed[begins : begins + FINGERPRINT_BYTES]

    def sealed_position(self, event: SealedContent) -> int | None:
        """Return the position at which this event was sealed; None if it was not, or far away."""
        for index in range(len(self.sealed) // FINGERPRINT_BYTES):
            position = self.position + index
            if _as_if_at(position, event) == self.fingerprint_at(position):
                return position
        return None

    def current_position(self) -> int | None:
        """Return where the event is now that was sealed at `position`; None if nowhere near."""
        sealed = self.fingerprint_at(self.position)
        return next((event[0] for event in self.events if _as_if_at(self.position, event) == sealed), None)


def classify(window: SealedWindow) -> FaultKind:
    """Return what was done at the window's first position."""
    if window.head < window.position:
        return FaultKind.TRUNCATED
    if not window.events or window.events[0][0] != window.position:
        return FaultKind.REMOVED
    known_here = window.sealed_position(window.events[0])
    if window.current_position() is not None:
        return FaultKind.INSERTED if known_here is None else FaultKind.REORDERED
    shift = _shift(window)
    if shift is None:
        shift = known_here - window.position if known_here else 0
    if shift == 0:
        return FaultKind.CHANGED if known_here is None else FaultKind.REORDERED
    return FaultKind.REMOVED if shift > 0 else FaultKind.INSERTED


def _shift(window: SealedWindow) -> int | None:
    """Return by how much the events after the first were moved up; the nearest one that is known says it for all."""
    for event in window.events[1 : NEIGHBOURS_MAX + 1]:
        archive = window.sealed_position(event)
        if archive is not None:
            return archive - event[0]
    return None


def _as_if_at(position: int, event: SealedContent) -> bytes:
    preimage = event[3]
    return fingerprint_of(hashlib.sha256(_POSITION.pack(position) + preimage[_POSITION.size :]).digest())
