"""States of the places of one performance, in memory.

Updates are idempotent and commute (highest position wins), so rows, replayed and live events can be applied in any
order.
"""

from array import array
from collections.abc import Iterable
from heapq import heapify, heappop, heappush
from itertools import islice

from domain.layout.inventory import Inventory

FREE, HELD, SOLD, BLOCKED = range(4)
STATES = ("free", "held", "sold", "blocked")
NUMBERS = {state: number for number, state in enumerate(STATES)}


class LivePlaces:
    """States by index in the inventory: nine bytes per place, more while it has a deadline.

    A place whose deadline passes becomes free without an event; readers call `expire_until` first.
    """

    __slots__ = (
        "_changed",
        "_deadlines",
        "_expiry_heap",
        "_lapsed",
        "_positions",
        "_states",
        "inventory",
        "last_change",
    )

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.last_change = 0
        self._states = bytearray(len(inventory))
        self._positions = array("q", bytes(8 * len(inventory)))
        self._deadlines: dict[int, float] = {}
        self._expiry_heap: list[tuple[float, int]] = []
        self._lapsed: set[int] = set()
        self._changed: set[int] = set()

    @property
    def version(self) -> str:
        """Identifies the states of all places, equally in every process.

        Deadlines pass in a fixed order, so the number of lapsed places since the last event identifies them.
        """
        return f"{self.last_change}-{len(self._lapsed)}"

    @property
    def next_deadline(self) -> float | None:
        """When the next place may become free without an event, as a Unix time."""
        return self._expiry_heap[0][0] if self._expiry_heap else None

    def apply(self, key: str, state: str, *, until: float | None, position: int) -> None:
        """Apply a state to a place, unless a later one is applied.

        Args:
            key: the place.
            state: its state.
            until: when it becomes free without an event, as a Unix time.
            position: the position of the event.
        """
        index = self.inventory.index(key)
        if index is None or position <= self._positions[index]:
            return
        self._positions[index] = position
        self.last_change = max(self.last_change, position)
        self._states[index] = NUMBERS[state]
        self._changed.add(index)
        self._lapsed.discard(index)
        self._deadlines.pop(index, None)
        if until is not None:
            self._schedule_expiry(index, until)

    def expire_until(self, now: float) -> None:
        """Free the places whose deadline is not after `now`, a Unix time."""
        while self._expiry_heap and self._expiry_heap[0][0] <= now:
            until, index = heappop(self._expiry_heap)
            if self._deadlines.get(index) == until:
                del self._deadlines[index]
                self._states[index] = FREE
                self._lapsed.add(index)
                self._changed.add(index)

    def take_changed(self) -> set[int]:
        """Return the places that changed since the last call."""
        changed, self._changed = self._changed, set()
        return changed

    def since(self, position: int) -> set[int]:
        """Return the places whose state may differ from the one at a position: changed later, or lapsed."""
        return self._lapsed.union(self._later(position))

    def are_more_since(self, position: int, count: int) -> bool:
        """Return whether `since` has more than `count` places; stop counting there."""
        later = islice(self._later(position), count + 1)
        return len(self._lapsed.union(later)) > count

    def _later(self, position: int) -> Iterable[int]:
        """Return the places changed after a position."""
        if position >= self.last_change:
            return ()
        return (index for index, changed_at in enumerate(self._positions) if changed_at > position)

    def states(self) -> bytes:
        """Return the states, one byte per place."""
        return bytes(self._states)

    def states_of(self, indices: Iterable[int]) -> dict[str, str]:
        """Return the states of these places by key."""
        key, states = self.inventory.key, self._states
        return {key(index): STATES[states[index]] for index in indices}

    def _schedule_expiry(self, index: int, until: float) -> None:
        self._deadlines[index] = until
        heappush(self._expiry_heap, (until, index))
        if len(self._expiry_heap) > 2 * len(self._states):
            self._expiry_heap = [(known, place) for place, known in self._deadlines.items()]
            heapify(self._expiry_heap)
