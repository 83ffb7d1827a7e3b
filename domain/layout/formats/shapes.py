"""Shapes as closed polygons: ellipses, rotated rectangles and polygons."""

import math
from collections.abc import Iterable

from domain.layout.formats.document_node import DocumentNode, coordinate
from domain.layout.model import OUTLINE_POINTS_MAX, Point

ELLIPSE_POINTS = 32
ORIGIN = Point(x=0.0, y=0.0)


def translate(point: Point, offset: Point) -> Point:
    """Return a point of a nested drawing in the coordinates of the drawing around it, where it begins at `offset`."""
    return Point(x=coordinate(point.x + offset.x), y=coordinate(point.y + offset.y))


def ellipse(center: Point, radius_x: float, radius_y: float, rotation: float = 0.0) -> tuple[Point, ...]:
    """Return an ellipse as a polygon of `ELLIPSE_POINTS` corners; `rotation` in degrees."""
    angles = (2 * math.pi * step / ELLIPSE_POINTS for step in range(ELLIPSE_POINTS))
    return _rotate(center, ((radius_x * math.cos(angle), radius_y * math.sin(angle)) for angle in angles), rotation)


def rectangle(center: Point, width: float, height: float, rotation: float = 0.0) -> tuple[Point, ...]:
    """Return a rectangle as a polygon; `rotation` in degrees around its centre."""
    half_x, half_y = width / 2, height / 2
    corners = ((-half_x, -half_y), (half_x, -half_y), (half_x, half_y), (-half_x, half_y))
    return _rotate(center, corners, rotation)


def polygon(node: DocumentNode, field: str, offset: Point = ORIGIN) -> tuple[Point, ...]:
    """Read an optional list of corners; empty if it is absent or null."""
    return tuple(translate(corner.point(), offset) for corner in node.children(field, OUTLINE_POINTS_MAX))


def corners(width: float, height: float) -> tuple[Point, ...]:
    """Return the corners of a rectangle that begins at the origin."""
    ends = ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height))
    return tuple(Point(x=x, y=y) for x, y in ends)


def rotate(points: Iterable[Point], position: Point, rotation: float) -> tuple[Point, ...]:
    """Move a drawing from the origin to `position` and rotate it around that, by `rotation` degrees."""
    return _rotate(position, ((point.x, point.y) for point in points), rotation)


def _rotate(center: Point, corners: Iterable[tuple[float, float]], rotation: float) -> tuple[Point, ...]:
    cosine, sine = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))
    return tuple(
        Point(
            x=coordinate(center.x + x * cosine - y * sine),
            y=coordinate(center.y + x * sine + y * cosine),
        )
        for x, y in corners
    )
