"""An arena: standing areas in front of the stage, tables on a terrace, two tiers of blocks in a horseshoe."""

import math
from collections.abc import Iterator
from dataclasses import replace

from domain.layout.model import Area, Category, Draft, FocalPoint, Landmark, Point, Row, RowKind, Section
from domain.layout.native_writer import to_native_document
from runtime.demo.venues.drafting import (
    DOWN,
    FOCUS,
    NO_ATTRIBUTES,
    ROW_PITCH,
    clockwise_arc,
    gaps_of,
    point_at_distance,
    rectangle,
    row,
    seats_within,
    wheelchair_places,
)

CENTER = Point(x=0.0, y=2000.0)
HORSESHOE = math.radians(200)
BLOCKS = 10
GANGWAY = 130.0
TABLES, SEATS_PER_TABLE, TABLE_RADIUS, TERRACE_RADIUS = 10, 6, 95.0, 3250.0
TERRACE = math.radians(140)


def arena() -> dict[str, object]:
    """Return the arena's layout document."""
    draft = Draft(
        name="Harbour Arena",
        categories=(
            Category(key="front", label="Front of stage", color="#D55E00"),
            Category(key="standing", label="Standing", color="#E69F00"),
            Category(key="terrace", label="Terrace tables", color="#7B2D8B"),
            Category(key="lower", label="Lower tier", color="#0072B2"),
            Category(key="upper", label="Upper tier", color="#56B4E9"),
        ),
        focal_points=(FocalPoint(key=FOCUS, x=0.0, y=0.0),),
        landmarks=(Landmark(label="Stage", outline=rectangle(-1200, -900, 1200, 0)),),
        sections=(
            Section(label="Terrace", rows=tuple(_tables()), focal_point=FOCUS),
            *_tier("lower", 100, radius=3600.0, rows=16),
            *_tier("upper", 200, radius=5400.0, rows=12),
        ),
        areas=_standing_room(),
    )
    return to_native_document(draft)


def _standing_room() -> tuple[Area, ...]:
    front, floor = rectangle(-1500, 200, 1500, 1200), rectangle(-1500, 1300, 1500, 4500)
    return (
        Area(label="Front of stage", category="front", capacity=900, source_id="front", outline=front),
        Area(label="Standing", category="standing", capacity=3_500, source_id="standing", outline=floor),
    )


def _tables() -> Iterator[Row]:
    for index in range(TABLES):
        angle = DOWN + TERRACE * ((index + 0.5) / TABLES - 0.5)
        middle = point_at_distance(CENTER, angle, TERRACE_RADIUS)
        spots = [
            point_at_distance(middle, math.tau * seat / SEATS_PER_TABLE, TABLE_RADIUS)
            for seat in range(SEATS_PER_TABLE)
        ]
        yield replace(row("terrace", str(index + 1), spots, "terrace"), kind=RowKind.TABLE)


def _tier(name: str, first: int, *, radius: float, rows: int) -> Iterator[Section]:
    """Yield a tier's blocks from the left side of the stage to the right, as seen from the seats."""
    width = HORSESHOE / BLOCKS
    for index in range(BLOCKS):
        angle = DOWN + HORSESHOE / 2 - (index + 0.5) * width
        number = first + index + 1
        found = [
            _row(name, number, rank, radius=radius + rank * ROW_PITCH, angle=angle, width=width) for rank in range(rows)
        ]
        yield Section(label=f"Block {number}", rows=tuple(found), focal_point=FOCUS)


def _row(tier: str, block: int, rank: int, *, radius: float, angle: float, width: float) -> Row:
    spots = clockwise_arc(CENTER, radius, angle, gaps_of((seats_within(radius * width, GANGWAY),)))[::-1]
    attributes = wheelchair_places(1, 3) if tier == "lower" and rank == 0 else NO_ATTRIBUTES
    return row(str(block), str(rank + 1), spots, tier, attributes)
