"""Where every place of one performance stands, folded in memory.

Of two things told about a place the one with the later position wins, in whatever order they come and however often.
So rows of a read model, a stretch of the log and the feed are simply told, one over the other.
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
    """Every place by its index in the inventory: nine bytes each, and a little more while it has a deadline.

    A place whose deadline passes is free without any event; whoever looks brings the clock first, by `expire_until`.
    """

    __slots__ = ("_changed", "_coming", "_deadlines", "_lapsed", "_positions", "_states", "inventory", "last_change")

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.last_change = 0
        self._states = bytearray(len(inventory))
        self._positions = array("q", bytes(8 * len(inventory)))
        self._deadlines: dict[int, float] = {}
        self._coming: list[tuple[float, int]] = []
        self._lapsed: set[int] = set()
        self._changed: set[int] = set()

    @property
    def version(self) -> str:
        """What names all states together, the same in every process: nothing else changes what is shown.

        Deadlines pass in order, so after one event their number says which.
        """
        return f"{self.last_change}-{len(self._lapsed)}"

    @property
    def next_deadline(self) -> float | None:
        """When the next place may become free by itself."""
        return self._coming[0][0] if self._coming else None

    def apply(self, key: str, state: str, *, until: float | None, position: int) -> None:
        """Take in what an event made of a place, unless something later is known of it.

        Args:
            until: when it is free by itself, as a Unix time.
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
        """Free the places whose deadline has come (a Unix time)."""
        while self._coming and self._coming[0][0] <= now:
            until, index = heappop(self._coming)
            if self._deadlines.get(index) == until:
                del self._deadlines[index]
                self._states[index] = FREE
                self._lapsed.add(index)
                self._changed.add(index)

    def take_changed(self) -> set[int]:
        """Return the places that changed since the last time."""
        changed, self._changed = self._changed, set()
        return changed

    def since(self, position: int) -> set[int]:
        """Return the places that may stand elsewhere than at a position: touched later, or freed by the clock."""
        return self._lapsed.union(self._later(position))

    def are_more_since(self, position: int, count: int) -> bool:
        """Say whether `since` has more places than `count`, and look no further than that."""
        later = islice(self._later(position), count + 1)
        return len(self._lapsed.union(later)) > count

    def _later(self, position: int) -> Iterable[int]:
        """Return the places touched after a position."""
        if position >= self.last_change:
            return ()
        return (index for index, told in enumerate(self._positions) if told > position)

    def states(self) -> bytes:
        """Return one byte for each place."""
        return bytes(self._states)

    def states_of(self, indices: Iterable[int]) -> dict[str, str]:
        """Return key → state of these places."""
        key, states = self.inventory.key, self._states
        return {key(index): STATES[states[index]] for index in indices}

    def _schedule_expiry(self, index: int, until: float) -> None:
        self._deadlines[index] = until
        heappush(self._coming, (until, index))
        if len(self._coming) > 2 * len(self._states):
            self._coming = [(known, place) for place, known in self._deadlines.items()]
            heapify(self._coming)
