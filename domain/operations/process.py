"""Operators' decisions on a process whose rule has failed."""

from dataclasses import dataclass
from datetime import datetime

from domain.decision import Changes, DecisionContext, StreamType
from domain.errors import NotFailed, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessRetried:
    """An operator had the process retry at once the event at `position`, on which it had failed."""

    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """The state of a process stream; no decision depends on earlier ones, so it has no fields."""


def evolve(process: Process, event: ProcessRetried) -> Process:  # noqa: ARG001 - the shape of every evolve
    """Return the process after `event`."""
    return process


PROCESS: StreamType[Process] = StreamType("process", Process(), evolve)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessStatus:
    """The status of a process.

    Args:
        position: the last position it has read of the log.
        heartbeat_at: when its lease was last renewed; None: no worker runs it.
        failed_at: when it last failed; None: it is running.
        failed_position: the position it failed on; it has recovered once it is past that.
        tries: the number of consecutive failures.
        retry_at: when it retries by itself.
        waiting: the number of its work items.
        retrying: the number of them that were tried before.
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
    """Return the status of the named process.

    Raises:
        NotFound: there is no such process.
    """
    for status in statuses:
        if status.name == name:
            return status
    raise NotFound(f"There is no process {name}.")


def retry(context: DecisionContext, snapshot: ProcessStatus) -> Changes:
    """Retry at once the event on which a process has failed.

    Raises:
        NotFailed: it is running.
    """
    context.read(PROCESS, snapshot.name)
    if snapshot.failed_position is None:
        raise NotFailed(f"{snapshot.name} has not failed.")
    return {PROCESS.stream(snapshot.name): [ProcessRetried(position=snapshot.failed_position)]}
