"""The log, filtered: page by page, in either direction, and never more than so much of it for one answer."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from eventstore.store import EventFilter, RecordedEvent, Store

POSITIONS_SEARCHED_MAX = 200_000
POSITIONS_AT_ONCE = 20_000
SECONDS_MAX = 2.0
SHORTEST = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is looked for, and where: after and before these positions, recorded between these times (both included)."""

    wanted: EventFilter
    limit: int
    after: int = 0
    before: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    newest_first: bool = False

    def continued_from(self, following: int) -> "Search":
        """Return the search from where a part of it ended."""
        return replace(self, before=following) if self.newest_first else replace(self, after=following)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Events in the order asked for. `following`: the search goes on after (newest first: before) that position."""

    events: Sequence[RecordedEvent]
    next_position: int | None


@dataclass(frozen=True, slots=True)
class PositionRange:
    """Positions after one up to another."""

    after: int
    until: int

    def first(self, count: int, *, newest_first: bool) -> "PositionRange":
        """Return at most so many positions from where a search begins."""
        if newest_first:
            return PositionRange(max(self.after, self.until - count), self.until)
        return PositionRange(self.after, min(self.until, self.after + count))

    def beyond(self, looked_at: "PositionRange", *, newest_first: bool) -> "PositionRange":
        """Return what is left once a part from where the search began has been looked at."""
        return (
            PositionRange(self.after, looked_at.after) if newest_first else PositionRange(looked_at.until, self.until)
        )

    @property
    def empty(self) -> bool:
        """Whether there is nothing left."""
        return self.until <= self.after


async def search(store: Store, query: Search) -> Found:
    """Return the next events that are looked for.

    An answer may hold fewer than `limit` of them, or none, and still name where to go on: then it has looked at as
    much of the log as one answer may. Events of one stream are found by its name, however long the log is.
    """
    left = await searchable_range(store, query)
    ends_at = time.monotonic() + SECONDS_MAX
    at_once, looked_at = left.until if query.wanted.stream else POSITIONS_AT_ONCE, 0
    newest_first, found = query.newest_first, list[RecordedEvent]()
    while not left.empty and looked_at < POSITIONS_SEARCHED_MAX and time.monotonic() < ends_at:
        part = left.first(at_once, newest_first=newest_first)
        found += await store.search(
            query.wanted,
            after=part.after,
            until=part.until,
            limit=query.limit - len(found),
            newest_first=newest_first,
        )
        if len(found) == query.limit:
            return Found(events=found, next_position=found[-1].position)
        looked_at += part.until - part.after
        left = left.beyond(part, newest_first=newest_first)
    if left.empty:
        return Found(events=found, next_position=None)
    return Found(events=found, next_position=left.until + 1 if newest_first else left.after)


async def searchable_range(store: Store, query: Search) -> PositionRange:
    """Return the positions that a search may look at."""
    after, until = query.after, await store.head()
    if query.before is not None:
        until = min(until, query.before - 1)
    if query.since is not None:
        after = max(after, (await store.point_at(query.since - SHORTEST)).position)
    if query.until is not None:
        until = min(until, (await store.point_at(query.until)).position)
    return PositionRange(after, until)
