"""Summaries of performances, for lists of orders, holds, refunds and tickets."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from projections.catalogue import query_sql as sql
from projections.catalogue.fold import NAME
from projections.engine.queries import ReadModelQueries


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceSummary:
    """A performance with event and venue; `time_zone`: IANA name; `cancel_reason`: None unless it is cancelled."""

    performance: str
    event_title: str
    organizer_name: str
    starts_at: datetime
    doors_at: datetime | None
    venue_name: str
    venue_city: str
    time_zone: str
    cancel_reason: str | None


async def summaries_of(models: ReadModelQueries, performances: Iterable[str]) -> Mapping[str, PerformanceSummary]:
    """Return performance → summary; a performance without a row is left out."""
    wanted = sorted(set(performances))
    if not wanted:
        return {}
    found = await models.fetch([NAME], sql.SUMMARIES_OF_PERFORMANCES, {"performances": wanted})
    return {row["performance"]: PerformanceSummary(**row) for row in found.rows}
