"""A theatre of about 1,200 seats: stalls, circle and balcony in curved rows, boxes along both walls."""

from collections.abc import Iterator

from domain.layout.model import Category, Draft, FocalPoint, Landmark, Point, Row, Section
from domain.layout.native_writer import to_native_document
from domain.layout.numerals import letters
from runtime.demo.venues.drafting import (
    DOWN,
    FOCUS,
    NO_ATTRIBUTES,
    RESTRICTED,
    ROW_PITCH,
    clockwise_arc,
    gaps_of,
    line,
    rectangle,
    row,
    wheelchair_places,
)

AISLE = 130.0
CENTER = Point(x=0.0, y=-1100.0)
STALLS_ROWS, PREMIUM_ROWS, CIRCLE_ROWS, BALCONY_ROWS, BOXES_A_SIDE = 18, 6, 8, 6, 5


def theatre() -> dict[str, object]:
    """Return the theatre's layout document."""
    parts = {
        "Stalls": _stalls(),
        "Dress circle": _circle(),
        "Balcony": _balcony(),
        "Boxes left": _boxes("boxes-left", -1350.0),
        "Boxes right": _boxes("boxes-right", 1350.0),
    }
    draft = Draft(
        name="Playhouse",
        categories=(
            Category(key="premium", label="Premium stalls", color="#7B2D8B"),
            Category(key="stalls", label="Stalls", color="#0072B2"),
            Category(key="circle", label="Dress circle", color="#009E73"),
            Category(key="balcony", label="Balcony", color="#E69F00"),
            Category(key="box", label="Boxes", color="#D55E00"),
        ),
        focal_points=(FocalPoint(key=FOCUS, x=0.0, y=-150.0),),
        landmarks=(Landmark(label="Stage", outline=rectangle(-700, -700, 700, 0)),),
        sections=tuple(Section(label=label, rows=tuple(rows), focal_point=FOCUS) for label, rows in parts.items()),
    )
    return to_native_document(draft)


def _stalls() -> Iterator[Row]:
    for index in range(STALLS_ROWS):
        side, middle = 6 + index // 4, 14 + index // 2
        spots = _curve(1400 + index * ROW_PITCH, (side, middle, side))
        attributes = wheelchair_places(1, 3) if index == STALLS_ROWS - 1 else NO_ATTRIBUTES
        category = "premium" if index < PREMIUM_ROWS else "stalls"
        yield row("stalls", letters(index), spots, category, attributes)


def _circle() -> Iterator[Row]:
    for index in range(CIRCLE_ROWS):
        side = 10 + index // 3
        spots = _curve(3100 + index * ROW_PITCH, (side, 18, side))
        yield row("circle", letters(index), spots, "circle", NO_ATTRIBUTES if index else wheelchair_places(1, 2))


def _balcony() -> Iterator[Row]:
    for index in range(BALCONY_ROWS):
        spots = _curve(4000 + index * ROW_PITCH, (12, 18, 12))
        attributes = dict.fromkeys((1, 2, len(spots) - 1, len(spots)), RESTRICTED)
        yield row("balcony", letters(index), spots, "balcony", attributes)


def _boxes(part: str, x: float) -> Iterator[Row]:
    for number in range(1, BOXES_A_SIDE + 1):
        spots = line(Point(x=x, y=-250.0 + number * 260.0), DOWN, 4)
        yield row(part, str(number), spots, "box", {1: RESTRICTED})


def _curve(radius: float, blocks: tuple[int, ...]) -> list[Point]:
    """Return the seats of a curved row; seen from the seats, numbers grow to the right."""
    return clockwise_arc(CENTER, radius, DOWN, gaps_of(blocks, AISLE))[::-1]
