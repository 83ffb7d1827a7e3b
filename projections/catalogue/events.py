"""Queries for events and their performances."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from projections.catalogue import query_sql as sql
from projections.catalogue.fold import NAME
from projections.catalogue.text_search import prefix_query, spellings
from projections.engine.queries import PAGE_ROWS_MAX, ReadModelQueries
from projections.seat_map import fold as seat_map

READ_MODELS = (NAME, seat_map.NAME)
"""The read models that the queries for performances use."""

PERFORMANCES_PER_EVENT_MAX = 10
PERFORMANCES_PER_PAGE_MAX = 300
"""Limit over all events of a page."""
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Determines which drafts are visible: those of `organizers`, or all drafts (`sees_all`)."""

    organizers: Sequence[str] = ()
    sees_all: bool = False


PUBLIC = Viewer()


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """One performance. `prices`, `limits` and `entry_rules` as in the event; `price_from`: lowest price in minor units.

    `held`, `sold` and `blocked` count seats; blocks count until their deadline, holds up to 1 s longer.
    """

    performance: str
    event: str
    organizer: str
    venue: str
    layout: str
    seats: int
    currency: str
    starts_at: datetime
    doors_at: datetime | None
    on_sale_at: datetime
    prices: Sequence[Mapping[str, Any]]
    price_from: int
    limits: Mapping[str, Any]
    entry_rules: Mapping[str, Any]
    sales: str
    cancelled_for: str | None
    position: int
    held: int
    sold: int
    blocked: int

    @property
    def available(self) -> int:
        """Capacity less held, sold and blocked seats."""
        return self.seats - self.held - self.sold - self.blocked


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event with its first performances within the query's time range, or its latest ones if it is `over`.

    Args:
        first_starts_at: start of the first performance in the range, of the last one if over; None without any.
        next_starts_at: start of the next performance after now; None if there is none.
        performance_count: number of performances in the range; of all performances if over.
        over: the event has performances, but none in the range.
        sort_at: sort key among events with the same `over`.
    """

    event: str
    organizer: str
    organizer_name: str
    title: str
    description: str
    category: str
    image_url: str | None
    status: str
    published: bool
    position: int
    venue: str
    venue_name: str
    city: str
    country: str
    time_zone: str
    first_starts_at: datetime | None
    next_starts_at: datetime | None
    performance_count: int
    over: bool
    sort_at: datetime | None
    performances: Sequence[Performance]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCursor:
    """The sort key of the last event of the page before."""

    over: bool
    sort_at: datetime | None
    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery:
    """Conditions on events; None means no condition. Text, city and category match in any spelling.

    `since` ≤ start of a performance < `until`; dates are days in the venue's time zone, both included. Without a time
    range, events with future performances come first, and events that are over come last.
    """

    text: str | None = None
    city: str | None = None
    venue: str | None = None
    category: str | None = None
    since: datetime | date | None = None
    until: datetime | date | None = None
    viewer: Viewer = PUBLIC
    after: EventCursor | None = None
    limit: int = PAGE_ROWS_MAX


async def find_events(models: ReadModelQueries, query: EventQuery, *, now: datetime) -> Sequence[Event]:
    """Return events, each with its first performances in the time range; a page has at most `limit` events."""
    after = query.after
    time_range = time_range_parameters(query, now)
    parameters = {
        "query": prefix_query(query.text or ""),
        "city": None if query.city is None else spellings(query.city),
        "venue": query.venue,
        "category": None if query.category is None else spellings(query.category),
        "timed": query.since is not None or query.until is not None,
        "after_over": after and after.over,
        "after_sort_at": after and after.sort_at,
        "after_event": after and after.event,
        "limit": min(query.limit, PAGE_ROWS_MAX),
        **viewer_parameters(query.viewer),
        **time_range,
    }
    rows = (await models.fetch([NAME], sql.FIND_EVENTS, parameters)).rows
    if not rows:
        return []
    per_event = max(1, min(PERFORMANCES_PER_EVENT_MAX, PERFORMANCES_PER_PAGE_MAX // len(rows)))
    page = {"events": [row["event"] for row in rows], "per_event": per_event, **time_range}
    found = await models.fetch(READ_MODELS, sql.PERFORMANCES_OF_EVENTS, page)
    performances = [Performance(**row) for row in found.rows]
    return [Event(**row, performances=[each for each in performances if each.event == row["event"]]) for row in rows]


async def find_event(
    models: ReadModelQueries,
    *,
    event: str,
    viewer: Viewer = PUBLIC,
    now: datetime,
    after: tuple[datetime, str] | None = None,
    limit: int | None = None,
) -> Event | None:
    """Return one event with its performances, ordered by start; None if it does not exist or the viewer cannot see it.

    Args:
        after: start and id of the last performance of the page before.
        limit: maximum number of performances; None for all.
    """
    found = await models.fetch([NAME], sql.EVENT, {"event": event, **viewer_parameters(viewer), **ALWAYS, "now": now})
    if not found.rows:
        return None
    after_starts_at, after_performance = after or (None, None)
    parameters = {
        "event": event,
        "now": now,
        "after_starts_at": after_starts_at,
        "after_performance": after_performance,
        "limit": limit,
    }
    performances = await models.fetch(READ_MODELS, sql.PERFORMANCES_OF_EVENT, parameters)
    return Event(**found.rows[0], performances=[Performance(**row) for row in performances.rows])


ALWAYS: Mapping[str, None] = dict.fromkeys(("since", "since_day", "until", "until_day"))


def time_range_parameters(query: EventQuery, now: datetime) -> dict[str, Any]:
    """Return the bounds of a query as times or days; `since` defaults to now, unless `until` is in the past."""
    since, until = query.since, query.until
    ends_after_now = until is None or (until > now if isinstance(until, datetime) else until >= (now - A_DAY).date())
    if since is None and ends_after_now:
        since = now
    return {
        "now": now,
        "since": since if isinstance(since, datetime) else None,
        "since_day": None if isinstance(since, datetime) else since,
        "until": until if isinstance(until, datetime) else None,
        "until_day": None if isinstance(until, datetime) else until,
    }


def viewer_parameters(viewer: Viewer) -> dict[str, Any]:
    """Return the parameters that restrict a query to visible events."""
    return {"organizers": list(viewer.organizers), "everybody": viewer.sees_all}


async def find_performance(models: ReadModelQueries, *, performance: str, now: datetime) -> Performance | None:
    """Return one performance; None without a row. The visibility of its event is not checked, see `find_event`."""
    found = await models.fetch(READ_MODELS, sql.PERFORMANCE, {"performance": performance, "now": now})
    return Performance(**found.rows[0]) if found.rows else None
