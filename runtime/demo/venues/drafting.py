"""Geometry of straight and curved rows for the demo's venues.

Lengths are in centimetres, angles in radians from the x axis towards y; y grows downwards, so growing angles turn
clockwise.
"""

import math
from collections.abc import Mapping, Sequence

from domain.layout.model import Attribute, Point, Row, Seat

SEAT_PITCH = 52.0
ROW_PITCH = 85.0
UP, DOWN = -math.pi / 2, math.pi / 2
FOCUS = "focus"

Attributes = Mapping[int, tuple[Attribute, ...]]
NO_ATTRIBUTES: Attributes = {}
RESTRICTED = (Attribute.RESTRICTED_VIEW,)


def row(section: str, label: str, spots: Sequence[Point], category: str, attributes: Attributes = NO_ATTRIBUTES) -> Row:
    """Return a row of seats numbered from 1 along `spots`; `attributes` are by seat number."""
    return Row(
        label=label,
        seats=tuple(
            Seat(
                label=str(number),
                category=category,
                x=round(spot.x, 2),
                y=round(spot.y, 2),
                source_id=f"{section}/{label}/{number}",
                attributes=attributes.get(number, ()),
            )
            for number, spot in enumerate(spots, 1)
        ),
    )


def point_at_distance(origin: Point, angle: float, distance: float) -> Point:
    """Return the point at a distance and angle from `origin`."""
    return Point(x=origin.x + distance * math.cos(angle), y=origin.y + distance * math.sin(angle))


def line(begin: Point, angle: float, seats: int, pitch: float = SEAT_PITCH) -> list[Point]:
    """Return seats along a straight line from `begin` in the direction `angle`."""
    return [point_at_distance(begin, angle, index * pitch) for index in range(seats)]


def clockwise_arc(center: Point, radius: float, middle: float, gaps: Sequence[float]) -> list[Point]:
    """Return seats on a circle, clockwise; the row's middle is at the angle `middle`, neighbours are `gaps` apart."""
    angle = middle - sum(gaps) / radius / 2
    spots = [point_at_distance(center, angle, radius)]
    for gap in gaps:
        angle += gap / radius
        spots.append(point_at_distance(center, angle, radius))
    return spots


def gaps_of(blocks: Sequence[int], aisle: float = SEAT_PITCH) -> list[float]:
    """Return the distances between neighbours in a row whose blocks are separated by aisles.

    Args:
        blocks: the number of seats of each block.
    """
    distances: list[float] = []
    for seats in blocks:
        distances += [aisle] if distances else []
        distances += [SEAT_PITCH] * (seats - 1)
    return distances


def seats_within(length: float, gangway: float) -> int:
    """Return how many seats fit into `length` beside a gangway."""
    return int((length - gangway) // SEAT_PITCH)


def wheelchair_places(first: int, pairs: int) -> Attributes:
    """Return the attributes of pairs of an accessible seat and its companion seat, starting at seat `first`."""
    kinds = (Attribute.ACCESSIBLE, Attribute.COMPANION)
    return {first + index: (kinds[index % len(kinds)],) for index in range(len(kinds) * pairs)}


def rectangle(left: float, top: float, right: float, bottom: float) -> tuple[Point, ...]:
    """Return the corners of an upright rectangle."""
    return (Point(x=left, y=top), Point(x=right, y=top), Point(x=right, y=bottom), Point(x=left, y=bottom))
