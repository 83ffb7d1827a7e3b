"""Sales figures as of a moment: past days from the read model, the last days counted from the log up to the position.

An event counts for the day of its recording in the venue's time zone, and times do not decrease along the log. So the
read model's figures of days that had ended in every time zone at the position are final, as are its cached orders and
refunds. Neither changes later, so the events of the last days may be read before the figures.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

import orjson

from audit.as_of import AsOf
from domain.event_registry import UPCASTERS, VERSIONS
from domain.operations.exclusions import Exclusions
from eventstore.store import RecordedEvent, Store
from projections.engine.event_reader import ProjectionEventReader
from projections.engine.queries import ReadModelQueries
from projections.operations.exclusions import exclude
from projections.sales import tables as sql
from projections.sales.fold import COUNTED, NAME, Counts, count_events
from projections.sales.queries import Sales, SalesFilter, sales_in

POSITIONS_AT_ONCE = 100_000
SHORTEST = timedelta(microseconds=1)
ENDED_EVERYWHERE = timedelta(days=2)
"""A UTC day that is this long before a moment's day has ended in every time zone."""
EAST_MOST = timedelta(hours=14)
"""The largest offset of a time zone: a day begins this long before the UTC day."""
READER = ProjectionEventReader(names=COUNTED, versions=VERSIONS, upcasters=UPCASTERS)


async def sales_as_of(
    store: Store, models: ReadModelQueries, selection: SalesFilter, then: AsOf, exclusions: Exclusions
) -> Sales:
    """Return figures as of a moment; the read model must have reached its position.

    Args:
        exclusions: events and streams that the read model excludes.

    Raises:
        ModelMissing; StoreUnavailable.
    """
    if then.recorded_at is None:
        return Sales(position=then.position, sums=[], sales=[])
    day = then.recorded_at.astimezone(UTC).date() - ENDED_EVERYWHERE + timedelta(days=1)
    start = await store.point_at(datetime.combine(day, time.min, UTC) - EAST_MOST - SHORTEST)
    events = READER.read(await counted_events(store, start.position, then.position))
    rows = to_parameters(count_events(exclude(exclusions, events)))
    found = await models.fetch([NAME], sql.SALES_AS_OF, {**selection.parameters, **rows, "day": day})
    return sales_in(found, position=then.position)


async def counted_events(store: Store, after: int, until: int) -> Sequence[RecordedEvent]:
    """Return the events after one position up to another that change figures."""
    found: list[RecordedEvent] = []
    while after < until:
        events, after = await store.read_named(COUNTED, after=after, limit=min(POSITIONS_AT_ONCE, until - after))
        found += events
    return found


def to_parameters(counts: Counts) -> dict[str, str]:
    """Convert counted events to the query's parameters, as JSON."""
    return {
        "sold": orjson.dumps(counts.sold).decode(),
        "returned": orjson.dumps(counts.returned).decode(),
        "refunded": orjson.dumps(counts.refunded).decode(),
        "lost": orjson.dumps(counts.lost).decode(),
    }
