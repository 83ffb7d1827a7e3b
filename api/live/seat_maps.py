"""Live seat maps for the routes: snapshots and subscriptions.

The seat map of a performance is loaded from the read model's rows at their position; events from there to the feed's
position are replayed from the log, later ones come from the feed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack

from api.http.fair_queue import FairQueue
from api.live.feed import SeatMapFeed
from api.live.messages import Snapshot
from api.live.seat_map import LiveSeatMap
from api.live.subscribers import SubscriberLimits, WatchLimits
from application.errors import Behind, Busy, Malformed
from domain.layout.inventory import Inventory
from eventstore.checkpoint import is_in_log
from eventstore.command_handler import Clock
from eventstore.store import Store
from eventstore.subscription import Subscription
from eventstore.tasks import cancel_and_wait
from projections.engine.event_reader import ProjectionEventReader
from projections.engine.queries import Edition, ReadModelQueries
from projections.seat_map.fold import SEAT_MAP
from projections.seat_map.queries import SeatMap, read_seat_map

LOADS_AT_ONCE_MAX = 8
LOADS_WAITING_MAX = 1_000
PUBLIC_SECONDS = 1.0
LOAD_SECONDS_MAX = 5.0
LOAD_AGAIN_SECONDS = 0.1
PLACES_PER_PAUSE = 5_000
REPLAY_EVENTS_MAX = 20_000
REPLAY_RANGE_EVENTS = 2_000


class LiveSeatMaps:
    """The live seat maps of one API process.

    Args:
        store: the log.
        make_feed: subscribes to the log after a position.
        reader: reads the events of seats.
        models: queries on read models.
        inventory_of: returns a performance's inventory; raises NotFound.
        clock: the log's time, estimated.
        limits: maximum number of subscribers.
    """

    def __init__(
        self,
        *,
        store: Store,
        make_feed: Callable[[int], Subscription],
        reader: ProjectionEventReader,
        models: ReadModelQueries,
        inventory_of: Callable[[str], Awaitable[Inventory]],
        clock: Clock,
        limits: WatchLimits = WatchLimits(),  # noqa: B008 - frozen
    ) -> None:
        self._store = store
        self._make_feed = make_feed
        self._reader = reader
        self._models = models
        self._inventory_of = inventory_of
        self._clock = clock
        self._feed: SeatMapFeed | None = None
        self._feed_lock = asyncio.Lock()
        self._loads = FairQueue(
            running_max=LOADS_AT_ONCE_MAX, waiting_max=LOADS_WAITING_MAX, waiting_seconds_max=LOAD_SECONDS_MAX
        )
        self.subscribers = SubscriberLimits(limits)
        self._loading: dict[str, asyncio.Task[LiveSeatMap]] = {}

    @property
    def watchers(self) -> int:
        """Number of subscribers."""
        return self.subscribers.total

    @property
    def performances(self) -> int:
        """Number of loaded performances."""
        return 0 if self._feed is None else len(self._feed.performances)

    @property
    def size(self) -> int:
        """Size of the seat maps in bytes."""
        return 0 if self._feed is None else self._feed.size

    def is_public(self, performance: str) -> bool:
        """Return whether a performance was found to be public within the last second."""
        live = self._find_loaded(performance)
        return live is not None and asyncio.get_running_loop().time() < live.public_until

    def mark_public(self, performance: str) -> None:
        """Record that a loaded performance is public."""
        live = self._find_loaded(performance)
        if live is not None:
            live.public_until = asyncio.get_running_loop().time() + PUBLIC_SECONDS

    async def of(self, performance: str) -> LiveSeatMap:
        """Return the live seat map of a performance; load it if necessary.

        Raises:
            NotFound: no such performance.
            Busy: too many seat maps are being loaded.
            Behind: the read model is too far behind the log.
            StoreUnavailable, ModelMissing, psycopg.Error: the read model or the log cannot be read.
        """
        live = self._find_loaded(performance)
        if live is None or performance in self._loading:
            live = await self._loaded(performance)
        if self._feed is not None:
            self._feed.touch(live)
        return live

    async def to_watch(self, performance: str, client: str) -> LiveSeatMap:
        """Return a performance's seat map for one more subscriber of a client; raises as `of` does.

        Raises:
            TooManyWatchers: the client has reached its limit.
            Busy: the limit of subscribers or of memory is reached.
        """
        self.subscribers.check(client)
        live = await self.of(performance)
        if not live.watchers and self._feed is not None and self._feed.full:
            raise Busy("The memory limit of live seat maps is reached.")
        return live

    async def snapshot(self, performance: str, min_position: int) -> Snapshot:
        """Return the document of a performance's seats; raises as `of` does.

        Raises:
            Malformed: the position is beyond the end of the log.
            Behind: the position is not reached within two seconds.
        """
        live = await self.of(performance)
        if min_position > live.position:
            head = await self._store.head()
            if min_position > head:
                raise Malformed(
                    f"No event has position {min_position}: the log ends at {head}. "
                    "Use the position of a command's response."
                )
            if not await live.wait_for(min_position):
                raise Behind(f"The seat map has not reached position {min_position} yet; retry shortly.")
        return await live.snapshot(min_position)

    def end(self) -> None:
        """End all responses in an orderly way."""
        if self._feed is not None:
            for live in self._feed.performances.values():
                live.end()

    async def close(self) -> None:
        """Stop reading the log."""
        await cancel_and_wait(*self._loading.values())
        if self._feed is not None:
            await self._feed.stop()

    def _find_loaded(self, performance: str) -> LiveSeatMap | None:
        return None if self._feed is None else self._feed.performances.get(performance)

    async def _loaded(self, performance: str) -> LiveSeatMap:
        """Load a performance once for all concurrent requests."""
        loading = self._loading.get(performance)
        if loading is None:
            loading = self._loading[performance] = asyncio.create_task(self._load(performance), name="load a seat map")
            loading.add_done_callback(lambda _: self._loading.pop(performance))
        return await asyncio.shield(loading)

    async def _load(self, performance: str) -> LiveSeatMap:
        async with self._loads.slot():
            return await self._load_now(performance)

    async def _load_now(self, performance: str) -> LiveSeatMap:
        inventory = await self._inventory_of(performance)
        feed = await self._require_feed()
        live = LiveSeatMap(
            performance,
            inventory,
            lambda: self._clock.now().timestamp(),
            followed_after=feed.position,
            tag=feed.tag,
        )
        feed.touch(live)
        feed.join(live)
        with ExitStack() as undo:
            undo.callback(feed.evict, live)
            await self._begin(live, feed)
            undo.pop_all()
        return live

    async def _require_feed(self) -> SeatMapFeed:
        async with self._feed_lock:
            if self._feed is None or self._feed.ended:
                edition = await self._edition()
                if not await is_in_log(self._store, edition.checkpoint):
                    raise Behind("The seat map is being rebuilt after a restore of the log; retry shortly.")
                head = await self._store.head()
                self._feed = SeatMapFeed(
                    self._make_feed(head),
                    head,
                    self._reader,
                    edition=edition,
                    current_edition=self._edition,
                    reject_one=self.subscribers.reject_one,
                )
            return self._feed

    async def _edition(self) -> Edition:
        return await self._models.edition(SEAT_MAP.name)

    async def _begin(self, live: LiveSeatMap, feed: SeatMapFeed) -> None:
        """Load the read model's rows, then replay the log from there to the feed's first position."""
        try:
            async with asyncio.timeout(LOAD_SECONDS_MAX):
                seats = await read_seat_map(self._models, performance=live.performance)
                while live.followed_after - seats.position > REPLAY_EVENTS_MAX:
                    await asyncio.sleep(LOAD_AGAIN_SECONDS)
                    seats = await read_seat_map(self._models, performance=live.performance)
                await load_rows(live, seats)
                await self._replay(live, feed, after=seats.position)
                live.places.take_changed()  # There are no subscribers yet.
        except TimeoutError:
            raise Behind("The seat map has not caught up with the log; retry shortly.") from None

    async def _replay(self, live: LiveSeatMap, feed: SeatMapFeed, *, after: int) -> None:
        while after < live.followed_after:
            events = await self._store.read_range(after=after, limit=REPLAY_RANGE_EVENTS)
            feed.apply(events, {live.performance: live})
            after = events[-1].position


async def load_rows(live: LiveSeatMap, seats: SeatMap) -> None:
    """Apply the read model's rows to a seat map, yielding to the event loop every `PLACES_PER_PAUSE` places."""
    since_pause = 0
    for group in seats.groups:
        until = None if group.until is None else group.until.timestamp()
        for place, position in zip(group.seats, group.positions, strict=True):
            live.places.apply(place, group.state, until=until, position=position)
            since_pause += 1
            if since_pause == PLACES_PER_PAUSE:
                since_pause = 0
                await asyncio.sleep(0)
    live.advance_to(seats.position)
