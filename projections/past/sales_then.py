"""The sales as they were: the days before as they stand, and the day itself counted anew up to the position.

An event is counted on the day it was recorded, and times never decrease along the log. So once a read model has
reached a position, its figures of earlier days are what they were there and then, and what it remembers of orders and
refunds never changes. The log does not change either: the events of the day may be read before the figures.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

import orjson

from domain.history import UPCASTERS, VERSIONS
from domain.projection import SetAside
from eventstore.store import Recorded, Store
from projections.facts import FactReader
from projections.past.moment import AsOf
from projections.reading import ReadModels
from projections.sales import COUNTED, NAME, Counts, Sale, Sales, Wish, counted
from projections.set_aside import without
from projections.sql import sales as sql

POSITIONS_AT_ONCE = 100_000
SHORTEST = timedelta(microseconds=1)
READER = FactReader(names=COUNTED, versions=VERSIONS, upcasters=UPCASTERS)


async def sales_then(store: Store, models: ReadModels, wish: Wish, then: AsOf, left_out: SetAside) -> Sales:
    """Return figures as they were; the read model must have reached the position.

    Args:
        left_out: what the read model leaves out of its figures.

    Raises:
        ModelMissing; StoreUnavailable.
    """
    if then.recorded_at is None:
        return Sales(position=then.position, sales=[])
    day = then.recorded_at.astimezone(UTC).date()
    begins = await store.mark_at(datetime.combine(day, time.min, UTC) - SHORTEST)
    facts = READER.read(await counted_events(store, begins.position, then.position))
    rows = written(counted(without(left_out, facts)))
    found = await models.fetch([NAME], sql.SALES_THEN, {**wish.asked, **rows, "day": day})
    return Sales(position=then.position, sales=[Sale(**row) for row in found.rows])


async def counted_events(store: Store, after: int, upto: int) -> Sequence[Recorded]:
    """Return the events in a part of the log that figures are counted from."""
    found: list[Recorded] = []
    while after < upto:
        events, after = await store.read_named(COUNTED, after=after, limit=min(POSITIONS_AT_ONCE, upto - after))
        found += events
    return found


def written(counts: Counts) -> dict[str, str]:
    """Write what is counted as the parameters of the query."""
    return {
        "sold": orjson.dumps(counts.sold).decode(),
        "returned": orjson.dumps(counts.returned).decode(),
        "refunded": orjson.dumps(counts.refunded).decode(),
    }
