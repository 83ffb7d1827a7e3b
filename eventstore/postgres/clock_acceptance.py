"""The way out after a clock that ran ahead: an operator lets the log stand still until the clock has caught up."""

from datetime import timedelta

import psycopg

from eventstore.errors import NothingToAccept
from eventstore.postgres import sql
from eventstore.store import CLOCK_BEHIND_MAX_S, ClockState

ACCEPTED_MAX = timedelta(hours=24)
"""No deadline passes while the log's time stands still, so longer than a day is a case for a restore."""


async def read_clock(owner_url: str) -> ClockState:
    """Return the server's clock beside the time of the last event."""
    async with await psycopg.AsyncConnection.connect(owner_url, autocommit=True) as connection:
        return await _read(connection)


async def accept_clock(owner_url: str, *, reason: str, by: str) -> ClockState:
    """Let events be recorded at the time of the last one until the clock has caught up; return how it stands.

    Args:
        owner_url: of the log's owner; nobody else may.
        by: who says so, as the machine knows them.

    Raises:
        NothingToAccept: nothing is refused, or the clock is more than a day behind.
    """
    async with await psycopg.AsyncConnection.connect(owner_url, autocommit=True) as connection:
        state = await _read(connection)
        if not state.refuses:
            raise NothingToAccept(
                f"Nothing is refused because of the clock: it is {state.behind} behind the last event. Up to "
                f"{CLOCK_BEHIND_MAX_S} s need no acceptance."
            )
        if state.behind > ACCEPTED_MAX:
            raise NothingToAccept(
                f"The clock is {state.behind} behind the last event; at most {ACCEPTED_MAX} can be accepted. Is the "
                "clock right? If it is, restore a backup from before the clock ran ahead."
            )
        accepted = {"recorded_at": state.recorded_at, "position": state.position, "reason": reason, "accepted_by": by}
        await connection.execute(sql.ACCEPT_CLOCK, accepted)
        return await _read(connection)


async def _read(connection: psycopg.AsyncConnection[tuple[object, ...]]) -> ClockState:
    row = await (await connection.execute(sql.CLOCK)).fetchone()
    assert row is not None
    now, position, recorded_at, accepted = row
    return ClockState(now=now, position=position, recorded_at=recorded_at, accepted=accepted)  # type: ignore[arg-type]
