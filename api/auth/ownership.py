"""The organizer that owns what a path names: an event, venue, layout, performance, device or scan."""

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
    """The organizer of a resource, and whether the resource is public."""

    organizer: str
    visible: bool


def owner_of_event(context: DecisionContext, event: str) -> Ownership:
    """Return the owner of an event; drafts and deleted events are visible to their organizer only."""
    state = context.read(EVENT, event)
    if isinstance(state, NoEvent):
        raise NotFound("There is no such event.")
    return Ownership(state.organizer, state.published and state.status is not EventStatus.ARCHIVED)


def owner_of_performance(context: DecisionContext, performance: str) -> Ownership:
    """Return the owner of a performance; it is as visible as its event, until it is deleted."""
    state = context.read(PERFORMANCE, performance)
    if isinstance(state, NoPerformance):
        raise NotFound("There is no such performance.")
    owned = owner_of_event(context, state.event)
    return Ownership(owned.organizer, owned.visible and state.deletion.status is not DeletionStatus.ARCHIVED)


def owner_of_venue(context: DecisionContext, venue: str) -> Ownership:
    """Return the owner of a venue."""
    state = context.read(VENUE, venue)
    if isinstance(state, NoVenue):
        raise NotFound("There is no such venue.")
    return Ownership(state.organizer, state.deletion.status is not DeletionStatus.ARCHIVED)


def owner_of_layout(context: DecisionContext, layout: str) -> Ownership:
    """Return the owner of a layout."""
    return Ownership(require_layout(context, layout).organizer, visible=True)


def owner_of_organizer(context: DecisionContext, organizer: str) -> Ownership:
    """Return an organizer as its own owner."""
    require_organizer(context, organizer)
    return Ownership(organizer, visible=True)


def owner_of_device(context: DecisionContext, device: str) -> Ownership:
    """Return the owner of a device; it is visible to its organizer only."""
    return Ownership(require_device(context, device).organizer, visible=False)


def owner_of_scan(context: DecisionContext, scan: str) -> Ownership:
    """Return the owner of a scan, the organizer of its ticket; it is visible to its organizer only."""
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
"""Name of a path parameter → function that finds the owner."""
