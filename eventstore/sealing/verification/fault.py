"""What can be wrong with a log, or with what it is compared to."""

from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """The first thing that is not as it was sealed."""

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
        position: of the first event that is wrong or missing; of a seal, the first that it covers or should.
        seal: the number of the seal it contradicts; None: what is not sealed yet contradicts itself.
        name, stream: of the event that stands at `position` now; None if none does.
        what: a sentence for people.
    """

    kind: FaultKind
    position: int
    what: str
    seal: int | None = None
    name: str | None = None
    stream: str | None = None

    @property
    def in_the_log(self) -> bool:
        """Whether it is the log's fault, and not that of what it is compared to."""
        return self.kind not in ARCHIVE_FAULTS
