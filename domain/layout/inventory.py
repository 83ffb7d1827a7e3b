"""Every sellable place of a layout, ready for the questions that a sale asks thousands of times a second."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from domain.layout.model import Area, Layout, Row, RowKind, Seat, Section
from domain.values import Place

LABEL_SEPARATOR = " · "


class Inventory:
    """The places of a layout: its seats in layout order, then the places of its areas.

    A place's index in `keys` is its index in every seat map. Places are described when asked for, so an inventory of
    40,000 seats is built in a fraction of a second and holds little beside the layout.
    """

    __slots__ = ("_first", "_index", "_place_areas", "_rows", "areas", "keys", "seat_count")

    def __init__(self, layout: Layout) -> None:
        self._rows = tuple(layout.rows())
        self._first = _offsets([len(row.seats) for _, row in self._rows])
        self.areas = {area.key: area for area in layout.areas}
        standing = [(place, area) for area in layout.areas for place in area.places()]
        self._place_areas = dict(standing)
        self.seat_count = layout.seat_count
        self.keys = (*(seat.key for seat in layout.seats()), *self._place_areas)
        self._index = {key: index for index, key in enumerate(self.keys)}

    def __len__(self) -> int:
        return len(self.keys)

    def __contains__(self, key: str) -> bool:
        return key in self._index

    def index(self, key: str) -> int | None:
        """Return where the place stands in `keys`, and so in every seat map."""
        return self._index.get(key)

    def indexes(self, keys: Iterable[str]) -> Iterator[int | None]:
        """Return where each of many places stands."""
        return map(self._index.get, keys)

    def place(self, key: str) -> Place | None:
        """Describe a place as an order line remembers it; None if the layout has none of that key."""
        index = self._index.get(key)
        if index is None:
            return None
        if index >= self.seat_count:
            return _standing_place(key, self._place_areas[key])
        return _seat_place(*self._seat_at(index))

    def seat(self, key: str) -> tuple[Section, Row, Seat] | None:
        """Return a seat with its row and section; None if the key is no seat's."""
        index = self._index.get(key)
        return self._seat_at(index) if index is not None and index < self.seat_count else None

    def _seat_at(self, index: int) -> tuple[Section, Row, Seat]:
        row_index = bisect_right(self._first, index) - 1
        section, row = self._rows[row_index]
        return section, row, row.seats[index - self._first[row_index]]


def seat_label(section: Section, row: Row, seat: Seat) -> str:
    """Say where a seat is, in the words printed on its ticket: "Stalls · Row F · Seat 12"."""
    match row.kind:
        case RowKind.ROW:
            parts = (section.label, row.label and f"Row {row.label}", f"Seat {seat.label}")
        case RowKind.TABLE:
            parts = (section.label, f"Table {row.label}", f"Seat {seat.label}")
        case RowKind.BOOTH:
            parts = (section.label, f"Booth {seat.label}", "")
    return LABEL_SEPARATOR.join(filter(None, parts))


def area_label(area: Area) -> str:
    """Say where an area is: "Arena · Standing"."""
    return LABEL_SEPARATOR.join(filter(None, (area.section, area.label)))


def _seat_place(section: Section, row: Row, seat: Seat) -> Place:
    return Place(
        seat=seat.key,
        label=seat_label(section, row, seat),
        category=seat.category,
        attributes=tuple(attribute.value for attribute in seat.attributes),
    )


def _standing_place(key: str, area: Area) -> Place:
    return Place(seat=key, area=area.key, label=area_label(area), category=area.category)


def _offsets(lengths: list[int]) -> list[int]:
    first = [0]
    for length in lengths:
        first.append(first[-1] + length)
    return first
