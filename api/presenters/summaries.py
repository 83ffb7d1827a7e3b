"""The performance of an order, hold, refund or ticket as JSON."""

from api.presenters.values import Body
from projections.catalogue import PerformanceSummary


def performance_summary(known: PerformanceSummary | None) -> Body:
    """Return the summary of a performance as JSON; all null where a list is ahead of the catalogue."""
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
