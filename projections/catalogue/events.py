"""What the screens ask about events and their performances."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from projections.catalogue import tables as sql
from projections.catalogue.fold import NAME
from projections.catalogue.text_search import prefix_query, spellings
from projections.engine.queries import ReadModelQueries
from projections.seat_map import fold as seat_map

PAGE_ROWS_MAX = 101
"""One more than a page shows, which tells whether another page follows."""

READ_MODELS = (NAME, seat_map.NAME)
"""The read models that events and performances are read from."""

PERFORMANCES_PER_EVENT_MAX = 10
PERFORMANCES_PER_PAGE_MAX = 300
"""Of all events of a page together."""
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who looks: drafts are shown to the members of their organizer, and to those who see `everybody`'s."""

    organizers: Sequence[str] = ()
    sees_all: bool = False


PUBLIC = Viewer()


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """One dated showing. `prices`, `limits` and `entry_rules` as they were stored; `price_from` in minor units.

    Blocked seats count until their deadline, held ones until the second after it.
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
        """Capacity less what is held, sold or blocked."""
        return self.seats - self.held - self.sold - self.blocked


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A show with the first of its performances in the time looked at, or the latest if it is `over`: none is in it.

    Args:
        first_starts_at: its first performance in that time, the last one of all if it is over; None without any.
        next_starts_at: its next performance; None: there is none to come.
        performance_count: how many performances there are in that time, or of all if it is over.
        sort_at: where it stands among those that are over, or among those that are not.
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
    """The last event of the page before: where it stood, and its id."""

    over: bool
    sort_at: datetime | None
    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery:
    """What somebody looks for; text, city and category in any spelling.

    `since` ≤ a performance's start < `until`; days are the venue's, both included. Without any of them, what is to come
    is found first, and what is over last.
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


async def find_events(models: ReadModelQueries, wanted: EventQuery, *, now: datetime) -> Sequence[Event]:
    """Return events, each with its first performances in the time looked at."""
    after = wanted.after
    looked_at = time_range_parameters(wanted, now)
    parameters = {
        "query": prefix_query(wanted.text or ""),
        "city": None if wanted.city is None else spellings(wanted.city),
        "venue": wanted.venue,
        "category": None if wanted.category is None else spellings(wanted.category),
        "timed": wanted.since is not None or wanted.until is not None,
        "after_over": after and after.over,
        "after_sort_at": after and after.sort_at,
        "after_event": after and after.event,
        "limit": min(wanted.limit, PAGE_ROWS_MAX),
        **viewer_parameters(wanted.viewer),
        **looked_at,
    }
    rows = (await models.fetch([NAME], sql.FIND_EVENTS, parameters)).rows
    if not rows:
        return []
    per_event = max(1, min(PERFORMANCES_PER_EVENT_MAX, PERFORMANCES_PER_PAGE_MAX // len(rows)))
    shown = {"events": [row["event"] for row in rows], "per_event": per_event, **looked_at}
    found = await models.fetch(READ_MODELS, sql.PERFORMANCES_OF_EVENTS, shown)
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
    """Return one event, if there is one that the viewer may see, with its performances by their start.

    Args:
        after: the start and id of the performance that they begin after.
        limit: how many performances at most; None: all.
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


def time_range_parameters(wanted: EventQuery, now: datetime) -> dict[str, Any]:
    """Return the bounds of a query: moments or days; what begins nowhere begins now, unless it has ended before."""
    since, until = wanted.since, wanted.until
    ends_later = until is None or (until > now if isinstance(until, datetime) else until >= (now - A_DAY).date())
    if since is None and ends_later:
        since = now
    return {
        "now": now,
        "since": since if isinstance(since, datetime) else None,
        "since_day": None if isinstance(since, datetime) else since,
        "until": until if isinstance(until, datetime) else None,
        "until_day": None if isinstance(until, datetime) else until,
    }


def viewer_parameters(viewer: Viewer) -> dict[str, Any]:
    """Return the parameters every query about events needs."""
    return {"organizers": list(viewer.organizers), "everybody": viewer.sees_all}


async def find_performance(models: ReadModelQueries, *, performance: str, now: datetime) -> Performance | None:
    """Return one performance, if the read model knows it; whether its event may be seen is `find_event`'s to say."""
    found = await models.fetch(READ_MODELS, sql.PERFORMANCE, {"performance": performance, "now": now})
    return Performance(**found.rows[0]) if found.rows else None
