"""Compact history of the seats of one performance, from which the seat map at any position is computed."""

from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from eventstore.store import EventColumns
from projections.seat_map.fold import FREE
from projections.seat_map.queries import SeatGroup, SeatMap

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
"""Event name → state of the seat after it; it does not depend on the state before."""

DEADLINES: Mapping[str, str] = {"SeatHeld": "expires_at", "SeatHoldExtended": "expires_at", "SeatBlocked": "release_at"}
"""Event name → field with the deadline of the hold or block."""


class SeatHistory:
    """The events of a performance's seats, in order of position.

    Each event is stored as its seat and a value, `"<name> <deadline>"`; equal strings are shared. A seat map is a
    dictionary from seat to last value up to a position. A snapshot of the dictionary is index every
    `EVENTS_PER_SNAPSHOT` events, so that only later events are applied. `extend` may run in another thread: it appends
    only, and readers use positions before its start.
    """

    def __init__(self) -> None:
        self.until = 0
        self._positions = array("q")
        self._seats: list[str] = []
        self._values: list[str] = []
        self._known_seats: dict[str, str] = {}
        self._value_ids: dict[str, str] = {}
        self._snapshots: list[dict[str, str]] = [{}]

    def __len__(self) -> int:
        return len(self._seats)

    def extend(self, columns: EventColumns, until: int) -> None:
        """Append the events after `self.until` up to a later position.

        Raises:
            KeyError: a value has an unknown event name; nothing was added.
        """
        if unknown := set(map(event_name_of, set(columns.values))) - STATES.keys():
            raise KeyError(*unknown)
        self._values.extend(map(self._value_ids.setdefault, columns.values, columns.values))
        self._seats.extend(map(self._known_seats.setdefault, columns.streams, columns.streams))
        self._positions.extend(columns.positions)
        while len(self._snapshots) * EVENTS_PER_SNAPSHOT <= len(self):
            self._snapshots.append(self._last_values(len(self._snapshots) * EVENTS_PER_SNAPSHOT))
        self.until = until

    def seat_map_at(self, position: int) -> SeatMap:
        """Return the seats that were not free at a position, grouped by state and deadline."""
        seats_by_value: defaultdict[str, list[str]] = defaultdict(list)
        for seat, value in self._last_values(bisect_right(self._positions, position)).items():
            seats_by_value[value].append(seat)
        groups = (seat_group(value, seats) for value, seats in seats_by_value.items())
        return SeatMap(position=position, groups=[group for group in groups if group.state != FREE])

    def _last_values(self, count: int) -> dict[str, str]:
        """Return seat → last value, after the first `count` events."""
        index = min(count // EVENTS_PER_SNAPSHOT, len(self._snapshots) - 1)
        start = index * EVENTS_PER_SNAPSHOT
        seats = self._snapshots[index].copy()
        seats.update(zip(self._seats[start:count], self._values[start:count], strict=True))
        return seats


def event_name_of(value: str) -> str:
    """Return the event name in a value."""
    return value.partition(" ")[0]


def seat_group(value: str, seats: Sequence[str]) -> SeatGroup:
    """Return the group of seats whose last value is `value`."""
    name, _, until = value.partition(" ")
    return SeatGroup(state=STATES[name], until=datetime.fromisoformat(until) if until else None, seats=seats)
