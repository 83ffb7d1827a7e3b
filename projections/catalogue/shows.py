"""What the screens ask about events and their performances."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from projections import seat_map
from projections.catalogue.folding import NAME
from projections.catalogue.words import folded, prefix_query
from projections.reading import ReadModels
from projections.sql import catalogue as sql

PAGE_ROWS_MAX = 101
"""One more than a page shows, which tells whether another page follows."""

READ_MODELS = (NAME, seat_map.NAME)
"""The read models that events and performances are read from."""

_START = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who looks: drafts are shown to the members of their organizer, and to those who see `everybody`'s."""

    organizers: Sequence[str] = ()
    everybody: bool = False


PUBLIC = Viewer()


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """One dated showing. `prices`, `limits` and `entry_rules` as they were stored; `price_from` in minor units.

    Held and blocked seats count until their deadline (± 10 s).
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
    """A show; `first_starts_at`: its first performance in the time looked at, None without one."""

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
    performances: Sequence[Performance]


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """The last event of the page before: its first performance's start (None: it has none) and its id."""

    first_starts_at: datetime | None = _START
    event: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody looks for; text, city and category in any spelling; `since` ≤ a performance's start < `until`."""

    text: str | None = None
    city: str | None = None
    venue: str | None = None
    category: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    viewer: Viewer = PUBLIC
    after: After = field(default_factory=After)
    limit: int = PAGE_ROWS_MAX


async def find_events(models: ReadModels, wanted: Wanted, *, now: datetime) -> Sequence[Event]:
    """Return events with all their performances, by the start of their first one in the time looked at."""
    query = prefix_query(wanted.text) if wanted.text else None
    if wanted.text and query is None:
        return []
    asked = {
        "query": query,
        "city": None if wanted.city is None else folded(wanted.city),
        "venue": wanted.venue,
        "category": None if wanted.category is None else folded(wanted.category),
        "after_starts_at": wanted.after.first_starts_at or "infinity",
        "after_event": wanted.after.event,
        "limit": min(wanted.limit, PAGE_ROWS_MAX),
        **seen_by(wanted.viewer, wanted.since, wanted.until),
    }
    return await with_performances(models, (await models.fetch([NAME], sql.FIND_EVENTS, asked)).rows, now)


async def find_event(models: ReadModels, *, event: str, viewer: Viewer = PUBLIC, now: datetime) -> Event | None:
    """Return one event with its performances, if there is one that the viewer may see."""
    found = await models.fetch([NAME], sql.EVENT, {"event": event, **seen_by(viewer, None, None)})
    events = await with_performances(models, found.rows, now)
    return events[0] if events else None


def seen_by(viewer: Viewer, since: datetime | None, until: datetime | None) -> dict[str, Any]:
    """Return the parameters every query about events needs."""
    return {"organizers": list(viewer.organizers), "everybody": viewer.everybody, "since": since, "until": until}


async def with_performances(models: ReadModels, rows: Sequence[Mapping[str, Any]], now: datetime) -> Sequence[Event]:
    """Add each event's performances."""
    if not rows:
        return []
    asked = {"events": [row["event"] for row in rows], "now": now}
    found = await models.fetch(READ_MODELS, sql.PERFORMANCES_OF_EVENTS, asked)
    performances = [Performance(**row) for row in found.rows]
    return [Event(**row, performances=[each for each in performances if each.event == row["event"]]) for row in rows]


async def find_performance(models: ReadModels, *, performance: str, now: datetime) -> Performance | None:
    """Return one performance, if the read model knows it; whether its event may be seen is `find_event`'s to say."""
    found = await models.fetch(READ_MODELS, sql.PERFORMANCE, {"performance": performance, "now": now})
    return Performance(**found.rows[0]) if found.rows else None
