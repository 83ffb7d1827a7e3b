"""What a whole draft may come to, whichever format it was read from: every draft that passes can be read back."""

from collections.abc import Iterator
from itertools import chain

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
)


def size_faults(draft: Draft) -> Iterator[str]:
    """Yield a sentence for everything that the draft has too much of."""
    for found, most, what in sizes(draft):
        if found > most:
            yield f"There are {found} {what}; a layout has at most {most}. Make it smaller, or two of it."


def sizes(draft: Draft) -> Iterator[tuple[int, int, str]]:
    """Yield how many there are of each thing, how many there may be, and its name."""
    yield draft.capacity, CAPACITY_MAX, "seats and places of areas together"
    yield len(draft.categories), CATEGORIES_MAX, "categories"
    yield len(draft.focal_points), FOCAL_POINTS_MAX, "focal points"
    yield len(draft.landmarks), LANDMARKS_MAX, "landmarks"
    yield len(draft.sections), SECTIONS_MAX, "sections"
    yield len(draft.areas), AREAS_MAX, "areas"
    yield max((len(section.rows) for section in draft.sections), default=0), ROWS_PER_SECTION_MAX, "rows in a section"
    yield max((len(row.seats) for _, row in draft.rows()), default=0), SEATS_PER_ROW_MAX, "seats in a row"
    yield drawn_points(draft), DRAWN_POINTS_MAX, "points of outlines"


def drawn_points(draft: Draft) -> int:
    """Count the points of all outlines."""
    outlines = chain(
        (section.outline for section in draft.sections),
        (area.outline for area in draft.areas),
        (landmark.outline for landmark in draft.landmarks),
    )
    return sum(map(len, outlines))
