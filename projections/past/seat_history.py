"""All that ever happened to the seats of one performance, in so little room that any moment is folded at once."""

from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from eventstore.store import Columns
from projections.seat_map import FREE, SeatGroup, SeatMap

EVENTS_PER_SNAPSHOT = 20_000

STATES: Mapping[str, str] = {
    "SeatHeld": "held",
    "SeatHoldExtended": "held",
    "SeatSold": "sold",
    "SeatBlocked": "blocked",
    "SeatReleased": FREE,
    "SeatReturned": FREE,
    "SeatUnblocked": FREE,
}
"""An event of a seat → where the seat stands after it, whatever it was before."""

DEADLINES: Mapping[str, str] = {"SeatHeld": "expires_at", "SeatHoldExtended": "expires_at", "SeatBlocked": "release_at"}
"""An event of a seat → the field that says until when."""

Stand = tuple[str, str]
"""Where a seat stands, and until when as it was stored, empty for good; one object for all events that say the same."""


class Stands(dict[tuple[str, str], Stand]):
    """What the events seen so far say, by their names and fields."""

    def __missing__(self, told: tuple[str, str]) -> Stand:
        """Read an event that says what none has said before."""
        name, field = told
        self[told] = stand = STATES[name], field
        return stand


class SeatHistory:
    """The events of a performance's seats in order; each says all there is to know of its seat.

    So a map is the last event of each seat up to a position: a dictionary from a slice. Every so many events the
    dictionary is kept, and only what came after has to be gone through. What is read while `extend` adds to the end
    in another thread lies before that end.
    """

    def __init__(self) -> None:
        self.upto = 0
        self._positions = array("q")
        self._seats: list[str] = []
        self._stands: list[Stand] = []
        self._keys: dict[str, str] = {}
        self._known = Stands()
        self._kept: list[dict[str, int]] = [{}]

    def __len__(self) -> int:
        return len(self._seats)

    def extend(self, columns: Columns, upto: int) -> None:
        """Add the events after `self.upto` up to a later position."""
        self._stands.extend(map(self._known.__getitem__, zip(columns.names, columns.fields, strict=True)))
        self._seats.extend(map(self._keys.setdefault, columns.streams, columns.streams))
        self._positions.extend(columns.positions)
        while len(self._kept) * EVENTS_PER_SNAPSHOT <= len(self):
            self._kept.append(self._last_events(len(self._kept) * EVENTS_PER_SNAPSHOT))
        self.upto = upto

    def at(self, position: int) -> SeatMap:
        """Return the seats that were not free at a position, by where they stood and until when."""
        groups: defaultdict[Stand, list[int]] = defaultdict(list)
        last_events = self._last_events(bisect_right(self._positions, position)).values()
        for event, stand in zip(last_events, map(self._stands.__getitem__, last_events), strict=True):
            groups[stand].append(event)
        return SeatMap(
            position=position,
            groups=[
                SeatGroup(
                    state=state,
                    until=datetime.fromisoformat(until) if until else None,
                    seats=list(map(self._seats.__getitem__, events)),
                    positions=list(map(self._positions.__getitem__, events)),
                )
                for (state, until), events in groups.items()
                if state != FREE
            ],
        )

    def _last_events(self, count: int) -> dict[str, int]:
        """Return each seat's last event among the first so many."""
        kept = min(count // EVENTS_PER_SNAPSHOT, len(self._kept) - 1)
        begins = kept * EVENTS_PER_SNAPSHOT
        seats = self._kept[kept].copy()
        seats.update(zip(self._seats[begins:count], range(begins, count), strict=True))
        return seats
