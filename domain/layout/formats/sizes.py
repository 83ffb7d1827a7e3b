"""Limits on a whole draft, whatever its format; a draft within them can be written and read back."""

from collections.abc import Iterator
from itertools import chain

from domain.layout.formats.document_node import COORDINATE_MAX
from domain.layout.model import (
    AREAS_MAX,
    CAPACITY_MAX,
    CATEGORIES_MAX,
    DRAWN_POINTS_MAX,
    FOCAL_POINTS_MAX,
    LANDMARKS_MAX,
    ROWS_PER_SECTION_MAX,
    SEATS_PER_ROW_MAX,
    SECTIONS_MAX,
    Draft,
    Point,
)


def size_faults(draft: Draft) -> Iterator[str]:
    """Yield a sentence for each limit that the draft exceeds."""
    for found, limit, name in sizes(draft):
        if found > limit:
            yield f"There are {found} {name}; a layout has at most {limit}. Make it smaller, or split it in two."


def sizes(draft: Draft) -> Iterator[tuple[int, int, str]]:
    """Yield (number, limit, name in the plural) for everything that has a limit."""
    yield draft.capacity, CAPACITY_MAX, "seats and places of areas together"
    yield len(draft.categories), CATEGORIES_MAX, "categories"
    yield len(draft.focal_points), FOCAL_POINTS_MAX, "focal points"
    yield len(draft.landmarks), LANDMARKS_MAX, "landmarks"
    yield len(draft.sections), SECTIONS_MAX, "sections"
    yield len(draft.areas), AREAS_MAX, "areas"
    yield max((len(section.rows) for section in draft.sections), default=0), ROWS_PER_SECTION_MAX, "rows in a section"
    yield max((len(row.seats) for _, row in draft.rows()), default=0), SEATS_PER_ROW_MAX, "seats in a row"
    yield count_outline_points(draft), DRAWN_POINTS_MAX, "points of outlines"


def count_outline_points(draft: Draft) -> int:
    """Return the number of points of all outlines."""
    return sum(map(len, outlines(draft)))


def outlines(draft: Draft) -> Iterator[tuple[Point, ...]]:
    """Yield the outlines of sections, areas and landmarks."""
    yield from (section.outline for section in draft.sections)
    yield from (area.outline for area in draft.areas)
    yield from (landmark.outline for landmark in draft.landmarks)


def distant_points(draft: Draft) -> int:
    """Return the number of positions beyond `COORDINATE_MAX`; translation and rotation can move points beyond it."""
    landmarks = (landmark.position for landmark in draft.landmarks if landmark.position is not None)
    positions = chain(
        ((seat.x, seat.y) for seat in draft.seats()),
        ((focal_point.x, focal_point.y) for focal_point in draft.focal_points),
        ((point.x, point.y) for point in chain(landmarks, chain.from_iterable(outlines(draft)))),
    )
    return sum(not (abs(x) <= COORDINATE_MAX and abs(y) <= COORDINATE_MAX) for x, y in positions)
