"""The show as marketed: its description, its organizer, whether it is public."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from domain.decision import Changes, DecisionContext, StreamType
from domain.errors import AlreadyExists, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDetails:
    """The public description of an event."""

    title: str
    description: str = ""
    category: str = ""
    image_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCreated:
    """An organizer drafted an event at a venue."""

    organizer: str
    venue: str
    details: EventDetails


@dataclass(frozen=True, slots=True, kw_only=True)
class EventChanged:
    """The description of the event changed."""

    details: EventDetails


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPublished:
    """The event is public, and its performances may sell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventClosedForDeletion:
    """Sales are suspended while existing bookings are checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventReopened:
    """The deletion was abandoned: something was booked, it was published again, or the check never finished."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventArchived:
    """Nothing was booked; the event is removed from every list."""


ShowEvent = EventCreated | EventChanged | EventPublished | EventClosedForDeletion | EventReopened | EventArchived


class EventStatus(StrEnum):
    """The status of an event."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CLOSING = "closing"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoEvent:
    """Not created."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedEvent:
    """An event; `published` survives an abandoned deletion; `closings` counts the deletions begun."""

    organizer: str
    venue: str
    details: EventDetails
    status: EventStatus = EventStatus.DRAFT
    published: bool = False
    closings: int = 0


Event = NoEvent | ListedEvent


def evolve(state: Event, event: ShowEvent) -> Event:
    """Return the event's state after `event`."""
    if isinstance(event, EventCreated):
        return ListedEvent(organizer=event.organizer, venue=event.venue, details=event.details)
    assert isinstance(state, ListedEvent)
    match event:
        case EventChanged():
            return replace(state, details=event.details)
        case EventPublished():
            return replace(state, status=EventStatus.PUBLISHED, published=True)
        case EventClosedForDeletion():
            return replace(state, status=EventStatus.CLOSING, closings=state.closings + 1)
        case EventReopened():
            return replace(state, status=EventStatus.PUBLISHED if state.published else EventStatus.DRAFT)
        case EventArchived():
            return replace(state, status=EventStatus.ARCHIVED)
        case _:
            assert_never(event)


EVENT: StreamType[Event] = StreamType("event", NoEvent(), evolve)


def require_event(context: DecisionContext, event: str) -> ListedEvent:
    """Return an event that exists.

    Raises:
        NotFound: it was never created, or it is archived.
    """
    state = context.read(EVENT, event)
    if isinstance(state, NoEvent) or state.status is EventStatus.ARCHIVED:
        raise NotFound("There is no such event.")
    return state


def create(context: DecisionContext, event: str, request: EventCreated) -> Changes:
    """Draft an event.

    Raises:
        AlreadyExists: the id is taken.
    """
    if not isinstance(context.read(EVENT, event), NoEvent):
        raise AlreadyExists("The event exists.")
    return {EVENT.stream(event): [request]}


def change(context: DecisionContext, event: str, details: EventDetails) -> Changes:
    """Change the description of the event; an equal description records nothing.

    Raises:
        NotFound: no such event.
    """
    if require_event(context, event).details == details:
        return {}
    return {EVENT.stream(event): [EventChanged(details=details)]}


def publish(context: DecisionContext, event: str) -> Changes:
    """Publish the event; a second time records nothing. A deletion in progress is abandoned.

    Raises:
        NotFound: no such event.
    """
    state = require_event(context, event)
    reopened: list[ShowEvent] = [EventReopened()] if state.status is EventStatus.CLOSING else []
    published: list[ShowEvent] = [] if state.published else [EventPublished()]
    return {EVENT.stream(event): [*reopened, *published]}


def close_for_deletion(context: DecisionContext, event: str) -> Changes:
    """Suspend all sales of the event before its bookings are checked; a second time records nothing.

    Raises:
        NotFound: no such event.
    """
    if require_event(context, event).status is EventStatus.CLOSING:
        return {}
    return {EVENT.stream(event): [EventClosedForDeletion()]}


def finish_deletion(context: DecisionContext, event: str, *, closing: int, booked: bool) -> Changes:
    """Archive the event if nothing was booked, else reopen it.

    Args:
        closing: the number of the closing during which the bookings were checked. If the event was reopened since, the
            result of that check is outdated, and nothing is recorded.

    Raises:
        NotFound: no such event.
    """
    state = require_event(context, event)
    if state.status is not EventStatus.CLOSING or state.closings != closing:
        return {}
    return {EVENT.stream(event): [EventReopened() if booked else EventArchived()]}


def give_up_deletion(context: DecisionContext, event: str) -> Changes:
    """Reopen an event whose deletion was begun and not finished; in any other state record nothing."""
    state = context.read(EVENT, event)
    if not isinstance(state, ListedEvent) or state.status is not EventStatus.CLOSING:
        return {}
    return {EVENT.stream(event): [EventReopened()]}
