"""Candidate places for bookings: the inventory of a performance, and a choice of free places in a standing area.

The places of an area are interchangeable. Candidates are sampled at random from the places not known to be taken, so
that concurrent bookings rarely conflict; the append decides if they do. The known state comes from one read of the log
and the bookings of this process since; the log is read again before a booking is refused.
"""

import asyncio
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, compress

from domain.decisions.seat_claims import AreaCandidates
from domain.errors import UnknownSeats
from domain.layout.area_places import AreaPlaces
from domain.layout.inventory import Inventory
from domain.layout.model import CAPACITY_MAX, Area
from domain.performance import require_performance
from domain.seat import FREE, SEAT, Blocked, Held, Sold, evolve
from domain.values import Line
from eventstore.command_handler import Clock, CommandHandler
from eventstore.schema.codec import Codec
from eventstore.store import RecordedEvent, Store

CACHED_PERFORMANCES_MAX = 10_000
CACHED_AREAS_MAX = 1_000
CACHED_PLACES_MAX = 16 * 1024 * 1024
"""Limit over all cached areas; a place takes one byte."""

SPARE_PLACES = 8
EVENTS_PER_PAUSE = 1_000
PERMANENTLY_TAKEN = "SeatSold"
TAKEN = 1
UNTAKEN = bytes(number != TAKEN for number in range(256))
"""A translation table from taken flags to free flags."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaRequest:
    """A request for `quantity` places of a standing area."""

    area: str
    quantity: int
    ticket_type: str


class _AreaState:
    """The known state of one area: its places, a taken flag for each, and the time of the read (the loop's time)."""

    __slots__ = ("places", "read_at", "reading", "taken")

    def __init__(self, places: AreaPlaces) -> None:
        self.places = places
        self.taken = bytearray(len(places))
        self.read_at: float | None = None
        self.reading = asyncio.Lock()

    def take(self, place: str) -> None:
        """Mark a place as taken; a place of another area is ignored."""
        index = self.places.find(place)
        if index is not None:
            self.taken[index] = TAKEN


class PlaceFinder:
    """Finds candidate places, and caches the state of areas.

    Args:
        inventory_of_layout: returns a published layout's inventory, which is cached.
    """

    def __init__(
        self,
        *,
        handler: CommandHandler,
        store: Store,
        codec: Codec,
        clock: Clock,
        inventory_of_layout: Callable[[str], Awaitable[Inventory]],
    ) -> None:
        self._handler = handler
        self._store = store
        self._codec = codec
        self._clock = clock
        self._inventory_of_layout = inventory_of_layout
        self._layouts: OrderedDict[str, str] = OrderedDict()
        self._areas: OrderedDict[tuple[str, str], _AreaState] = OrderedDict()
        self._cached = 0

    async def inventory_of(self, performance: str) -> Inventory:
        """Return the inventory of a performance; its layout never changes.

        Raises:
            NotFound: there is no such performance.
        """
        layout = self._layouts.get(performance)
        if layout is None:
            layout = (await self._handler.query(lambda context: require_performance(context, performance))).layout
            self._layouts[performance] = layout
            if len(self._layouts) > CACHED_PERFORMANCES_MAX:
                self._layouts.popitem(last=False)
        return await self._inventory_of_layout(layout)

    async def find_candidates(
        self,
        performance: str,
        inventory: Inventory,
        requests: Sequence[AreaRequest],
        *,
        refreshed_after: float | None = None,
    ) -> tuple[AreaCandidates, ...]:
        """Return candidates for each request: `quantity` places and some spare ones; no place occurs twice.

        Args:
            refreshed_after: read the log again, unless it was read after this time (the loop's time).

        Raises:
            UnknownSeats: the performance lacks some of the areas; names all of them.
        """
        unknown = [request.area for request in requests if request.area not in inventory.areas]
        if unknown:
            raise UnknownSeats("The performance has no such areas.", areas=unknown)
        candidates: list[AreaCandidates] = []
        for key in dict.fromkeys(request.area for request in requests):
            own = [request for request in requests if request.area == key]
            state = await self._state(performance, inventory.areas[key], refreshed_after)
            needed = sum(request.quantity for request in own)
            candidates += distribute(own, sample_free(state.places, state.taken, needed + SPARE_PLACES))
        return tuple(candidates)

    def mark_taken(self, performance: str, lines: Sequence[Line]) -> None:
        """Mark the places of a hold that this process has just made."""
        for line in lines:
            state = self._areas.get((performance, line.place.area or ""))
            if state is not None:
                state.take(line.place.seat)

    async def _state(self, performance: str, area: Area, refreshed_after: float | None) -> _AreaState:
        state = self._areas.get((performance, area.key))
        if state is None:
            state = self._areas[performance, area.key] = _AreaState(area.places())
            self._cached += area.capacity
            self._evict()
        self._areas.move_to_end((performance, area.key))
        async with state.reading:
            if state.read_at is None or (refreshed_after is not None and state.read_at < refreshed_after):
                began_at = asyncio.get_running_loop().time()
                state.taken = (await self._read(performance, area)).taken
                state.read_at = began_at
        return state

    def _evict(self) -> None:
        """Evict the least recently used areas; the latest one stays."""
        while len(self._areas) > 1 and (len(self._areas) > CACHED_AREAS_MAX or self._cached > CACHED_PLACES_MAX):
            _, state = self._areas.popitem(last=False)
            self._cached -= len(state.places)

    async def _read(self, performance: str, area: Area) -> _AreaState:
        """Read the taken places of an area; yield to the event loop every `EVENTS_PER_PAUSE` events."""
        prefix, found = SEAT.stream(performance, ""), _AreaState(area.places())
        latest = await self._store.read_latest(prefix + area.key, limit=CAPACITY_MAX)
        for number, event in enumerate(latest, 1):
            if self._is_taken(event):
                found.take(event.stream.removeprefix(prefix))
            if number % EVENTS_PER_PAUSE == 0:
                await asyncio.sleep(0)
        return found

    def _is_taken(self, event: RecordedEvent) -> bool:
        if event.name == PERMANENTLY_TAKEN:
            return True
        now = self._clock.now()
        match evolve(FREE, self._codec.decode(event.name, event.schema_version, event.data)):
            case Held(expires_at=deadline):
                return deadline > now
            case Blocked(release_at=until):
                return until is None or until > now
            case state:
                return isinstance(state, Sold)


def distribute(requests: Sequence[AreaRequest], places: Sequence[str]) -> list[AreaCandidates]:
    """Return candidates for each request in one area: its quantity, if there are enough, and a share of the rest."""
    begins = [0, *accumulate(request.quantity for request in requests)]
    spare = places[begins[-1] :]
    return [
        AreaCandidates(
            area=request.area,
            quantity=request.quantity,
            candidates=(*places[begin : begin + request.quantity], *spare[number :: len(requests)]),
            ticket_type=request.ticket_type,
        )
        for number, (request, begin) in enumerate(zip(requests, begins[:-1], strict=True))
    ]


def sample_free(places: Sequence[str], taken: bytearray, count: int) -> tuple[str, ...]:
    """Return at most `count` random places that are not known to be taken.

    Most areas are far from full, so twice the number is sampled from all places first.
    """
    sampled = random.sample(range(len(places)), min(len(places), 2 * count))
    found = [index for index in sampled if not taken[index]]
    if len(found) < count:
        free = list(compress(range(len(places)), taken.translate(UNTAKEN)))
        found = random.sample(free, min(len(free), count))
    return tuple(places[index] for index in found[:count])
