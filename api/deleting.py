"""Whether anything of an event was ever booked: asked of the log, while the event is closed to every sale."""

from fastapi import Request

from api.commands import caught_up
from api.engine import Engine, engine_of
from domain.layout.model import SEATS_MAX
from domain.seat import SEAT
from projections import catalogue
from projections.catalogue import Viewer, find_event

NOT_BOOKINGS = frozenset({"SeatBlocked", "SeatUnblocked"})


async def anything_booked(request: Request, event: str, closed_at: int) -> bool:
    """Say whether any seat of the event's performances was ever claimed.

    Args:
        closed_at: the position from which on nothing of the event sells.

    Raises:
        Behind: the list of its performances has not reached that position.
    """
    engine = engine_of(request)
    await caught_up(request, closed_at, *catalogue.READ_MODELS)
    everybody = Viewer(everybody=True)
    found = await find_event(engine.read_models, event=event, viewer=everybody, now=engine.clock.now())
    performances = [] if found is None else [performance.performance for performance in found.performances]
    for performance in performances:
        if await claimed(engine, performance):
            return True
    return False


async def claimed(engine: Engine, performance: str) -> bool:
    """Say whether any seat of a performance was ever claimed; what staff blocked counts only if a claim followed."""
    prefix = SEAT.stream(performance, "")
    first = await engine.store.read_latest(prefix, limit=1)
    if not first or first[0].name not in NOT_BOOKINGS:
        return bool(first)
    return any(event.name not in NOT_BOOKINGS for event in await engine.store.read_latest(prefix, limit=SEATS_MAX))
