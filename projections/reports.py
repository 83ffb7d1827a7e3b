"""How every read model stands, for the people who look after them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from eventstore.store import Recorded, Store
from projections.control import ProjectionState
from projections.set_aside import read_projection


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One read model: its row, how far it is behind the log, what it failed on, what this version leaves out."""

    state: ProjectionState
    lag: int
    lag_seconds: float
    failed: Recorded | None
    skipped: Sequence[int]
    parked: Sequence[str]


async def report_each(states: Sequence[ProjectionState], store: Store, now: datetime) -> list[Report]:
    """Report on read models.

    Args:
        states: their rows, read before this.
        now: the server's time; what waits is as old as it is then.

    Raises:
        StoreUnavailable.
    """
    head = await store.head()
    return [await report(state, store, head, now) for state in states]


async def report(state: ProjectionState, store: Store, head: int, now: datetime) -> Report:
    """Report on one read model while the log ends at `head`."""
    projection = await read_projection(store, state.name)
    waiting = await event_at(store, state.position + 1) if state.position < head else None
    return Report(
        state=state,
        lag=max(0, head - state.position),
        lag_seconds=0.0 if waiting is None else max(0.0, (now - waiting.recorded_at).total_seconds()),
        failed=None if state.failed_position is None else await event_at(store, state.failed_position),
        skipped=projection.skipped(state.version),
        parked=projection.parked(state.version),
    )


async def event_at(store: Store, position: int) -> Recorded | None:
    """Return the event at a position, if the log reaches it."""
    found = await store.read_range(after=position - 1, limit=1)
    return found[0] if found else None
