"""What people decide about a process whose rule has failed: it tries again."""

from dataclasses import dataclass
from datetime import datetime

from domain.decision import Changes, DecisionContext, StreamType
from domain.errors import NotFailed, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessRetried:
    """The process tries again at once what it failed on at `position`."""

    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """Nothing that was decided about a process matters to what is decided next."""


def evolve(process: Process, event: ProcessRetried) -> Process:  # noqa: ARG001 - the shape of every evolve
    """Return the process after `event`."""
    return process


PROCESS: StreamType[Process] = StreamType("process", Process(), evolve)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessStatus:
    """How a process stands.

    Args:
        position: up to which position it has read the log.
        heartbeat_at: when its owner last gave a sign of life; None: it has no owner.
        failed_at: when it last failed; None: it runs.
        failed_position: what it failed on; it has recovered once it is beyond.
        tries: how often in a row it failed.
        retry_at: when it is tried again by itself.
        waiting: how many pieces of work it has.
        retrying: how many of them were tried before.
    """

    name: str
    position: int
    heartbeat_at: datetime | None
    failed_at: datetime | None
    error: str | None
    failed_position: int | None
    tries: int
    retry_at: datetime | None
    waiting: int
    retrying: int

    @property
    def state(self) -> str:
        """`running` or `failed`."""
        return "running" if self.failed_at is None else "failed"


def require_status(statuses: list[ProcessStatus], name: str) -> ProcessStatus:
    """Return how the process of a name stands.

    Raises:
        NotFound: there is none.
    """
    for snapshot in statuses:
        if snapshot.name == name:
            return snapshot
    raise NotFound(f"There is no process {name}.")


def retry(context: DecisionContext, snapshot: ProcessStatus) -> Changes:
    """Let a process try again what it failed on.

    Raises:
        NotFailed: it runs.
    """
    context.read(PROCESS, snapshot.name)
    if snapshot.failed_position is None:
        raise NotFailed(f"{snapshot.name} has not failed.")
    return {PROCESS.stream(snapshot.name): [ProcessRetried(position=snapshot.failed_position)]}
