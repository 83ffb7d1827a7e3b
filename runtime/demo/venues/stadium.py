"""A football stadium of about 40,000 seats: two tiers of straight stands and round corners around the pitch."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from domain.layout.model import Category, Draft, FocalPoint, Landmark, Point, Row, Section
from domain.layout.native_writer import to_native_document
from runtime.demo.venues.drafting import (
    FOCUS,
    NO_ATTRIBUTES,
    SEAT_PITCH,
    UP,
    clockwise_arc,
    gaps_of,
    line,
    point_at_distance,
    rectangle,
    row,
    seats_within,
    wheelchair_places,
)

PITCH_LENGTH, PITCH_WIDTH = 10_500.0, 6_800.0
ROW_DEPTH = 80.0
GANGWAY = 120.0
QUARTER = math.pi / 2
BLOCKS_A_CORNER = 2
MIDDLE = Point(x=0.0, y=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Rows around the pitch; the first is `distance` centimetres from its lines."""

    first_block: int
    distance: float
    rows: int
    upper: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of the pitch and its stand.

    Args:
        outward: the direction out of the pitch, in radians.
        length: of the side, in centimetres.
        reach: its distance from the middle of the pitch, in centimetres.
        categories: the price category of each block.
    """

    outward: float
    length: float
    reach: float
    categories: tuple[str, ...]
    corner_category: str

    @property
    def onward(self) -> float:
        """The direction along the stand, clockwise around the pitch."""
        return self.outward + QUARTER


TIERS = (
    Tier(first_block=101, distance=1_000.0, rows=26, upper=False),
    Tier(first_block=201, distance=3_500.0, rows=16, upper=True),
)
_TOUCHLINE = ("side", "premium", "premium", "premium", "side")
_GOAL = ("end", "end", "end")
SIDES = (
    Side(outward=UP, length=PITCH_LENGTH, reach=PITCH_WIDTH / 2, categories=_TOUCHLINE, corner_category="corner"),
    Side(outward=0.0, length=PITCH_WIDTH, reach=PITCH_LENGTH / 2, categories=_GOAL, corner_category="corner"),
    Side(outward=-UP, length=PITCH_LENGTH, reach=PITCH_WIDTH / 2, categories=_TOUCHLINE, corner_category="corner"),
    Side(outward=math.pi, length=PITCH_WIDTH, reach=PITCH_LENGTH / 2, categories=_GOAL, corner_category="family"),
)


def stadium() -> dict[str, object]:
    """Return the stadium's layout document."""
    half_length, half_width = PITCH_LENGTH / 2, PITCH_WIDTH / 2
    draft = Draft(
        name="Riverside Stadium",
        categories=(
            Category(key="premium", label="Halfway line", color="#7B2D8B"),
            Category(key="side", label="Side stands", color="#0072B2"),
            Category(key="end", label="Behind the goals", color="#009E73"),
            Category(key="corner", label="Corners", color="#E69F00"),
            Category(key="family", label="Family corner", color="#CC79A7"),
            Category(key="upper", label="Upper tier", color="#56B4E9"),
        ),
        focal_points=(FocalPoint(key=FOCUS, x=0.0, y=0.0),),
        landmarks=(Landmark(label="Pitch", outline=rectangle(-half_length, -half_width, half_length, half_width)),),
        sections=tuple(section for tier in TIERS for section in _blocks(tier)),
    )
    return to_native_document(draft)


def _blocks(tier: Tier) -> Iterator[Section]:
    """Yield a tier's blocks clockwise, starting with the stand above the pitch."""
    number = tier.first_block
    for side in SIDES:
        for index, category in enumerate(side.categories):
            yield _block(tier, number, category, _straight(side, index), accessible=not tier.upper)
            number += 1
        for index in range(BLOCKS_A_CORNER):
            yield _block(tier, number, side.corner_category, _corner(side, index), accessible=False)
            number += 1


def _block(
    tier: Tier, number: int, category: str, spots_at: Callable[[float], list[Point]], *, accessible: bool
) -> Section:
    rows: list[Row] = []
    for index in range(tier.rows):
        attributes = wheelchair_places(1, 4) if accessible and index == tier.rows - 1 else NO_ATTRIBUTES
        spots = spots_at(tier.distance + index * ROW_DEPTH)
        rows.append(row(str(number), str(index + 1), spots, "upper" if tier.upper else category, attributes))
    return Section(label=f"Block {number}", rows=tuple(rows), focal_point=FOCUS)


def _straight(side: Side, index: int) -> Callable[[float], list[Point]]:
    width = side.length / len(side.categories)
    seats = seats_within(width, GANGWAY)
    margin = (width - (seats - 1) * SEAT_PITCH) / 2
    begin = point_at_distance(MIDDLE, side.onward, -side.length / 2 + index * width + margin)
    return lambda distance: line(point_at_distance(begin, side.outward, side.reach + distance), side.onward, seats)


def _corner(side: Side, index: int) -> Callable[[float], list[Point]]:
    center = point_at_distance(point_at_distance(MIDDLE, side.outward, side.reach), side.onward, side.length / 2)
    turn = QUARTER / BLOCKS_A_CORNER
    middle = side.outward + (index + 0.5) * turn

    def spots_at(radius: float) -> list[Point]:
        return clockwise_arc(center, radius, middle, gaps_of((seats_within(radius * turn, GANGWAY),)))

    return spots_at
