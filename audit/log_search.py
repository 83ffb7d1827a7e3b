"""Filtered search in the log, page by page, in either direction, limited in positions and time per call."""

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
    """A filter and a range: positions between `after` and `before` (excluded), times `since` to `until` (included)."""

    wanted: EventFilter
    limit: int
    after: int = 0
    before: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    newest_first: bool = False

    def from_position(self, position: int) -> "Search":
        """Return the search for the rest, given the `next_position` of a result."""
        return replace(self, before=position) if self.newest_first else replace(self, after=position)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Events in the requested order; `next_position`: where the search continues, None at its end."""

    events: Sequence[RecordedEvent]
    next_position: int | None


@dataclass(frozen=True, slots=True)
class PositionRange:
    """The positions after `after` up to `until`."""

    after: int
    until: int

    def first(self, count: int, *, newest_first: bool) -> "PositionRange":
        """Return at most `count` positions from the end where a search begins."""
        if newest_first:
            return PositionRange(max(self.after, self.until - count), self.until)
        return PositionRange(self.after, min(self.until, self.after + count))

    def beyond(self, searched: "PositionRange", *, newest_first: bool) -> "PositionRange":
        """Return the rest after the first part was searched."""
        return PositionRange(self.after, searched.after) if newest_first else PositionRange(searched.until, self.until)

    @property
    def empty(self) -> bool:
        """Whether the range has no positions."""
        return self.until <= self.after


async def search(store: Store, query: Search) -> Found:
    """Return the next events that match, at most `limit`.

    The result may have fewer events, or none, and still a `next_position`: then `POSITIONS_SEARCHED_MAX` or
    `SECONDS_MAX` was reached. A search in one stream uses its index, so it has no such limit of positions.
    """
    rest = await searchable_range(store, query)
    ends_at = time.monotonic() + SECONDS_MAX
    batch_size, searched = rest.until if query.wanted.stream else POSITIONS_AT_ONCE, 0
    newest_first, found = query.newest_first, list[RecordedEvent]()
    while not rest.empty and searched < POSITIONS_SEARCHED_MAX and time.monotonic() < ends_at:
        part = rest.first(batch_size, newest_first=newest_first)
        found += await store.search(
            query.wanted,
            after=part.after,
            until=part.until,
            limit=query.limit - len(found),
            newest_first=newest_first,
        )
        if len(found) == query.limit:
            return Found(events=found, next_position=found[-1].position)
        searched += part.until - part.after
        rest = rest.beyond(part, newest_first=newest_first)
    if rest.empty:
        return Found(events=found, next_position=None)
    return Found(events=found, next_position=rest.until + 1 if newest_first else rest.after)


async def searchable_range(store: Store, query: Search) -> PositionRange:
    """Return the range of positions of a search."""
    after, until = query.after, await store.head()
    if query.before is not None:
        until = min(until, query.before - 1)
    if query.since is not None:
        after = max(after, (await store.point_at(query.since - SHORTEST)).position)
    if query.until is not None:
        until = min(until, (await store.point_at(query.until)).position)
    return PositionRange(after, until)
