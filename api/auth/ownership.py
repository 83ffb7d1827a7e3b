"""Whose business a path is: the organizer behind the event, venue, layout or performance that it names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from domain.decision import DecisionContext
from domain.decisions.deletion import DeletionStatus
from domain.device import require_device
from domain.errors import NotFound
from domain.event import EVENT, EventStatus, NoEvent
from domain.organizer import require_organizer
from domain.performance import PERFORMANCE, NoPerformance
from domain.scan import SCAN, NoScan
from domain.ticket import TICKET, IssuedTicket
from domain.venue import VENUE, NoVenue, require_layout


@dataclass(frozen=True, slots=True)
class Ownership:
    """The organizer of a thing, and whether everybody may see the thing."""

    organizer: str
    visible: bool


def owner_of_event(context: DecisionContext, event: str) -> Ownership:
    """Say whose an event is; drafts, and what was deleted, are seen by their organizer only."""
    state = context.read(EVENT, event)
    if isinstance(state, NoEvent):
        raise NotFound("There is no such event.")
    return Ownership(state.organizer, state.published and state.status is not EventStatus.ARCHIVED)


def owner_of_performance(context: DecisionContext, performance: str) -> Ownership:
    """Say whose a performance is; it is seen as its event is, until it is deleted."""
    state = context.read(PERFORMANCE, performance)
    if isinstance(state, NoPerformance):
        raise NotFound("There is no such performance.")
    owned = owner_of_event(context, state.event)
    return Ownership(owned.organizer, owned.visible and state.deletion.status is not DeletionStatus.ARCHIVED)


def owner_of_venue(context: DecisionContext, venue: str) -> Ownership:
    """Say whose a venue is."""
    state = context.read(VENUE, venue)
    if isinstance(state, NoVenue):
        raise NotFound("There is no such venue.")
    return Ownership(state.organizer, state.deletion.status is not DeletionStatus.ARCHIVED)


def owner_of_layout(context: DecisionContext, layout: str) -> Ownership:
    """Say whose a layout is."""
    return Ownership(require_layout(context, layout).organizer, visible=True)


def owner_of_organizer(context: DecisionContext, organizer: str) -> Ownership:
    """An organizer is its own."""
    require_organizer(context, organizer)
    return Ownership(organizer, visible=True)


def owner_of_device(context: DecisionContext, device: str) -> Ownership:
    """Return the organizer that registered a device; nobody else sees it."""
    return Ownership(require_device(context, device).organizer, visible=False)


def owner_of_scan(context: DecisionContext, scan: str) -> Ownership:
    """Return the organizer of the ticket that was scanned; nobody else sees the scan."""
    state = context.read(SCAN, scan)
    ticket = None if isinstance(state, NoScan) or state.ticket is None else context.read(TICKET, state.ticket)
    if not isinstance(ticket, IssuedTicket):
        raise NotFound("There is no such scan.")
    return Ownership(ticket.organizer, visible=False)


OWNERS: Mapping[str, Callable[[DecisionContext, str], Ownership]] = {
    "event_id": owner_of_event,
    "performance_id": owner_of_performance,
    "venue_id": owner_of_venue,
    "layout_id": owner_of_layout,
    "organizer_id": owner_of_organizer,
    "device_id": owner_of_device,
    "scan_id": owner_of_scan,
}
"""The name of a path's parameter → how to find the organizer of what it names."""
