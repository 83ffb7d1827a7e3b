"""Which places a wish may mean: a performance's inventory, and for standing areas some places worth trying.

Nobody is shown the places of an area, so any free one will do. Some are drawn at random among those not known to be
taken, so buyers rarely meet, and the append judges when they do. What is known is one look at the log and our own
sales since; when too few seem left, the log is looked at again before anybody is turned away.
"""

import asyncio
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from domain.basket import AreaDraw
from domain.errors import UnknownSeats
from domain.layout.inventory import Inventory
from domain.layout.model import AREA_CAPACITY_MAX, Area
from domain.performance import existing
from domain.seat import FREE, SEAT, Blocked, Held, Sold, evolve
from domain.values import Line
from eventstore.codec import Codec
from eventstore.handler import Clock, Handler
from eventstore.store import Recorded, Store

PERFORMANCES_KEPT_MAX = 10_000
AREAS_KEPT_MAX = 1_000
SPARE_PLACES = 8
TAKEN_FOR_GOOD = "SeatSold"


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaWish:
    """So many places of a standing area."""

    area: str
    quantity: int
    ticket_type: str


@dataclass(slots=True)
class _Known:
    """What is known of one area: its places, those that are taken, and since when (the loop's time)."""

    places: tuple[str, ...]
    taken: set[str] = field(default_factory=set)
    read_at: float | None = None
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)


class Places:
    """Finds the places that a wish may mean.

    Args:
        inventory_of_layout: gives a published layout's inventory, built once and kept.
    """

    def __init__(
        self,
        *,
        handler: Handler,
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

    async def inventory_of(self, performance: str) -> Inventory:
        """Return every place of a performance; its layout never changes.

        Raises:
            NotFound: there is no such performance.
        """
        layout = self._layouts.get(performance)
        if layout is None:
            layout = (await self._handler.look(lambda books: existing(books, performance))).layout
            self._layouts[performance] = layout
            if len(self._layouts) > PERFORMANCES_KEPT_MAX:
                self._layouts.popitem(last=False)
        return await self._inventory_of_layout(layout)

    async def draw(
        self, performance: str, inventory: Inventory, wishes: Sequence[AreaWish], *, looked_since: float | None = None
    ) -> tuple[AreaDraw, ...]:
        """Give each wish places to try, no place to two of them, and a few to spare.

        Args:
            looked_since: look at the log again, unless it was looked at after this moment (the loop's time).

        Raises:
            UnknownSeats: names every area that the performance does not have.
        """
        unknown = [wish.area for wish in wishes if wish.area not in inventory.areas]
        if unknown:
            raise UnknownSeats("The performance has no such areas.", areas=unknown)
        draws: list[AreaDraw] = []
        for key in dict.fromkeys(wish.area for wish in wishes):
            own = [wish for wish in wishes if wish.area == key]
            known = await self._known(performance, inventory.areas[key], looked_since)
            needed = sum(wish.quantity for wish in own)
            draws += dealt(own, drawn_from(known.places, known.taken, needed + SPARE_PLACES))
        return tuple(draws)

    def note_taken(self, performance: str, lines: Sequence[Line]) -> None:
        """Remember the places that have just been held here."""
        for line in lines:
            known = self._areas.get((performance, line.place.area or ""))
            if known is not None:
                known.taken.add(line.place.seat)

    async def _known(self, performance: str, area: Area, looked_since: float | None) -> _Known:
        known = self._areas.get((performance, area.key))
        if known is None:
            known = self._areas[performance, area.key] = _Known(places=area.places())
            if len(self._areas) > AREAS_KEPT_MAX:
                self._areas.popitem(last=False)
        async with known.reading:
            if known.read_at is None or (looked_since is not None and known.read_at < looked_since):
                began_at = asyncio.get_running_loop().time()
                known.taken = await self._taken(performance, area)
                known.read_at = began_at
        return known

    async def _taken(self, performance: str, area: Area) -> set[str]:
        begins = SEAT.stream(performance, "")
        latest = await self._store.read_latest(begins + area.key, limit=AREA_CAPACITY_MAX)
        return {event.stream.removeprefix(begins) for event in latest if self._is_taken(event)}

    def _is_taken(self, event: Recorded) -> bool:
        if event.name == TAKEN_FOR_GOOD:
            return True
        now = self._clock.now()
        match evolve(FREE, self._codec.decode(event.name, event.schema_version, event.data)):
            case Held(expires_at=deadline):
                return deadline > now
            case Blocked(release_at=until):
                return until is None or until > now
            case state:
                return isinstance(state, Sold)


def dealt(wishes: Sequence[AreaWish], places: Sequence[str]) -> list[AreaDraw]:
    """Give each wish for one area as many places as it needs, as far as they go; the rest to spare, shared out."""
    begins = [0, *accumulate(wish.quantity for wish in wishes)]
    spare = places[begins[-1] :]
    return [
        AreaDraw(
            area=wish.area,
            quantity=wish.quantity,
            candidates=(*places[begin : begin + wish.quantity], *spare[number :: len(wishes)]),
            ticket_type=wish.ticket_type,
        )
        for number, (wish, begin) in enumerate(zip(wishes, begins[:-1], strict=True))
    ]


def drawn_from(places: Sequence[str], taken: set[str], count: int) -> tuple[str, ...]:
    """Return at most `count` places that are not known to be taken, at random.

    Most areas are far from full, so a few more than needed are drawn blindly first.
    """
    blind = random.sample(places, min(len(places), 2 * count))
    found = [place for place in blind if place not in taken]
    if len(found) < count:
        left = [place for place in places if place not in taken]
        found = random.sample(left, min(len(left), count))
    return tuple(found[:count])
