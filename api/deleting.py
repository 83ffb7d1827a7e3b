"""Deletes events: sales are suspended, the log is checked for bookings, and the event is archived or reopened."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request

from api.commands import carry_out, caught_up
from api.engine import Engine, engine_of
from domain import event as events
from domain.books import Books
from domain.errors import DeletionGivenUp, HasBookings
from domain.event import EVENT, EventStatus, ListedEvent
from domain.seat import SEAT
from eventstore.command import Outcome
from projections import catalogue
from projections.catalogue import Viewer, find_event

NOT_BOOKINGS = frozenset({"SeatBlocked", "SeatUnblocked"})


async def archive_unbooked(request: Request, event: str) -> Outcome:
    """Archive an event of which no seat was ever claimed.

    The bookings are checked twice: before anything is recorded, so that a refusal leaves no trace, and once more while
    sales are suspended, so that no sale slips in between.

    Raises:
        NotFound: no such event.
        HasBookings: a seat was claimed; the event stays as it is.
        DeletionGivenUp: the event was reopened meanwhile.
        Behind: the list of its performances is not up to date.
    """
    closing, booked = 0, False
    state = await event_state(request, event)
    if state.status is not EventStatus.ARCHIVED:
        await refuse_booked(request, event)
        step = f"close-{state.closings}"
        closed = await carry_out(request, lambda books: events.close_for_deletion(books, event), step=step)
        closing = (await event_state(request, event)).closings
        async with reopened_on_failure(request, event):
            booked = await anything_booked(request, event, closed.last)
    finished = await carry_out(
        request, lambda books: events.finish_deletion(books, event, closing=closing, booked=booked)
    )
    if booked:
        raise has_bookings()
    if (await event_state(request, event)).status is not EventStatus.ARCHIVED:
        raise DeletionGivenUp("The event was published again while it was being deleted; delete it once more.")
    return finished


async def event_state(request: Request, event: str) -> ListedEvent:
    """Return an event as it stands in the log, archived or not."""

    def view(books: Books) -> ListedEvent:
        state = books.read(EVENT, event)
        return state if isinstance(state, ListedEvent) else events.existing(books, event)

    return await engine_of(request).handler.look(view)


def has_bookings() -> HasBookings:
    """Return the refusal of an event that was booked."""
    return HasBookings("Something of this event was booked; cancel its performances instead.")


async def refuse_booked(request: Request, event: str) -> None:
    """Refuse an event that was booked already.

    Raises:
        HasBookings: a seat was claimed.
    """
    if await anything_booked(request, event, await engine_of(request).store.head()):
        raise has_bookings()


@asynccontextmanager
async def reopened_on_failure(request: Request, event: str) -> AsyncIterator[None]:
    """Reopen an event whose bookings could not be checked; a process does it where this one dies."""
    try:
        yield
    except Exception:
        await carry_out(request, lambda books: events.give_up_deletion(books, event), step="give up")
        raise


async def anything_booked(request: Request, event: str, closed_at: int) -> bool:
    """Say whether any seat of the event's performances was ever claimed.

    Args:
        closed_at: the position up to which its performances must be known.

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
    """Say whether any seat of a performance was ever claimed, whatever became of the claim."""
    prefix = SEAT.stream(performance, "")
    first = await engine.store.read_latest(prefix, limit=1)
    if not first or first[0].name not in NOT_BOOKINGS:
        return bool(first)
    head = await engine.store.head()
    recorded = await engine.store.read_columns(prefix, fields={}, after=0, upto=head)
    return any(name not in NOT_BOOKINGS for name in recorded.said)
