"""The places of a standing area, computed instead of stored: a key is the area's key and a number of fixed width."""

from collections.abc import Sequence
from typing import overload

from domain.layout.numerals import base36

PLACE_DIGITS = 4


class AreaPlaces(Sequence[str]):
    """The keys of an area's places, computed on access; they are unique within a layout.

    Args:
        area: the area's key.
        capacity: the number of places.
    """

    __slots__ = ("_numbers", "area")

    def __init__(self, area: str, capacity: int) -> None:
        self.area = area
        self._numbers = range(1, capacity + 1)

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...

    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        """Return the key at an index, or the keys of a slice."""
        if isinstance(index, slice):
            return tuple(map(self._key, self._numbers[index]))
        return self._key(self._numbers[index])

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.find(key) is not None

    def find(self, key: str) -> int | None:
        """Return the index of a key; None if it is no place of this area."""
        if area_of(key) != self.area:
            return None
        digits = key[-PLACE_DIGITS:]
        if not (digits.isascii() and digits.isalnum() and digits == digits.lower()):
            return None
        index = int(digits, 36) - 1
        return index if 0 <= index < len(self) else None

    def _key(self, number: int) -> str:
        return f"{self.area}{base36(number).zfill(PLACE_DIGITS)}"


def area_of(place: str) -> str:
    """Return the key of the area that a standing place belongs to."""
    return place[:-PLACE_DIGITS]
