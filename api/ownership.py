"""Whose business a path is: the organizer behind the event, venue, layout or performance that it names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from domain.books import Books
from domain.deletion import DeletionStatus
from domain.errors import NotFound
from domain.event import EVENT, EventStatus, NoEvent
from domain.organizer import existing as existing_organizer
from domain.performance import PERFORMANCE, NoPerformance
from domain.venue import VENUE, NoVenue, existing_layout


@dataclass(frozen=True, slots=True)
class Owned:
    """The organizer of a thing, and whether everybody may see the thing."""

    organizer: str
    visible: bool


def owner_of_event(books: Books, event: str) -> Owned:
    """Say whose an event is; drafts, and what was deleted, are seen by their organizer only."""
    state = books.read(EVENT, event)
    if isinstance(state, NoEvent):
        raise NotFound("There is no such event.")
    return Owned(state.organizer, state.published and state.status is not EventStatus.ARCHIVED)


def owner_of_performance(books: Books, performance: str) -> Owned:
    """Say whose a performance is; it is seen as its event is, until it is deleted."""
    state = books.read(PERFORMANCE, performance)
    if isinstance(state, NoPerformance):
        raise NotFound("There is no such performance.")
    owned = owner_of_event(books, state.event)
    return Owned(owned.organizer, owned.visible and state.deletion.status is not DeletionStatus.ARCHIVED)


def owner_of_venue(books: Books, venue: str) -> Owned:
    """Say whose a venue is."""
    state = books.read(VENUE, venue)
    if isinstance(state, NoVenue):
        raise NotFound("There is no such venue.")
    return Owned(state.organizer, state.deletion.status is not DeletionStatus.ARCHIVED)


def owner_of_layout(books: Books, layout: str) -> Owned:
    """Say whose a layout is."""
    return Owned(existing_layout(books, layout).organizer, visible=True)


def owner_of_organizer(books: Books, organizer: str) -> Owned:
    """An organizer is its own."""
    existing_organizer(books, organizer)
    return Owned(organizer, visible=True)


OWNERS: Mapping[str, Callable[[Books, str], Owned]] = {
    "event_id": owner_of_event,
    "performance_id": owner_of_performance,
    "venue_id": owner_of_venue,
    "layout_id": owner_of_layout,
    "organizer_id": owner_of_organizer,
}
"""The name of a path's parameter → how to find the organizer of what it names."""
