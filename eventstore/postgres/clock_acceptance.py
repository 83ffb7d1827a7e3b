"""Recovery from a clock that ran ahead: an operator accepts it, and appends take the time of the last event."""

from datetime import timedelta

import psycopg

from eventstore.errors import ClockNotAcceptable
from eventstore.postgres import sql
from eventstore.store import CLOCK_BEHIND_MAX_S, ClockState

ACCEPTED_MAX = timedelta(hours=24)
"""Deadlines do not pass while the log's time is constant; after more than a day a restore is the better remedy."""


async def read_clock(owner_url: str) -> ClockState:
    """Return the server's clock and the time of the last event."""
    async with await psycopg.AsyncConnection.connect(owner_url, autocommit=True) as connection:
        return await _read(connection)


async def accept_clock(owner_url: str, *, reason: str, by: str) -> ClockState:
    """Allow appends at the time of the last event until the clock has caught up; return the new state.

    Args:
        owner_url: of the log's owner, the only role with this privilege.
        by: the name of the operator's account on this machine.

    Raises:
        ClockNotAcceptable: no append is refused, or the clock is more than a day behind.
    """
    async with await psycopg.AsyncConnection.connect(owner_url, autocommit=True) as connection:
        state = await _read(connection)
        if not state.refuses:
            raise ClockNotAcceptable(
                f"No append is refused because of the clock: it is {state.behind} behind the last event, and up to "
                f"{CLOCK_BEHIND_MAX_S} s need no acceptance."
            )
        if state.behind > ACCEPTED_MAX:
            raise ClockNotAcceptable(
                f"The clock is {state.behind} behind the last event; at most {ACCEPTED_MAX} can be accepted. If the "
                "clock is right, restore a backup made before it ran ahead."
            )
        accepted = {"recorded_at": state.recorded_at, "position": state.position, "reason": reason, "accepted_by": by}
        await connection.execute(sql.ACCEPT_CLOCK, accepted)
        return await _read(connection)


async def _read(connection: psycopg.AsyncConnection[tuple[object, ...]]) -> ClockState:
    row = await (await connection.execute(sql.CLOCK)).fetchone()
    assert row is not None
    now, position, recorded_at, accepted = row
    return ClockState(now=now, position=position, recorded_at=recorded_at, accepted=accepted)  # type: ignore[arg-type]
