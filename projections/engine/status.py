"""Status of the read models, for operators."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from eventstore.checkpoint import event_at, is_in_log
from eventstore.store import RecordedEvent, Store
from projections.engine.checkpoints import ProjectionState
from projections.operations.exclusions import read_projection

DIVERGED = "diverged"
"""The displayed state of a read model that was folded from a log that has been restored since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionStatus:
    """Status of one read model: control row, lag behind the log, failed event, and its version's exclusions.

    `lag` is in positions. `diverged`: the log was restored since, so its rows do not derive from the log.
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
        """The state of the control row, or `diverged`."""
        return DIVERGED if self.diverged else self.state.state


async def list_statuses(states: Sequence[ProjectionState], store: Store, now: datetime) -> list[ProjectionStatus]:
    """Return the status of each read model.

    Args:
        states: their control rows, read before this call.
        now: the server's time; `lag_seconds` is the age of the first event not yet folded.

    Raises:
        StoreUnavailable.
    """
    head = await store.head()
    return [await status_of(state, store, head, now) for state in states]


async def status_of(state: ProjectionState, store: Store, head: int, now: datetime) -> ProjectionStatus:
    """Return the status of one read model while the log ends at `head`."""
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
