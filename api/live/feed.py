"""One subscription to the log for all live seat maps; it runs while there are any."""

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
from eventstore.tasks import cancel_and_wait
from projections.engine.event_reader import ProjectionEventReader
from projections.engine.model import ProjectedEvent
from projections.engine.queries import Edition, ModelMissing
from projections.seat_map.fold import FOLD_BY_EVENT

BYTES_MAX = 256 * 1024 * 1024
"""Maximum size of all seat maps, inventories included."""

SEAT_BYTES = 450
"""Size of a seat in an inventory."""

IDLE_SECONDS_MAX = 120.0
TICK_SECONDS = 0.1
RETRY_SECONDS = 1.0
EDITION_SECONDS = 1.0
SEAT_STREAMS = SEAT.stream("")

_log = structlog.get_logger(__name__)


class SeatMapFeed:
    """Applies events to live seat maps and ticks them.

    Args:
        feed: the subscription.
        position: the subscription begins after it.
        reader: reads the events of seats.
        edition: the read model's edition that the seat maps begin with.
        current_edition: returns the read model's current edition.
        reject_one: ends one subscriber to free memory; False if there is none to end.
    """

    def __init__(
        self,
        feed: Subscription,
        position: int,
        reader: ProjectionEventReader,
        *,
        edition: Edition,
        current_edition: Callable[[], Awaitable[Edition]],
        reject_one: Callable[[], bool],
    ) -> None:
        self.position = position
        self.tag = edition.tag
        self._edition = edition
        self._current_edition = current_edition
        self._reject_one = reject_one
        self.performances: OrderedDict[str, LiveSeatMap] = OrderedDict()
        self._size_at_most = 0
        self._feed = feed
        self._reader = reader
        self._applied = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    @property
    def ended(self) -> bool:
        """Whether the feed has stopped; a new one must be created."""
        return self._running is not None and self._running.done()

    @property
    def size(self) -> int:
        """Size of all seat maps in bytes, inventories included."""
        inventories = {id(live.places.inventory): live.places.inventory for live in self.performances.values()}
        seats = sum(inventory.seat_count for inventory in inventories.values())
        return SEAT_BYTES * seats + sum(live.size for live in self.performances.values())

    @property
    def full(self) -> bool:
        """Whether the seat maps exceed their memory limit; the size is computed only near the limit."""
        if self._size_at_most > BYTES_MAX:
            self._size_at_most = self.size
        return self._size_at_most > BYTES_MAX

    def join(self, live: LiveSeatMap) -> None:
        """Add a seat map, which gets everything after the feed's position; evict others beyond the memory limit.

        Seat maps without subscribers are evicted first, least recently requested first; then subscribers of the client
        with the most. If that is not enough, this seat map is evicted when the next one joins.
        """
        self.performances[live.performance] = live
        self._size_at_most += live.size + SEAT_BYTES * live.places.inventory.seat_count
        while self.full and (self._evict_one(but=live) or self._reject_one()):
            pass
        if self._running is None:
            self._running = asyncio.create_task(self._run(), name="live seat maps")

    def touch(self, live: LiveSeatMap) -> None:
        """Record a request for a seat map."""
        live.requested_at = asyncio.get_running_loop().time()
        if self.performances.get(live.performance) is live:
            self.performances.move_to_end(live.performance)

    def evict(self, live: LiveSeatMap, *, outdated: bool = False) -> None:
        """Remove a seat map; if it is outdated, its clients must fetch the document again."""
        if self.performances.get(live.performance) is live:
            del self.performances[live.performance]
            live.end(outdated=outdated)

    def apply(self, events: Sequence[RecordedEvent], performances: Mapping[str, LiveSeatMap]) -> None:
        """Apply events to the given seat maps."""
        seat_events = [event for event in events if performance_in(event.stream) in performances]
        for event in self._reader.read(seat_events):
            performance, _, place = event.key.rpartition("-")
            apply_event(performances[performance], place, event)

    async def stop(self) -> None:
        """Stop the feed and wait for its end."""
        if self._running is not None:
            await cancel_and_wait(self._running)

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
        """Return once the read model has other rows: rebuilt, rolled back, swapped, or of another epoch of the log."""
        while True:
            await asyncio.sleep(EDITION_SECONDS)
            self._size_at_most = self.size  # New documents change the size.
            try:
                edition = await self._current_edition()
            except (psycopg.Error, PoolTimeout, ModelMissing) as error:
                _log.info("live seat maps: read model unavailable", error=str(error))
                continue
            if not edition.follows(self._edition):
                _log.warning("live seat maps: read model has other rows; clients are reset")
                return

    async def _follow(self) -> None:
        try:
            while True:
                try:
                    self._apply_all(await self._feed.next())
                except StoreUnavailable as error:
                    _log.info("live seat maps: database unavailable", error=str(error))
                    await asyncio.sleep(RETRY_SECONDS)
        except EventStoreError as error:
            _log.warning("live seat maps: subscription failed; clients are reset", error=str(error))
        finally:
            await self._feed.close()

    def _apply_all(self, events: Sequence[RecordedEvent]) -> None:
        self.position = events[-1].position
        self.apply(events, self.performances)
        for live in self.performances.values():
            live.advance_to(self.position)
        self._applied.set()

    async def _tick(self) -> None:
        """Tick all seat maps: at once after a pause, else every tenth of a second."""
        with suppress(TimeoutError):
            async with asyncio.timeout(TICK_SECONDS):
                await self._applied.wait()
        self._applied.clear()
        now = asyncio.get_running_loop().time
        started_at = now()
        for live in tuple(self.performances.values()):
            await live.tick()
            if not live.watchers and started_at - live.requested_at > IDLE_SECONDS_MAX:
                self.evict(live)
        await asyncio.sleep(max(0.0, started_at + TICK_SECONDS - now()))

    def _evict_one(self, *, but: LiveSeatMap) -> bool:
        """Evict the least recently requested seat map without subscribers; return False if there is none."""
        unwatched = (live for live in self.performances.values() if not live.watchers and live is not but)
        chosen = next(unwatched, None)
        if chosen is not None:
            self.evict(chosen)
        return chosen is not None


def performance_in(stream: str) -> str | None:
    """Return the performance in the name of a seat's stream; None for other streams."""
    return stream[len(SEAT_STREAMS) :].rpartition("-")[0] if stream.startswith(SEAT_STREAMS) else None


def apply_event(live: LiveSeatMap, place: str, event: ProjectedEvent) -> None:
    """Apply an event to a place of a seat map, by the fold of the read model.

    An event that this version cannot read does not change the place; operators see it at the read model.
    """
    try:
        change = FOLD_BY_EVENT[event.name](event.data)
    except UnknownEvent as error:
        _log.warning("live seat maps: event not readable", position=event.position, error=str(error))
        return
    until = None if change["until"] is None else datetime.fromisoformat(change["until"]).timestamp()
    live.places.apply(place, change["state"], until=until, position=event.position)
