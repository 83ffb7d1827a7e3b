"""Summary of a performance for orders, holds, refunds and tickets, read from the log, so always current."""

from typing import TYPE_CHECKING

from domain.decision import DecisionContext
from domain.event import require_event
from domain.organizer import require_organizer
from domain.performance import require_performance
from domain.venue import require_venue
from projections.catalogue import PerformanceSummary

if TYPE_CHECKING:
    from api.dependencies import Services


async def summary_of(services: "Services", performance: str) -> PerformanceSummary:
    """Return the summary of a performance.

    Raises:
        NotFound: no such performance.
    """
    return await services.handler.query(lambda context: summary_in(context, performance))


def summary_in(context: DecisionContext, performance: str) -> PerformanceSummary:
    """Return the summary of a performance from a decision context."""
    state = require_performance(context, performance)
    venue = require_venue(context, state.venue).details
    return PerformanceSummary(
        performance=performance,
        event_title=require_event(context, state.event).details.title,
        organizer_name=require_organizer(context, state.organizer).name,
        starts_at=state.starts_at,
        doors_at=state.doors_at,
        venue_name=venue.name,
        venue_city=venue.city,
        time_zone=venue.time_zone,
        cancel_reason=state.cancel_reason,
    )
