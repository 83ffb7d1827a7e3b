"""What routes ask for: a performance's seats, and to watch them.

A performance that nobody has looked at of late begins with the rows of the read model at their position; what happened
from there to where the feed is comes from the log once more, and everything later from the feed.
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
    """The live performances of one API process.

    Args:
        make_feed: opens the log after a position.
        reader: reads the events of seats.
        inventory_of: gives a performance's places; raises NotFound.
        limits: how many may watch.
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
        self._following: SeatMapFeed | None = None
        self._beginning = asyncio.Lock()
        self._loads = FairQueue(
            running_max=LOADS_AT_ONCE_MAX, waiting_max=LOADS_WAITING_MAX, waiting_seconds_max=LOAD_SECONDS_MAX
        )
        self.crowd = SubscriberLimits(limits)
        self._loading: dict[str, asyncio.Task[LiveSeatMap]] = {}

    @property
    def watchers(self) -> int:
        """How many clients watch."""
        return self.crowd.total

    @property
    def performances(self) -> int:
        """How many performances are followed."""
        return 0 if self._following is None else len(self._following.performances)

    @property
    def size(self) -> int:
        """How many bytes the seat maps hold."""
        return 0 if self._following is None else self._following.size

    def is_public(self, performance: str) -> bool:
        """Say whether everybody was found to see a performance within the last second."""
        live = self._known(performance)
        return live is not None and asyncio.get_running_loop().time() < live.public_until

    def mark_public(self, performance: str) -> None:
        """Note, of a performance that is looked at, that everybody may see it."""
        live = self._known(performance)
        if live is not None:
            live.public_until = asyncio.get_running_loop().time() + PUBLIC_SECONDS

    async def of(self, performance: str) -> LiveSeatMap:
        """Return a performance as it stands.

        Raises:
            NotFound: there is no such performance.
            Busy: too many are being loaded.
            Behind: the read model is too far behind the log to begin with.
            StoreUnavailable, ModelMissing, psycopg.Error: what it begins with cannot be read.
        """
        live = self._known(performance)
        if live is None or performance in self._loading:
            live = await self._loaded(performance)
        if self._following is not None:
            self._following.touch(live)
        return live

    async def to_watch(self, performance: str, client: str) -> LiveSeatMap:
        """Return a performance for one more of a client to watch; raises what `of` does.

        Raises:
            TooManyWatchers: the client watches as much as one may.
            Busy: too many watch already, or too much.
        """
        self.crowd.check(client)
        live = await self.of(performance)
        if not live.watchers and self._following is not None and self._following.full:
            raise Busy("Too much is watched already.")
        return live

    async def snapshot(self, performance: str, min_position: int) -> Snapshot:
        """Return the document of a performance's seats; raises what `of` does.

        Raises:
            Malformed: no event has this position yet, so nobody can have been told it.
            Behind: it is not known here within two seconds.
        """
        live = await self.of(performance)
        if min_position > live.position:
            head = await self._store.head()
            if min_position > head:
                raise Malformed(
                    f"No event has position {min_position}: the log ends at {head}. Name one that an answer told."
                )
            if not await live.wait_for(min_position):
                raise Behind(f"The seat map has not reached position {min_position} yet; ask again in a moment.")
        return await live.snapshot(min_position)

    def end(self) -> None:
        """Send every client away in good order."""
        if self._following is not None:
            for live in self._following.performances.values():
                live.end()

    async def close(self) -> None:
        """Stop following the log."""
        for loading in tuple(self._loading.values()):
            loading.cancel()
        await asyncio.gather(*self._loading.values(), return_exceptions=True)
        if self._following is not None:
            await self._following.stop()

    def _known(self, performance: str) -> LiveSeatMap | None:
        return None if self._following is None else self._following.performances.get(performance)

    async def _loaded(self, performance: str) -> LiveSeatMap:
        """Load a performance, once however many ask."""
        loading = self._loading.get(performance)
        if loading is None:
            loading = self._loading[performance] = asyncio.create_task(self._load(performance), name="load a seat map")
            loading.add_done_callback(lambda _: self._loading.pop(performance))
        return await asyncio.shield(loading)

    async def _load(self, performance: str) -> LiveSeatMap:
        async with self._loads.place():
            return await self._load_now(performance)

    async def _load_now(self, performance: str) -> LiveSeatMap:
        inventory = await self._inventory_of(performance)
        following = await self._require_feed()
        live = LiveSeatMap(
            performance,
            inventory,
            lambda: self._clock.now().timestamp(),
            followed_after=following.position,
            tag=following.tag,
        )
        following.touch(live)
        following.join(live)
        with ExitStack() as undo:
            undo.callback(following.evict, live)
            await self._begin(live, following)
            undo.pop_all()
        return live

    async def _require_feed(self) -> SeatMapFeed:
        async with self._beginning:
            if self._following is None or self._following.ended:
                edition = await self._edition()
                if not await is_in_log(self._store, edition.checkpoint):
                    raise Behind("The seat map is being rebuilt, for the log was restored; ask again in a moment.")
                head = await self._store.head()
                self._following = SeatMapFeed(
                    self._make_feed(head),
                    head,
                    self._reader,
                    edition=edition,
                    current_edition=self._edition,
                    send_one_away=self.crowd.reject_one,
                )
            return self._following

    async def _edition(self) -> Edition:
        return await self._models.edition(SEAT_MAP.name)

    async def _begin(self, live: LiveSeatMap, following: SeatMapFeed) -> None:
        """Take in the read model's rows, then the log from there to where the feed was when it began to tell."""
        try:
            async with asyncio.timeout(LOAD_SECONDS_MAX):
                seats = await read_seat_map(self._models, performance=live.performance)
                while live.followed_after - seats.position > REPLAY_EVENTS_MAX:
                    await asyncio.sleep(LOAD_AGAIN_SECONDS)
                    seats = await read_seat_map(self._models, performance=live.performance)
                await load_rows(live, seats)
                await self._replay(live, following, after=seats.position)
                live.places.take_changed()  # nobody watches yet: whoever comes is told what is missing
        except TimeoutError:
            raise Behind("The seat map is being brought up to date; ask again in a moment.") from None

    async def _replay(self, live: LiveSeatMap, following: SeatMapFeed, *, after: int) -> None:
        while after < live.followed_after:
            events = await self._store.read_range(after=after, limit=REPLAY_RANGE_EVENTS)
            following.apply(events, {live.performance: live})
            after = events[-1].position


async def load_rows(live: LiveSeatMap, seats: SeatMap) -> None:
    """Tell a performance the read model's rows, with a pause for others every so many places."""
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
