"""Deletes events, performances and venues that nobody uses: close, check the log, then archive or reopen.

The use is checked twice: before anything is recorded, so that a refusal leaves no trace, and once more while the thing
is closed, so that no use slips in between.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from fastapi import Request

from api.dependencies import Services, services_of
from api.http.commands import execute_command, wait_for_position
from domain import event as events
from domain import venue as venues
from domain.decision import DecisionContext
from domain.decisions import performance_deletion
from domain.decisions.deletion import DeletionState, DeletionStatus
from domain.errors import Conflict, DeletionAbandoned, HasBookings, HasEvents
from domain.event import EVENT, EventStatus, ListedEvent
from domain.performance import PERFORMANCE, ScheduledPerformance, require_performance
from domain.seat import SEAT
from domain.venue import VENUE, OpenVenue, require_venue
from eventstore.command import Decide, Outcome
from projections import catalogue
from projections.catalogue import EventQuery, Viewer, find_event, find_events

NOT_BOOKINGS = frozenset({"SeatBlocked", "SeatUnblocked"})
SEES_ALL = Viewer(sees_all=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """One thing that is to be deleted.

    Args:
        close, give_up: the decisions that begin a deletion and abandon it.
        finish: makes the last decision from the number of the closing and what was learned during it.
        state: reads where the deletion stands; raises NotFound where there is no such thing.
        in_use: says whether the thing is used, as of a position that read models have to reach.
        refusal: why a thing in use stays.
    """

    close: Decide
    finish: Callable[[int, bool], Decide]
    give_up: Decide
    state: Callable[[DecisionContext], DeletionState]
    in_use: Callable[[int], Awaitable[bool]]
    refusal: Conflict


async def archive_unused(request: Request, deletion: Deletion) -> Outcome:
    """Archive a thing that nobody uses.

    Raises:
        NotFound: no such thing.
        HasBookings, HasEvents: it is used, and stays as it is.
        DeletionAbandoned: it was reopened meanwhile.
        Behind: the list of its users is not up to date.
    """
    look = services_of(request).handler.query
    closing, used = 0, False
    before = await look(deletion.state)
    if before.status is not DeletionStatus.ARCHIVED:
        if await deletion.in_use(await services_of(request).store.head()):
            raise deletion.refusal
        closed = await execute_command(request, deletion.close, step=f"close-{before.closings}")
        closing = (await look(deletion.state)).closings
        async with reopen_on_failure(request, deletion):
            used = await deletion.in_use(closed.last)
    finished = await execute_command(request, deletion.finish(closing, used))
    if used:
        raise deletion.refusal
    if (await look(deletion.state)).status is not DeletionStatus.ARCHIVED:
        raise DeletionAbandoned("It was opened again while it was being deleted; delete it once more.")
    return finished


@asynccontextmanager
async def reopen_on_failure(request: Request, deletion: Deletion) -> AsyncIterator[None]:
    """Reopen what could not be checked; a process does it where this one dies."""
    try:
        yield
    except Exception:
        await execute_command(request, deletion.give_up, step="give up")
        raise


def deletion_of_event(request: Request, event: str) -> Deletion:
    """Return the deletion of an event of which no seat was ever claimed."""

    def state(context: DecisionContext) -> DeletionState:
        known = context.read(EVENT, event)
        found = known if isinstance(known, ListedEvent) else events.require_event(context, event)
        statuses = {EventStatus.CLOSING: DeletionStatus.CLOSING, EventStatus.ARCHIVED: DeletionStatus.ARCHIVED}
        status = statuses.get(found.status, DeletionStatus.OPEN)
        return DeletionState(status=status, closings=found.closings)

    def finish(closing: int, used: bool) -> Decide:  # noqa: FBT001 - what a check learned
        return partial(events.finish_deletion, event=event, closing=closing, booked=used)

    return Deletion(
        close=partial(events.close_for_deletion, event=event),
        finish=finish,
        give_up=partial(events.give_up_deletion, event=event),
        state=state,
        in_use=partial(has_bookings, request, event),
        refusal=HasBookings("Something of this event was booked; cancel its performances instead."),
    )


def deletion_of_performance(request: Request, performance: str) -> Deletion:
    """Return the deletion of a performance of which no seat was ever claimed."""

    def state(context: DecisionContext) -> DeletionState:
        known = context.read(PERFORMANCE, performance)
        return (
            known if isinstance(known, ScheduledPerformance) else require_performance(context, performance)
        ).deletion

    def finish(closing: int, used: bool) -> Decide:  # noqa: FBT001 - what a check learned
        decide = performance_deletion.finish_performance_deletion
        return partial(decide, performance=performance, closing=closing, in_use=used)

    async def in_use(_: int) -> bool:
        return await performance_has_bookings(services_of(request), performance)

    return Deletion(
        close=partial(performance_deletion.close_performance_for_deletion, performance=performance),
        finish=finish,
        give_up=partial(performance_deletion.give_up_performance_deletion, performance=performance),
        state=state,
        in_use=in_use,
        refusal=HasBookings("Something of this performance was booked; cancel it instead."),
    )


def deletion_of_venue(request: Request, venue: str) -> Deletion:
    """Return the deletion of a venue at which no event takes place."""

    def state(context: DecisionContext) -> DeletionState:
        known = context.read(VENUE, venue)
        return (known if isinstance(known, OpenVenue) else require_venue(context, venue)).deletion

    def finish(closing: int, used: bool) -> Decide:  # noqa: FBT001 - what a check learned
        return partial(venues.finish_venue_deletion, venue=venue, closing=closing, in_use=used)

    return Deletion(
        close=partial(venues.close_venue_for_deletion, venue=venue),
        finish=finish,
        give_up=partial(venues.give_up_venue_deletion, venue=venue),
        state=state,
        in_use=partial(has_events, request, venue),
        refusal=HasEvents("Events take place at this venue; delete them first."),
    )


async def has_bookings(request: Request, event: str, position: int) -> bool:
    """Say whether any seat of the event's performances, as listed at `position`, was ever claimed.

    Raises:
        Behind: the list of its performances has not reached that position.
    """
    services = services_of(request)
    await wait_for_position(request, position, *catalogue.READ_MODELS)
    found = await find_event(services.read_models, event=event, viewer=SEES_ALL, now=services.clock.now())
    performances = [] if found is None else [performance.performance for performance in found.performances]
    for performance in performances:
        if await performance_has_bookings(services, performance):
            return True
    return False


async def has_events(request: Request, venue: str, position: int) -> bool:
    """Say whether any event, as listed at `position`, takes place at the venue.

    Raises:
        Behind: the list of events has not reached that position.
    """
    services = services_of(request)
    await wait_for_position(request, position, *catalogue.READ_MODELS)
    wanted = EventQuery(venue=venue, viewer=SEES_ALL, limit=1)
    return bool(await find_events(services.read_models, wanted, now=services.clock.now()))


async def performance_has_bookings(services: Services, performance: str) -> bool:
    """Say whether any seat of a performance was ever claimed, whatever became of the claim."""
    prefix = SEAT.stream(performance, "")
    first = await services.store.read_latest(prefix, limit=1)
    if not first or first[0].name not in NOT_BOOKINGS:
        return bool(first)
    head = await services.store.head()
    recorded = await services.store.read_columns(prefix, fields={}, after=0, until=head)
    return any(name not in NOT_BOOKINGS for name in recorded.values)
