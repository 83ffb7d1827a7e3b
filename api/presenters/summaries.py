"""The performance beside an order, a basket, a refund or a ticket, as answers show it."""

from api.presenters.values import Body
from projections.catalogue import PerformanceSummary


def performance_summary(known: PerformanceSummary | None) -> Body:
    """Show what is known of a performance; all is null where a list is ahead of the catalogue."""
    if known is None:
        return dict.fromkeys(NAMES)
    return {**{name: getattr(known, name) for name in KNOWN}, "performance_cancelled": known.cancel_reason is not None}


KNOWN = (
    "event_title",
    "organizer_name",
    "starts_at",
    "doors_at",
    "venue_name",
    "venue_city",
    "time_zone",
    "cancel_reason",
)
NAMES = (*KNOWN, "performance_cancelled")
