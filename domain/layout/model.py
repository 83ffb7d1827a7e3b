"""What a layout is made of: sections, rows and seats, standing areas, categories, and what is drawn around them."""

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
"""Seats and places of areas together: what a layout expands to in every seat map of its performances."""

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
    """What a buyer must know of a place before choosing it."""

    ACCESSIBLE = "accessible"
    COMPANION = "companion"
    RESTRICTED_VIEW = "restricted_view"


class RowKind(StrEnum):
    """How seats stand together: in a row, round a table, or alone as a booth."""

    ROW = "row"
    TABLE = "table"
    BOOTH = "booth"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A position in the drawing; x grows to the right, y downwards, the unit is the drawing's own."""

    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FocalPoint:
    """What "best" is measured from; a section names the one it looks at by `key`."""

    key: str
    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """The colour painted on seats; prices are given per category."""

    key: str
    label: str
    color: str
    accessible: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One seat: `key` is stable and never shown (empty until published), `source_id` is what its source calls it."""

    key: str = ""
    label: str
    category: str
    x: float
    y: float
    source_id: str
    attributes: tuple[Attribute, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Seats side by side, in the order in which people sit; `entrance`: the way in that its tickets name, if any."""

    label: str
    entrance: str = ""
    kind: RowKind = RowKind.ROW
    seats: tuple[Seat, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the venue; an empty label where the source has no sections."""

    label: str
    rows: tuple[Row, ...]
    focal_point: str | None = None
    outline: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Standing or free seating, sold by count: as many places as its capacity, which nobody is shown."""

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
    """Something drawn but not sold: the stage, a bar, a door; words alone have a position in place of an outline."""

    label: str
    outline: tuple[Point, ...] = ()
    position: Point | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A layout as its source describes it; seats and areas may still be without a key.

    `seats_minted` and `areas_minted` are the highest numbers a key was ever made from, so that none is made twice.
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
        """Return how many seats there are, places of areas not counted."""
        return sum(len(row.seats) for _, row in self.rows())

    @property
    def capacity(self) -> int:
        """Return how many people the venue takes: seats and places of areas."""
        return self.seat_count + sum(area.capacity for area in self.areas)

    def category(self, name: str) -> Category | None:
        """Find a category by its key or, failing that, by its label."""
        by_key = next((category for category in self.categories if category.key == name), None)
        return by_key or next((category for category in self.categories if category.label == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout(Draft):
    """A published drawing: every seat and area has its key, and nothing in it ever changes."""
