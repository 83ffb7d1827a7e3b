"""The log, filtered: page by page, in either direction, and never more than so much of it for one answer."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from eventstore.store import EventFilter, RecordedEvent, Store

POSITIONS_LOOKED_AT_MAX = 200_000
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

    def going_on(self, following: int) -> "Search":
        """Return the search from where a part of it ended."""
        return replace(self, before=following) if self.newest_first else replace(self, after=following)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Events in the order asked for. `following`: the search goes on after (newest first: before) that position."""

    events: Sequence[RecordedEvent]
    following: int | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Positions after one up to another."""

    after: int
    upto: int

    def first(self, count: int, *, newest_first: bool) -> "Stretch":
        """Return at most so many positions from where a search begins."""
        if newest_first:
            return Stretch(max(self.after, self.upto - count), self.upto)
        return Stretch(self.after, min(self.upto, self.after + count))

    def beyond(self, looked_at: "Stretch", *, newest_first: bool) -> "Stretch":
        """Return what is left once a part from where the search began has been looked at."""
        return Stretch(self.after, looked_at.after) if newest_first else Stretch(looked_at.upto, self.upto)

    @property
    def empty(self) -> bool:
        """Whether there is nothing left."""
        return self.upto <= self.after


async def search(store: Store, asked: Search) -> Found:
    """Return the next events that are looked for.

    An answer may hold fewer than `limit` of them, or none, and still name where to go on: then it has looked at as
    much of the log as one answer may. Events of one stream are found by its name, however long the log is.
    """
    left = await stretch_of(store, asked)
    ends_at = time.monotonic() + SECONDS_MAX
    at_once, looked_at = left.upto if asked.wanted.stream else POSITIONS_AT_ONCE, 0
    newest_first, found = asked.newest_first, list[RecordedEvent]()
    while not left.empty and looked_at < POSITIONS_LOOKED_AT_MAX and time.monotonic() < ends_at:
        part = left.first(at_once, newest_first=newest_first)
        found += await store.search(
            asked.wanted,
            after=part.after,
            until=part.upto,
            limit=asked.limit - len(found),
            newest_first=newest_first,
        )
        if len(found) == asked.limit:
            return Found(events=found, following=found[-1].position)
        looked_at += part.upto - part.after
        left = left.beyond(part, newest_first=newest_first)
    if left.empty:
        return Found(events=found, following=None)
    return Found(events=found, following=left.upto + 1 if newest_first else left.after)


async def stretch_of(store: Store, asked: Search) -> Stretch:
    """Return the positions that a search may look at."""
    after, until = asked.after, await store.head()
    if asked.before is not None:
        until = min(until, asked.before - 1)
    if asked.since is not None:
        after = max(after, (await store.point_at(asked.since - SHORTEST)).position)
    if asked.until is not None:
        until = min(until, (await store.point_at(asked.until)).position)
    return Stretch(after, until)
