"""How every read model stands, for the people who look after them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from eventstore.checkpoint import event_at, is_in_log
from eventstore.store import RecordedEvent, Store
from projections.engine.checkpoints import ProjectionState
from projections.operations.exclusions import read_projection

DIVERGED = "diverged"
"""Shown as the state of a read model that was folded from a log that was restored since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionStatus:
    """One read model: its row, how far it is behind the log, what it failed on, what this version leaves out.

    `diverged`: it was folded from a log that was restored since, so nothing of it counts.
    """

    state: ProjectionState
    diverged: bool
    lag: int
    lag_seconds: float
    failed: RecordedEvent | None
    skipped: Sequence[int]
    parked: Sequence[str]

    @property
    def displayed_state(self) -> str:
        """The state of its row, or that nothing of it counts."""
        return DIVERGED if self.diverged else self.state.state


async def list_statuses(states: Sequence[ProjectionState], store: Store, now: datetime) -> list[ProjectionStatus]:
    """Report on read models.

    Args:
        states: their rows, read before this.
        now: the server's time; what waits is as old as it is then.

    Raises:
        StoreUnavailable.
    """
    head = await store.head()
    return [await status_of(state, store, head, now) for state in states]


async def status_of(state: ProjectionState, store: Store, head: int, now: datetime) -> ProjectionStatus:
    """Report on one read model while the log ends at `head`."""
    projection = await read_projection(store, state.name)
    diverged = not await is_in_log(store, state.checkpoint)
    known = 0 if diverged else state.position
    waiting = await event_at(store, known + 1) if known < head else None
    return ProjectionStatus(
        state=state,
        diverged=diverged,
        lag=max(0, head - known),
        lag_seconds=0.0 if waiting is None else max(0.0, (now - waiting.recorded_at).total_seconds()),
        failed=None if state.failed_position is None else await event_at(store, state.failed_position),
        skipped=projection.skipped(state.version),
        parked=projection.parked(state.version),
    )
