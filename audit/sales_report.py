"""The sales as they were: the days before as they stand, and the last days counted anew up to the position.

An event is counted on the day it was recorded at the venue, and times never decrease along the log. So once a read
model has reached a position, its figures of days that had ended everywhere are what they were there and then, and what
it remembers of orders and refunds never changes. The log does not change either: the events of the last days may be
read before the figures.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

import orjson

from audit.as_of import AsOf
from domain.event_registry import UPCASTERS, VERSIONS
from domain.operations.projection import Exclusions
from eventstore.store import RecordedEvent, Store
from projections.engine.event_reader import ProjectionEventReader
from projections.engine.queries import ReadModelQueries
from projections.operations.exclusions import exclude
from projections.sales import tables as sql
from projections.sales.fold import COUNTED, NAME, Counts, Sales, SalesFilter, count_events, sales_in

POSITIONS_AT_ONCE = 100_000
SHORTEST = timedelta(microseconds=1)
ENDED_EVERYWHERE = timedelta(days=2)
"""The day so long before a moment's, in UTC, has ended in every time zone by then."""
EAST_MOST = timedelta(hours=14)
"""A day begins so long before UTC's where it begins first."""
READER = ProjectionEventReader(names=COUNTED, versions=VERSIONS, upcasters=UPCASTERS)


async def sales_as_of(
    store: Store, models: ReadModelQueries, wanted: SalesFilter, then: AsOf, left_out: Exclusions
) -> Sales:
    """Return figures as they were; the read model must have reached the position.

    Args:
        left_out: what the read model leaves out of its figures.

    Raises:
        ModelMissing; StoreUnavailable.
    """
    if then.recorded_at is None:
        return Sales(position=then.position, sums=[], sales=[])
    day = then.recorded_at.astimezone(UTC).date() - ENDED_EVERYWHERE + timedelta(days=1)
    begins = await store.point_at(datetime.combine(day, time.min, UTC) - EAST_MOST - SHORTEST)
    facts = READER.read(await counted_events(store, begins.position, then.position))
    rows = written(count_events(exclude(left_out, facts)))
    found = await models.fetch([NAME], sql.SALES_AS_OF, {**wanted.parameters, **rows, "day": day})
    return sales_in(found, position=then.position)


async def counted_events(store: Store, after: int, until: int) -> Sequence[RecordedEvent]:
    """Return the events in a part of the log that figures are counted from."""
    found: list[RecordedEvent] = []
    while after < until:
        events, after = await store.read_named(COUNTED, after=after, limit=min(POSITIONS_AT_ONCE, until - after))
        found += events
    return found


def written(counts: Counts) -> dict[str, str]:
    """Write what is counted as the parameters of the query."""
    return {
        "sold": orjson.dumps(counts.sold).decode(),
        "returned": orjson.dumps(counts.returned).decode(),
        "refunded": orjson.dumps(counts.refunded).decode(),
        "lost": orjson.dumps(counts.lost).decode(),
    }
