"""What a ticket's holder needs to know, gathered from the log: it is exact, and never behind."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from api.facts import recall
from domain.account import owns
from domain.errors import NotFound
from domain.event import existing as existing_event
from domain.organizer import existing as existing_organizer
from domain.performance import PERFORMANCE, ScheduledPerformance
from domain.performance import existing as existing_performance
from domain.ticket import (
    TICKET,
    EntryRecorded,
    EntryReverted,
    TicketDisputed,
    TicketDisputeWon,
    TicketIssued,
    TicketVoided,
)
from domain.venue import VenueDetails
from domain.venue import existing as existing_venue

if TYPE_CHECKING:
    from api.engine import Engine

TicketState = Literal["valid", "used", "void"]
TicketDispute = TicketDisputed | TicketDisputeWon


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketDetails:
    """A ticket with the show it admits to."""

    ticket: str
    issued: TicketIssued
    state: TicketState
    disputed: bool
    title: str
    organizer_name: str
    performance: ScheduledPerformance
    venue: VenueDetails


async def ticket_details(engine: "Engine", ticket: str, account: str) -> TicketDetails:
    """Return an account's own ticket.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    events = (await recall(engine, TICKET.stream(ticket)))[TICKET.stream(ticket)]
    if not events or not await engine.handler.look(lambda books: owns(books, account, events[0].account)):
        raise NotFound("There is no such ticket.")
    issued: TicketIssued = events[0]
    stream = PERFORMANCE.stream(issued.performance)
    scheduled = (await recall(engine, stream))[stream][0]
    performance, event, organizer, venue = await engine.handler.look(
        lambda books: (
            existing_performance(books, issued.performance),
            existing_event(books, issued.event),
            existing_organizer(books, issued.organizer),
            existing_venue(books, scheduled.venue),
        )
    )
    return TicketDetails(
        ticket=ticket,
        issued=issued,
        state=ticket_state(events),
        disputed=is_disputed(events),
        title=event.details.title,
        organizer_name=organizer.name,
        performance=performance,
        venue=venue.details,
    )


def is_disputed(events: Sequence[Any]) -> bool:
    """Return whether a dispute of the ticket's payment is open or lost."""
    disputes = [isinstance(event, TicketDisputed) for event in events if isinstance(event, TicketDispute)]
    return bool(disputes) and disputes[-1]


def ticket_state(events: Sequence[Any]) -> TicketState:
    """Say whether a ticket admits."""
    if any(isinstance(event, TicketVoided) for event in events):
        return "void"
    entries = [event for event in events if isinstance(event, EntryRecorded | EntryReverted)]
    return "used" if entries and isinstance(entries[-1], EntryRecorded) else "valid"
