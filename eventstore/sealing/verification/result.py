"""The result of verifying a log against its seal archive."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from eventstore.sealing.verification.fault import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The verified range, and the first fault.

    Args:
        chain: the chain of seals that was used; None if there is none yet.
        first, last: the positions that were verified without a fault; none if `last` < `first`.
        seals: the number of seals that were checked over them.
        sealed_to: the last position that a seal of the archive covers.
        head: the log's last position at the start of the verification.
        unsealed_since: when the first unsealed event was recorded.
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
        """The number of events verified without a fault."""
        return self.last - self.first + 1

    @property
    def unsealed(self) -> int:
        """The number of events after the last seal."""
        return max(0, self.head - self.sealed_to)
