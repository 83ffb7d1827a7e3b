"""What a comparison of the log with the second place says."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from eventstore.sealing.verification.fault import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was compared, and the first fault.

    Args:
        chain: the chain of seals it was compared with; None if there is none yet.
        first, last: the positions that were compared and are in order; none if `last` < `first`.
        seals: how many seals were checked over them.
        sealed_to: the last position that the second place has a seal over.
        head: the last position of the log when it was looked at.
        unsealed_since: when the first event was recorded that has no seal yet.
    """

    chain: UUID | None
    first: int
    last: int
    seals: int
    sealed_to: int
    head: int
    unsealed_since: datetime | None
    fault: Fault | None

    @property
    def events(self) -> int:
        """How many events were compared and are in order."""
        return self.last - self.first + 1

    @property
    def unsealed(self) -> int:
        """How many events are younger than the last seal."""
        return max(0, self.head - self.sealed_to)
