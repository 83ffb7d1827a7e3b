"""All that ever happened to the seats of one performance, in so little room that any moment is folded at once."""

from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from eventstore.store import EventColumns
from projections.seat_map.fold import FREE, SeatGroup, SeatMap

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


class SeatHistory:
    """The events of a performance's seats in order; each says all there is to know of its seat.

    An event is its seat and what it says: its name and until when. Equal texts are one object. So a map is a dictionary
    from two slices, each seat with what was said of it last up to a position. Every so many events the dictionary is
    kept, and only what came after has to be gone through. What is read while `extend` adds to the end in another thread
    lies before that end.
    """

    def __init__(self) -> None:
        self.until = 0
        self._positions = array("q")
        self._seats: list[str] = []
        self._values: list[str] = []
        self._known_seats: dict[str, str] = {}
        self._value_ids: dict[str, str] = {}
        self._kept: list[dict[str, str]] = [{}]

    def __len__(self) -> int:
        return len(self._seats)

    def extend(self, columns: EventColumns, until: int) -> None:
        """Add the events after `self.upto` up to a later position.

        Raises:
            KeyError: one has a name that no event of a seat has; nothing was added.
        """
        if unknown := set(map(event_name_of, set(columns.values))) - STATES.keys():
            raise KeyError(*unknown)
        self._values.extend(map(self._value_ids.setdefault, columns.values, columns.values))
        self._seats.extend(map(self._known_seats.setdefault, columns.streams, columns.streams))
        self._positions.extend(columns.positions)
        while len(self._kept) * EVENTS_PER_SNAPSHOT <= len(self):
            self._kept.append(self._last_values(len(self._kept) * EVENTS_PER_SNAPSHOT))
        self.until = until

    def seat_map_at(self, position: int) -> SeatMap:
        """Return the seats that were not free at a position, by where they stood and until when."""
        seats_by_said: defaultdict[str, list[str]] = defaultdict(list)
        for seat, value in self._last_values(bisect_right(self._positions, position)).items():
            seats_by_said[value].append(seat)
        groups = (seat_group(said, seats) for said, seats in seats_by_said.items())
        return SeatMap(position=position, groups=[group for group in groups if group.state != FREE])

    def _last_values(self, count: int) -> dict[str, str]:
        """Return each seat with what the last of its events among the first so many says."""
        kept = min(count // EVENTS_PER_SNAPSHOT, len(self._kept) - 1)
        begins = kept * EVENTS_PER_SNAPSHOT
        seats = self._kept[kept].copy()
        seats.update(zip(self._seats[begins:count], self._values[begins:count], strict=True))
        return seats


def event_name_of(value: str) -> str:
    """Return the event's name in what it says."""
    return value.partition(" ")[0]


def seat_group(value: str, seats: Sequence[str]) -> SeatGroup:
    """Return the seats that the same was said of last."""
    name, _, until = value.partition(" ")
    return SeatGroup(state=STATES[name], until=datetime.fromisoformat(until) if until else None, seats=seats)
