"""Port for the stored state of processes: one owner of each rule at a time, all changes fenced."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from eventstore.checkpoint import Checkpoint
from processes.work import WorkItem

WorkRow = tuple[str, UUID, int, datetime, int, int]
"""The fields of a `WorkItem`, in order."""


class Refusal(NamedTuple):
    """A refused command: its subject, its cause, and the refusal's code."""

    subject: str
    cause: UUID
    code: str


class Lease(Protocol):
    """The state of one rule while this process owns it. Raises `StoreUnavailable` when the server cannot be reached."""

    @property
    def checkpoint(self) -> Checkpoint:
        """The stored position in the log when the lease was acquired."""
        ...

    @property
    def failure(self) -> tuple[int, int] | None:
        """Where the rule failed, and how often in a row; None without a failure."""
        ...

    async def renew(self) -> bool:
        """Extend the lease; False: another process has taken over."""
        ...

    async def release(self) -> None:
        """Release the lease, so that a standby can take over at once."""
        ...

    async def fail(self, *, error: str, position: int, pause: timedelta) -> None:
        """Record a failure of the rule at a position; it cannot be acquired until the pause is over."""
        ...

    async def recover(self) -> None:
        """Record that the rule works again."""
        ...

    async def due(self, *, limit: int) -> tuple[datetime, Sequence[WorkRow]]:
        """Return the server's time and at most `limit` due work items, longest overdue first."""
        ...

    async def commit(
        self,
        *,
        checkpoint: Checkpoint | None = None,
        put: Iterable[WorkItem] = (),
        put_if_absent: Iterable[WorkItem] = (),
        drop: Iterable[str] = (),
        refused: Iterable[Refusal] = (),
    ) -> bool:
        """Change checkpoint and work in one transaction; False: the lease is lost, nothing was changed.

        The lease is lost to a takeover, or to a crash of the server that has undone an earlier commit.
        """
        ...

    async def reset(self) -> bool:
        """Delete all work and return to the start of the log; False: the lease is lost, as in `commit`."""
        ...


class ProcessState(Protocol):
    """The stored state of all rules."""

    async def acquire(self, rule: str) -> Lease | None:
        """Acquire the lease of a rule without an owner, or with an expired lease; None: it has an owner.

        Raises:
            StoreUnavailable: the server cannot be reached.
        """
        ...
