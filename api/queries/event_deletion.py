"""Deletion of unused events, performances and venues: close, check the log, then archive or reopen.

The use is checked twice: before anything is recorded, so that a refusal records nothing, and again while the resource
is closed, so that no concurrent use is missed.
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
    """The deletion of one resource.

    Args:
        close: the decision that closes it.
        give_up: the decision that reopens it.
        finish: returns the last decision from the number of the closing and whether the resource is used.
        state: reads the state of the deletion; raises NotFound without such a resource.
        in_use: returns whether the resource is used, as of a position that the read models must have reached.
        refusal: the error for a resource that is used.
    """

    close: Decide
    finish: Callable[[int, bool], Decide]
    give_up: Decide
    state: Callable[[DecisionContext], DeletionState]
    in_use: Callable[[int], Awaitable[bool]]
    refusal: Conflict


async def archive_unused(request: Request, deletion: Deletion) -> Outcome:
    """Archive a resource that is not used.

    Raises:
        NotFound: no such resource.
        HasBookings, HasEvents: it is used, and does not change.
        DeletionAbandoned: it was reopened concurrently.
        Behind: the read model of its users is behind the log.
    """
    query = services_of(request).handler.query
    closing, used = 0, False
    before = await query(deletion.state)
    if before.status is not DeletionStatus.ARCHIVED:
        if await deletion.in_use(await services_of(request).store.head()):
            raise deletion.refusal
        closed = await execute_command(request, deletion.close, step=f"close-{before.closings}")
        closing = (await query(deletion.state)).closings
        async with reopen_on_failure(request, deletion):
            used = await deletion.in_use(closed.last)
    finished = await execute_command(request, deletion.finish(closing, used))
    if used:
        raise deletion.refusal
    if (await query(deletion.state)).status is not DeletionStatus.ARCHIVED:
        raise DeletionAbandoned("It was reopened during its deletion; repeat the deletion.")
    return finished


@asynccontextmanager
async def reopen_on_failure(request: Request, deletion: Deletion) -> AsyncIterator[None]:
    """Reopen a resource whose check failed; a process reopens it if this one crashes."""
    try:
        yield
    except Exception:
        await execute_command(request, deletion.give_up, step="give up")
        raise


def deletion_of_event(request: Request, event: str) -> Deletion:
    """Return the deletion of an event without any booking."""

    def state(context: DecisionContext) -> DeletionState:
        known = context.read(EVENT, event)
        found = known if isinstance(known, ListedEvent) else events.require_event(context, event)
        statuses = {EventStatus.CLOSING: DeletionStatus.CLOSING, EventStatus.ARCHIVED: DeletionStatus.ARCHIVED}
        status = statuses.get(found.status, DeletionStatus.OPEN)
        return DeletionState(status=status, closings=found.closings)

    def finish(closing: int, used: bool) -> Decide:  # noqa: FBT001 - the result of a check
        return partial(events.finish_deletion, event=event, closing=closing, booked=used)

    return Deletion(
        close=partial(events.close_for_deletion, event=event),
        finish=finish,
        give_up=partial(events.give_up_deletion, event=event),
        state=state,
        in_use=partial(has_bookings, request, event),
        refusal=HasBookings("Places of this event were booked; cancel its performances instead."),
    )


def deletion_of_performance(request: Request, performance: str) -> Deletion:
    """Return the deletion of a performance without any booking."""

    def state(context: DecisionContext) -> DeletionState:
        known = context.read(PERFORMANCE, performance)
        return (
            known if isinstance(known, ScheduledPerformance) else require_performance(context, performance)
        ).deletion

    def finish(closing: int, used: bool) -> Decide:  # noqa: FBT001 - the result of a check
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
        refusal=HasBookings("Places of this performance were booked; cancel it instead."),
    )


def deletion_of_venue(request: Request, venue: str) -> Deletion:
    """Return the deletion of a venue without events."""

    def state(context: DecisionContext) -> DeletionState:
        known = context.read(VENUE, venue)
        return (known if isinstance(known, OpenVenue) else require_venue(context, venue)).deletion

    def finish(closing: int, used: bool) -> Decide:  # noqa: FBT001 - the result of a check
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
    """Return whether a seat of the event's performances, as listed at `position`, was ever claimed.

    Raises:
        Behind: the read model has not reached that position.
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
    """Return whether an event, as listed at `position`, takes place at the venue.

    Raises:
        Behind: the read model has not reached that position.
    """
    services = services_of(request)
    await wait_for_position(request, position, *catalogue.READ_MODELS)
    event_query = EventQuery(venue=venue, viewer=SEES_ALL, limit=1)
    return bool(await find_events(services.read_models, event_query, now=services.clock.now()))


async def performance_has_bookings(services: Services, performance: str) -> bool:
    """Return whether a seat of a performance was ever claimed, ended claims included."""
    prefix = SEAT.stream(performance, "")
    first = await services.store.read_latest(prefix, limit=1)
    if not first or first[0].name not in NOT_BOOKINGS:
        return bool(first)
    head = await services.store.head()
    recorded = await services.store.read_columns(prefix, fields={}, after=0, until=head)
    return any(name not in NOT_BOOKINGS for name in recorded.values)
