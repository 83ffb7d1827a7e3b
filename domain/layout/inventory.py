"""Look-ups of the places of a layout by key and by index, fast enough for every step of a sale."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import overload

from domain.layout.area_places import area_of
from domain.layout.model import Area, Attribute, Layout, Row, RowKind, Seat, Section
from domain.values import Place

LABEL_SEPARATOR = " · "


class Inventory:
    """The places of a layout: its seats in layout order, then the places of its areas.

    The index of a place in `keys` is its index in every seat map. Places are built on access and those of areas are
    never stored, so an inventory's size depends only on its seats.
    """

    __slots__ = (
        "_area_first",
        "_category_labels",
        "_first",
        "_index",
        "_label_begins",
        "_length",
        "_rows",
        "areas",
        "seat_keys",
    )

    def __init__(self, layout: Layout) -> None:
        self._rows = tuple(layout.rows())
        self._label_begins = tuple(label_begin(section, row) for section, row in self._rows)
        self._first = _offsets([len(row.seats) for _, row in self._rows])
        self._category_labels = {category.key: category.label for category in layout.categories}
        self.areas = {area.key: area for area in layout.areas}
        self.seat_keys = tuple(seat.key for seat in layout.seats())
        self._index = {key: index for index, key in enumerate(self.seat_keys)}
        begins = _offsets([area.capacity for area in layout.areas], len(self.seat_keys))
        self._area_first = dict(zip(self.areas, begins, strict=False))
        self._length = begins[-1]

    def __len__(self) -> int:
        return self._length

    def __contains__(self, key: str) -> bool:
        return self.index(key) is not None

    @property
    def seat_count(self) -> int:
        """The number of seats; the indexes of areas' places begin with it."""
        return len(self.seat_keys)

    @property
    def keys(self) -> "PlaceKeys":
        """The key of every place, by index."""
        return PlaceKeys(self)

    def key(self, index: int) -> str:
        """Return the key of the place at an index.

        Raises:
            IndexError: there is no such place.
        """
        if index < self.seat_count:
            return self.seat_keys[index]
        for key, first in self._area_first.items():
            area = self.areas[key]
            if index < first + area.capacity:
                return area.places()[index - first]
        raise IndexError(index)

    def index(self, key: str) -> int | None:
        """Return the index of a place in `keys` and in every seat map; None if there is no such place."""
        found = self._index.get(key)
        return found if found is not None else self._standing_index(key)

    def indexes(self, keys: Iterable[str]) -> Iterator[int | None]:
        """Return the index of each of many places."""
        return map(self.index, keys)

    def place(self, key: str) -> Place | None:
        """Return a place as order lines store it; None if the layout has no such key."""
        index = self._index.get(key)
        if index is not None:
            row_index = bisect_right(self._first, index) - 1
            seat = self._rows[row_index][1].seats[index - self._first[row_index]]
            label = self._label_begins[row_index] + seat.label
            return self._describe(seat.key, label, seat.category, attributes=seat.attributes)
        if self._standing_index(key) is None:
            return None
        area = self.areas[area_of(key)]
        return self._describe(key, area_label(area), area.category, area=area.key)

    def category_label(self, key: str) -> str:
        """Return the label of a category; the key itself if the layout has no such category."""
        return self._category_labels.get(key, key)

    def seat(self, key: str) -> tuple[Section, Row, Seat] | None:
        """Return a seat with its section and row; None if the key is not a seat's."""
        index = self._index.get(key)
        return None if index is None else self._seat_at(index)

    def _describe(
        self, key: str, label: str, category: str, *, area: str | None = None, attributes: tuple[Attribute, ...] = ()
    ) -> Place:
        return Place(
            seat=key,
            area=area,
            label=label,
            category=category,
            category_label=self.category_label(category),
            attributes=tuple(attribute.value for attribute in attributes) if attributes else (),
        )

    def _standing_index(self, key: str) -> int | None:
        area = self.areas.get(area_of(key))
        found = None if area is None else area.places().find(key)
        return None if area is None or found is None else self._area_first[area.key] + found

    def _seat_at(self, index: int) -> tuple[Section, Row, Seat]:
        row_index = bisect_right(self._first, index) - 1
        section, row = self._rows[row_index]
        return section, row, row.seats[index - self._first[row_index]]


class PlaceKeys(Sequence[str]):
    """The keys of an inventory's places, in order."""

    __slots__ = ("_inventory",)

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    def __len__(self) -> int:
        return len(self._inventory)

    def __iter__(self) -> Iterator[str]:
        areas = self._inventory.areas.values()
        return chain(self._inventory.seat_keys, chain.from_iterable(area.places() for area in areas))

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...

    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        """Return the key at an index, or the keys of a slice."""
        if isinstance(index, slice):
            return tuple(map(self._inventory.key, range(len(self))[index]))
        return self._inventory.key(range(len(self))[index])


def seat_label(section: Section, row: Row, seat: Seat) -> str:
    """Return the location of a seat as printed on its ticket: "Stalls · Row F · Seat 12"."""
    return label_begin(section, row) + seat.label


def label_begin(section: Section, row: Row) -> str:
    """Return the common beginning of the labels of a row's seats: "Stalls · Row F · Seat "."""
    match row.kind:
        case RowKind.ROW:
            parts = (section.label, row.label and f"Row {row.label}", "Seat ")
        case RowKind.TABLE:
            parts = (section.label, f"Table {row.label}", "Seat ")
        case RowKind.BOOTH:
            parts = (section.label, "", "Booth ")
    return LABEL_SEPARATOR.join(filter(None, parts))


def area_label(area: Area) -> str:
    """Return the location of an area: "Arena · Standing"."""
    return LABEL_SEPARATOR.join(filter(None, (area.section, area.label)))


def _offsets(lengths: list[int], begin: int = 0) -> list[int]:
    first = [begin]
    for length in lengths:
        first.append(first[-1] + length)
    return first
