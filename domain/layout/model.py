"""The parts of a layout: sections, rows and seats, standing areas, categories, and landmarks."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from domain.layout.area_places import AreaPlaces

SEATS_MAX = 100_000
SECTIONS_MAX = 1_000
ROWS_PER_SECTION_MAX = 1_000
SEATS_PER_ROW_MAX = 2_000
CATEGORIES_MAX = 200
AREAS_MAX = 1_000
AREA_CAPACITY_MAX = 100_000
CAPACITY_MAX = 250_000
"""Seats and places of areas together: the length of every seat map of the layout's performances."""

LANDMARKS_MAX = 1_000
OUTLINE_POINTS_MAX = 1_000
DRAWN_POINTS_MAX = 200_000
"""Points of all outlines together."""

FOCAL_POINTS_MAX = SECTIONS_MAX
LABEL_LENGTH_MAX = 80
SOURCE_ID_LENGTH_MAX = 500
SEAT_LETTER = "s"
AREA_LETTER = "a"
KEY_NUMBER_MAX = 2**32
DOCUMENT_BYTES_MAX = 32 * 1024 * 1024


class Attribute(StrEnum):
    """A property of a place that a buyer must see before choosing it."""

    ACCESSIBLE = "accessible"
    COMPANION = "companion"
    RESTRICTED_VIEW = "restricted_view"


class RowKind(StrEnum):
    """The arrangement of seats: in a row, around a table, or alone as a booth."""

    ROW = "row"
    TABLE = "table"
    BOOTH = "booth"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A position in the drawing; x grows to the right, y downwards, the unit is the source's."""

    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FocalPoint:
    """The point from which "best available" is measured; sections refer to it by `key`."""

    key: str
    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """The colour of seats; prices are set per category."""

    key: str
    label: str
    color: str
    accessible: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One seat; `key` is stable and never shown (empty until published), `source_id` is its id in the source."""

    key: str = ""
    label: str
    category: str
    x: float
    y: float
    source_id: str
    attributes: tuple[Attribute, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Seats side by side, in order; `entrance`: the entrance printed on its tickets, if any."""

    label: str
    entrance: str = ""
    kind: RowKind = RowKind.ROW
    seats: tuple[Seat, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the venue; its label is empty if the source has no sections."""

    label: str
    rows: tuple[Row, ...]
    focal_point: str | None = None
    outline: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Standing or free seating, sold by count: it has `capacity` places, which are not shown one by one."""

    key: str = ""
    label: str
    section: str = ""
    entrance: str = ""
    category: str
    capacity: int
    source_id: str
    outline: tuple[Point, ...] = ()

    def places(self) -> AreaPlaces:
        """Return the keys of the area's places."""
        return AreaPlaces(self.key, self.capacity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Landmark:
    """Something drawn but not sold: the stage, a bar, a door; a label alone has a position instead of an outline."""

    label: str
    outline: tuple[Point, ...] = ()
    position: Point | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A layout as its source describes it; seats and areas may lack a key.

    `seats_minted` and `areas_minted`: the highest numbers of keys ever made, so that no key is made twice.
    """

    name: str = ""
    categories: tuple[Category, ...]
    sections: tuple[Section, ...]
    areas: tuple[Area, ...] = ()
    focal_points: tuple[FocalPoint, ...] = ()
    landmarks: tuple[Landmark, ...] = ()
    seats_minted: int = 0
    areas_minted: int = 0

    def rows(self) -> Iterator[tuple[Section, Row]]:
        """Yield every row with its section, in layout order."""
        for section in self.sections:
            for row in section.rows:
                yield section, row

    def seats(self) -> Iterator[Seat]:
        """Yield every seat in layout order."""
        for _, row in self.rows():
            yield from row.seats

    @property
    def seat_count(self) -> int:
        """The number of seats, without places of areas."""
        return sum(len(row.seats) for _, row in self.rows())

    @property
    def capacity(self) -> int:
        """The number of seats and places of areas."""
        return self.seat_count + sum(area.capacity for area in self.areas)

    def category(self, name: str) -> Category | None:
        """Return the category with this key, else the first with this label; None if there is neither."""
        by_key = next((category for category in self.categories if category.key == name), None)
        return by_key or next((category for category in self.categories if category.label == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout(Draft):
    """A published layout: every seat and area has its key, and it never changes."""
