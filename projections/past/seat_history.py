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


class SeatHistory:
    """The events of a performance's seats in order; each says all there is to know of its seat.

    One list says where the seat stands after each event, one until when, as it was stored, empty for good; equal texts
    are one object. So a map is the last event of each seat up to a position: a dictionary from a slice. Every so many
    events the dictionary is kept, and only what came after has to be gone through. What is read while `extend` adds to
    the end in another thread lies before that end.
    """

    def __init__(self) -> None:
        self.upto = 0
        self._positions = array("q")
        self._seats: list[str] = []
        self._states: list[str] = []
        self._deadlines: list[str] = []
        self._texts: dict[str, str] = {}
        self._kept: list[dict[str, int]] = [{}]

    def __len__(self) -> int:
        return len(self._seats)

    def extend(self, columns: Columns, upto: int) -> None:
        """Add the events after `self.upto` up to a later position."""
        states = list(map(STATES.__getitem__, columns.names))  # a name nobody knows fails before anything is added
        self._states.extend(states)
        self._deadlines.extend(map(self._texts.setdefault, columns.fields, columns.fields))
        self._seats.extend(map(self._texts.setdefault, columns.streams, columns.streams))
        self._positions.extend(columns.positions)
        while len(self._kept) * EVENTS_PER_SNAPSHOT <= len(self):
            self._kept.append(self._last_events(len(self._kept) * EVENTS_PER_SNAPSHOT))
        self.upto = upto

    def at(self, position: int) -> SeatMap:
        """Return the seats that were not free at a position, by where they stood and until when."""
        groups: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        last_events = self._last_events(bisect_right(self._positions, position)).values()
        states = map(self._states.__getitem__, last_events)
        deadlines = map(self._deadlines.__getitem__, last_events)
        for event, stand in zip(last_events, zip(states, deadlines, strict=True), strict=True):
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
