"""Ticket details for the holder, read from the log, hence always current."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from application.event_reader import LogAccess, read_events
from domain.account import owns
from domain.errors import NotFound
from domain.event import require_event
from domain.layout.inventory import Inventory
from domain.layout.model import RowKind
from domain.organizer import require_organizer
from domain.performance import PERFORMANCE, ScheduledPerformance, require_performance
from domain.ticket import (
    TICKET,
    EntryRecorded,
    EntryReverted,
    TicketDisputed,
    TicketDisputeWon,
    TicketIssued,
    TicketVoided,
)
from domain.values import Place
from domain.venue import VenueDetails, require_venue
from eventstore.command_handler import CommandHandler


class InventorySource(Protocol):
    """Source of the inventories of published layouts."""

    async def of(self, layout: str) -> Inventory:
        """Return a layout's inventory."""
        ...


class TicketSources(LogAccess, Protocol):
    """The dependencies of `ticket_details`."""

    @property
    def handler(self) -> CommandHandler: ...

    @property
    def inventories(self) -> InventorySource: ...


TicketState = Literal["valid", "used", "cancelled", "void"]
"""`cancelled`: the performance is cancelled, and the ticket is not void yet."""
TicketDispute = TicketDisputed | TicketDisputeWon


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketPlace:
    """Labels of a ticket's place; a seat has `seat`, a standing place has `area`. Empty if the layout has no label."""

    category: str
    section: str = ""
    row_kind: RowKind = RowKind.ROW
    row: str = ""
    seat: str = ""
    area: str = ""
    entrance: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketDetails:
    """A ticket with its performance, venue and place."""

    ticket: str
    issued: TicketIssued
    state: TicketState
    disputed: bool
    title: str
    organizer_name: str
    performance: ScheduledPerformance
    venue: VenueDetails
    place: TicketPlace


async def ticket_details(services: TicketSources, ticket: str, account: str) -> TicketDetails:
    """Return the details of an account's own ticket.

    Raises:
        NotFound: the ticket does not exist, or belongs to another account.
    """
    events = (await read_events(services, TICKET.stream(ticket)))[TICKET.stream(ticket)]
    if not events or not await services.handler.query(lambda context: owns(context, account, events[0].account)):
        raise NotFound("There is no such ticket.")
    issued: TicketIssued = events[0]
    stream = PERFORMANCE.stream(issued.performance)
    scheduled = (await read_events(services, stream))[stream][0]
    performance, event, organizer, venue = await services.handler.query(
        lambda context: (
            require_performance(context, issued.performance),
            require_event(context, issued.event),
            require_organizer(context, issued.organizer),
            require_venue(context, scheduled.venue),
        )
    )
    return TicketDetails(
        ticket=ticket,
        issued=issued,
        state=ticket_state(events, cancelled=performance.cancelled),
        disputed=is_disputed(events),
        title=event.details.title,
        organizer_name=organizer.name,
        performance=performance,
        venue=venue.details,
        place=ticket_place(await services.inventories.of(performance.layout), issued.place),
    )


def ticket_place(inventory: Inventory, place: Place) -> TicketPlace:
    """Return the labels of a place in its layout."""
    category = inventory.category_label(place.category)
    if place.area is not None:
        area = inventory.areas[place.area]
        return TicketPlace(category=category, section=area.section, area=area.label, entrance=area.entrance)
    found = inventory.seat(place.seat)
    if found is None:
        raise ValueError(f"the layout has no seat {place.seat}")
    section, row, seat = found
    return TicketPlace(
        category=category,
        section=section.label,
        row_kind=row.kind,
        row=row.label,
        seat=seat.label,
        entrance=row.entrance,
    )


def is_disputed(events: Sequence[Any]) -> bool:
    """Return whether the last dispute of the ticket's payment is open or lost."""
    disputes = [isinstance(event, TicketDisputed) for event in events if isinstance(event, TicketDispute)]
    return bool(disputes) and disputes[-1]


def ticket_state(events: Sequence[Any], *, cancelled: bool) -> TicketState:
    """Return the state of a ticket from its events; `cancelled`: the performance is cancelled."""
    if any(isinstance(event, TicketVoided) for event in events):
        return "void"
    if cancelled:
        return "cancelled"
    entries = [event for event in events if isinstance(event, EntryRecorded | EntryReverted)]
    return "used" if entries and isinstance(entries[-1], EntryRecorded) else "valid"
