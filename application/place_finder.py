"""Which places a wish may mean: a performance's inventory, and for standing areas some places worth trying.

Nobody is shown the places of an area, so any free one will do. Some are drawn at random among those not known to be
taken, so buyers rarely meet, and the append judges when they do. What is known is one look at the log and our own
sales since; when too few seem left, the log is looked at again before anybody is turned away.
"""

import asyncio
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, compress

from domain.decisions.holding import AreaCandidates
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
"""Places of all areas kept, a byte each."""

SPARE_PLACES = 8
EVENTS_PER_PAUSE = 1_000
PERMANENTLY_TAKEN = "SeatSold"
TAKEN = 1
UNTAKEN = bytes(number != TAKEN for number in range(256))
"""A table that turns whether a place is taken into whether it is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaRequest:
    """So many places of a standing area."""

    area: str
    quantity: int
    ticket_type: str


class _Known:
    """What is known of one area: its places, for each whether it is taken, and since when (the loop's time)."""

    __slots__ = ("places", "read_at", "reading", "taken")

    def __init__(self, places: AreaPlaces) -> None:
        self.places = places
        self.taken = bytearray(len(places))
        self.read_at: float | None = None
        self.reading = asyncio.Lock()

    def take(self, place: str) -> None:
        """Note that a place is taken; one of another area changes nothing."""
        index = self.places.find(place)
        if index is not None:
            self.taken[index] = TAKEN


class PlaceFinder:
    """Finds the places that a wish may mean.

    Args:
        inventory_of_layout: gives a published layout's inventory, built once and kept.
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
        self._areas: OrderedDict[tuple[str, str], _Known] = OrderedDict()
        self._cached = 0

    async def inventory_of(self, performance: str) -> Inventory:
        """Return every place of a performance; its layout never changes.

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
        """Give each wish places to try, no place to two of them, and a few to spare.

        Args:
            looked_since: look at the log again, unless it was looked at after this moment (the loop's time).

        Raises:
            UnknownSeats: names every area that the performance does not have.
        """
        unknown = [request_body.area for request_body in requests if request_body.area not in inventory.areas]
        if unknown:
            raise UnknownSeats("The performance has no such areas.", areas=unknown)
        draws: list[AreaCandidates] = []
        for key in dict.fromkeys(wanted.area for wanted in requests):
            own = [wish for wish in requests if wish.area == key]
            known = await self._known(performance, inventory.areas[key], refreshed_after)
            needed = sum(wish.quantity for wish in own)
            draws += distribute(own, sample_free(known.places, known.taken, needed + SPARE_PLACES))
        return tuple(draws)

    def mark_taken(self, performance: str, lines: Sequence[Line]) -> None:
        """Remember the places that have just been held here."""
        for line in lines:
            known = self._areas.get((performance, line.place.area or ""))
            if known is not None:
                known.take(line.place.seat)

    async def _known(self, performance: str, area: Area, refreshed_after: float | None) -> _Known:
        known = self._areas.get((performance, area.key))
        if known is None:
            known = self._areas[performance, area.key] = _Known(area.places())
            self._cached += area.capacity
            self._evict()
        self._areas.move_to_end((performance, area.key))
        async with known.reading:
            if known.read_at is None or (refreshed_after is not None and known.read_at < refreshed_after):
                began_at = asyncio.get_running_loop().time()
                known.taken = (await self._read(performance, area)).taken
                known.read_at = began_at
        return known

    def _evict(self) -> None:
        """Let go of the areas that nobody has asked for in the longest time; the latest stays."""
        while len(self._areas) > 1 and (len(self._areas) > CACHED_AREAS_MAX or self._cached > CACHED_PLACES_MAX):
            _, known = self._areas.popitem(last=False)
            self._cached -= len(known.places)

    async def _read(self, performance: str, area: Area) -> _Known:
        """Read which places of an area are taken, with a pause for others every so many events."""
        begins, found = SEAT.stream(performance, ""), _Known(area.places())
        latest = await self._store.read_latest(begins + area.key, limit=CAPACITY_MAX)
        for number, event in enumerate(latest, 1):
            if self._is_taken(event):
                found.take(event.stream.removeprefix(begins))
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
    """Give each wish for one area as many places as it needs, as far as they go; the rest to spare, shared out."""
    begins = [0, *accumulate(wanted.quantity for wanted in requests)]
    spare = places[begins[-1] :]
    return [
        AreaCandidates(
            area=request_body.area,
            quantity=request_body.quantity,
            candidates=(*places[begin : begin + request_body.quantity], *spare[number :: len(requests)]),
            ticket_type=request_body.ticket_type,
        )
        for number, (request_body, begin) in enumerate(zip(requests, begins[:-1], strict=True))
    ]


def sample_free(places: Sequence[str], taken: bytearray, count: int) -> tuple[str, ...]:
    """Return at most `count` places that are not known to be taken, at random.

    Most areas are far from full, so a few more than needed are drawn blindly first.
    """
    blind = random.sample(range(len(places)), min(len(places), 2 * count))
    found = [index for index in blind if not taken[index]]
    if len(found) < count:
        left = list(compress(range(len(places)), taken.translate(UNTAKEN)))
        found = random.sample(left, min(len(left), count))
    return tuple(places[index] for index in found[:count])
