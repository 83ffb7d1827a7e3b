"""One feed of the log for all performances that somebody looks at, from the first look until nobody looks any more."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from api.live.seat_map import LiveSeatMap
from domain.seat import SEAT
from eventstore.errors import EventStoreError, StoreUnavailable, UnknownEvent
from eventstore.store import RecordedEvent
from eventstore.subscription import Subscription
from projections.engine.event_reader import ProjectionEventReader
from projections.engine.model import ProjectedEvent
from projections.engine.queries import Edition, ModelMissing
from projections.seat_map.fold import FOLD_BY_EVENT

BYTES_MAX = 256 * 1024 * 1024
"""Of all seat maps, their inventories included."""

SEAT_BYTES = 450
"""Of a seat in an inventory."""

IDLE_SECONDS_MAX = 120.0
TICK_SECONDS = 0.1
RETRY_SECONDS = 1.0
EDITION_SECONDS = 1.0
SEAT_STREAMS = SEAT.stream("")

_log = structlog.get_logger(__name__)


class SeatMapFeed:
    """Tells performances what the feed brings, and their clients what changed.

    Args:
        position: the feed begins after it.
        reader: reads the events of seats.
        edition: the read model's, which performances begin with.
        current_edition: asks which one it has now.
        send_one_away: ends a watcher to make room; False if there is none to end.
    """

    def __init__(
        self,
        feed: Subscription,
        position: int,
        reader: ProjectionEventReader,
        *,
        edition: Edition,
        current_edition: Callable[[], Awaitable[Edition]],
        send_one_away: Callable[[], bool],
    ) -> None:
        self.position = position
        self.tag = edition.tag
        self._edition = edition
        self._current_edition = current_edition
        self._send_one_away = send_one_away
        self.performances: OrderedDict[str, LiveSeatMap] = OrderedDict()
        self._size_at_most = 0
        self._feed = feed
        self._reader = reader
        self._applied = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    @property
    def ended(self) -> bool:
        """Whether it follows no more; whoever still looks begins with another one."""
        return self._running is not None and self._running.done()

    @property
    def size(self) -> int:
        """How many bytes all seat maps hold."""
        inventories = {id(live.places.inventory): live.places.inventory for live in self.performances.values()}
        seats = sum(inventory.seat_count for inventory in inventories.values())
        return SEAT_BYTES * seats + sum(live.size for live in self.performances.values())

    @property
    def full(self) -> bool:
        """Whether the seat maps hold more than they may; they are counted only when they might."""
        if self._size_at_most > BYTES_MAX:
            self._size_at_most = self.size
        return self._size_at_most > BYTES_MAX

    def join(self, live: LiveSeatMap) -> None:
        """Tell a performance everything from the feed's position on; others go if there is no room.

        Those go first that nobody watches, in the order in which they were asked for; then watchers of the client that
        has most. If that is not enough, this one goes as soon as another comes.
        """
        self.performances[live.performance] = live
        self._size_at_most += live.size + SEAT_BYTES * live.places.inventory.seat_count
        while self.full and (self._evict_one(but=live) or self._send_one_away()):
            pass
        if self._running is None:
            self._running = asyncio.create_task(self._run(), name="live seat maps")

    def touch(self, live: LiveSeatMap) -> None:
        """Note that somebody asked for a performance."""
        live.asked_at = asyncio.get_running_loop().time()
        if self.performances.get(live.performance) is live:
            self.performances.move_to_end(live.performance)

    def evict(self, live: LiveSeatMap, *, outdated: bool = False) -> None:
        """Forget a performance; if it is outdated, its clients are to fetch all seats again."""
        if self.performances.get(live.performance) is live:
            del self.performances[live.performance]
            live.end(outdated=outdated)

    def apply(self, events: Sequence[RecordedEvent], performances: Mapping[str, LiveSeatMap]) -> None:
        """Tell some performances what happened to their seats."""
        wanted = [event for event in events if performance_in(event.stream) in performances]
        for fact in self._reader.read(wanted):
            performance, _, place = fact.key.rpartition("-")
            apply_event(performances[performance], place, fact)

    async def stop(self) -> None:
        """End it, and wait until it has."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def _run(self) -> None:
        following = asyncio.create_task(self._follow(), name="feed of the live seat maps")
        watching = asyncio.create_task(self._watch_edition(), name="edition of the live seat maps")
        try:
            while self.performances and not following.done() and not watching.done():
                await self._tick()
        finally:
            outdated = following.done() or watching.done()
            for task in (following, watching):
                task.cancel()
            for live in tuple(self.performances.values()):
                self.evict(live, outdated=outdated)
            await asyncio.gather(following, watching, return_exceptions=True)

    async def _watch_edition(self) -> None:
        """Wait until the read model has other rows: rebuilt, rolled back, exchanged, or of another epoch of the log."""
        while True:
            await asyncio.sleep(EDITION_SECONDS)
            self._size_at_most = self.size  # documents were made meanwhile
            try:
                edition = await self._current_edition()
            except (psycopg.Error, PoolTimeout, ModelMissing) as trouble:
                _log.info("live seat maps: the read model cannot be asked", trouble=str(trouble))
                continue
            if not edition.follows(self._edition):
                _log.warning("live seat maps: the read model has other rows; everybody begins anew")
                return

    async def _follow(self) -> None:
        try:
            while True:
                try:
                    self._apply_all(await self._feed.next())
                except StoreUnavailable as trouble:
                    _log.info("live seat maps: the database does not answer", trouble=str(trouble))
                    await asyncio.sleep(RETRY_SECONDS)
        except EventStoreError as trouble:
            _log.warning("live seat maps: everybody begins anew", trouble=str(trouble))
        finally:
            await self._feed.close()

    def _apply_all(self, events: Sequence[RecordedEvent]) -> None:
        self.position = events[-1].position
        self.apply(events, self.performances)
        for live in self.performances.values():
            live.advance_to(self.position)
        self._applied.set()

    async def _tick(self) -> None:
        """Tell clients at once what comes after a silence, and what follows a tenth of a second later, together."""
        with suppress(TimeoutError):
            async with asyncio.timeout(TICK_SECONDS):
                await self._applied.wait()
        self._applied.clear()
        now = asyncio.get_running_loop().time
        began = now()
        for live in tuple(self.performances.values()):
            await live.tick()
            if not live.watchers and began - live.asked_at > IDLE_SECONDS_MAX:
                self.evict(live)
        await asyncio.sleep(max(0.0, began + TICK_SECONDS - now()))

    def _evict_one(self, *, but: LiveSeatMap) -> bool:
        """Drop the performance that nobody watches and nobody asked for in the longest time; False if there is none."""
        unwatched = (live for live in self.performances.values() if not live.watchers and live is not but)
        chosen = next(unwatched, None)
        if chosen is not None:
            self.evict(chosen)
        return chosen is not None


def performance_in(stream: str) -> str | None:
    """Return the performance in the name of a seat's stream; None for any other stream."""
    return stream[len(SEAT_STREAMS) :].rpartition("-")[0] if stream.startswith(SEAT_STREAMS) else None


def apply_event(live: LiveSeatMap, place: str, fact: ProjectedEvent) -> None:
    """Tell a performance what an event made of a place, by the read model's own rules.

    An event that this program is too old for leaves the place as it was; the read model's operators hear of it.
    """
    try:
        change = FOLD_BY_EVENT[fact.name](fact.data)
    except UnknownEvent as trouble:
        _log.warning("live seat maps: an event cannot be read", position=fact.position, trouble=str(trouble))
        return
    until = None if change["until"] is None else datetime.fromisoformat(change["until"]).timestamp()
    live.places.apply(place, change["state"], until=until, position=fact.position)
