"""What answers say about a performance beside orders, baskets, refunds and tickets: read from the log, never behind."""

from typing import TYPE_CHECKING

from domain.books import Books
from domain.event import existing as existing_event
from domain.organizer import existing as existing_organizer
from domain.performance import existing as existing_performance
from domain.venue import existing as existing_venue
from projections.catalogue import PerformanceSummary

if TYPE_CHECKING:
    from api.engine import Engine


async def summary_of(engine: "Engine", performance: str) -> PerformanceSummary:
    """Return the summary of a performance.

    Raises:
        NotFound: it was never scheduled.
    """
    return await engine.handler.look(lambda books: summary_in(books, performance))


def summary_in(books: Books, performance: str) -> PerformanceSummary:
    """Read the summary of a performance."""
    state = existing_performance(books, performance)
    venue = existing_venue(books, state.venue).details
    return PerformanceSummary(
        performance=performance,
        event_title=existing_event(books, state.event).details.title,
        organizer_name=existing_organizer(books, state.organizer).name,
        starts_at=state.starts_at,
        doors_at=state.doors_at,
        venue_name=venue.name,
        venue_city=venue.city,
        time_zone=venue.time_zone,
        cancel_reason=state.cancel_reason,
    )
