"""Where a process keeps its checkpoint and its work, as a port: one owner at a time, all changes fenced."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from eventstore.checkpoint import Checkpoint
from processes.work import WorkItem

WorkRow = tuple[str, UUID, int, datetime, int, int]
"""The fields of a `WorkItem`, in order."""


class Refusal(NamedTuple):
    """A command that was refused: for what, caused by which command, and the refusal's code."""

    subject: str
    cause: UUID
    code: str


class Lease(Protocol):
    """One rule's state for as long as we own it. Raises `StoreUnavailable` when the server cannot be asked."""

    @property
    def checkpoint(self) -> Checkpoint:
        """How far the log was folded when the tenure began."""
        ...

    @property
    def failure(self) -> tuple[int, int] | None:
        """Where the rule failed, and how often in a row; None: it did not fail, or has recovered."""
        ...

    async def renew(self) -> bool:
        """Say that we are alive; False: somebody else has taken over."""
        ...

    async def release(self) -> None:
        """Let a standby take over at once."""
        ...

    async def fail(self, *, error: str, position: int, pause: timedelta) -> None:
        """Record that the rule failed at a position; it has no owner again before the pause is over."""
        ...

    async def recover(self) -> None:
        """Record that the rule works again."""
        ...

    async def due(self, *, limit: int) -> tuple[datetime, Sequence[WorkRow]]:
        """Return the server's time and the work whose time has come, the longest due first."""
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
        """Change checkpoint and work in one transaction; False: the tenure is over, nothing was changed.

        It is over when somebody else has taken over, and when a crash of the server has undone an earlier commit.
        """
        ...

    async def reset(self) -> bool:
        """Forget all work and go back to the log's beginning; False: the tenure is over, as in `commit`."""
        ...


class ProcessState(Protocol):
    """The state of every rule."""

    async def acquire(self, rule: str) -> Lease | None:
        """Become the owner of a rule whose owner gave it up or fell silent; None: it has a living owner.

        Raises:
            StoreUnavailable: the server cannot be asked.
        """
        ...
