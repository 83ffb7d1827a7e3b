"""Faults of the log, the seal archive, or the copies of seals."""

from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """The kind of the first difference."""

    CHANGED = "changed"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    DIGEST = "digest"
    PARTS = "parts"
    SEAL_MISSING = "seal_missing"
    SEAL_FORGED = "seal_forged"
    SEAL_COPY = "seal_copy"
    SEAL_ARCHIVE = "second_place"


ARCHIVE_FAULTS = frozenset({FaultKind.SEAL_MISSING, FaultKind.SEAL_FORGED, FaultKind.SEAL_ARCHIVE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault.

    Args:
        position: of the first event that is wrong or missing; for a seal, the first position that it should cover.
        seal: the number of the contradicted seal; None: among events that are not sealed yet.
        name, stream: of the event at `position` now; None if there is none.
        what: the description, a sentence.
    """

    kind: FaultKind
    position: int
    what: str
    seal: int | None = None
    name: str | None = None
    stream: str | None = None

    @property
    def in_the_log(self) -> bool:
        """Whether the log is at fault, and not the seal archive."""
        return self.kind not in ARCHIVE_FAULTS
