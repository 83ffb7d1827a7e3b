"""Fits the seats of a row to lines and arcs, so that the public document holds formulas instead of positions."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from domain.layout.model import Point

TOLERANCE = 0.005
BREAK = 0.1
GRAIN = 0.001
ARC_SEATS_MIN = 4
RADIUS_SPACINGS_MAX = 100_000
SEATS_PER_PIECE_MIN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Seat i is at (x + i·dx, y + i·dy)."""

    count: int
    x: float
    y: float
    dx: float
    dy: float

    def points(self) -> Iterator[Point]:
        """Yield the positions of the seats."""
        for index in range(self.count):
            yield Point(x=self.x + index * self.dx, y=self.y + index * self.dy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arc:
    """Seat i is on the circle around (x, y) at the angle `start` + i·`step`, in radians from x towards y."""

    count: int
    x: float
    y: float
    radius: float
    start: float
    step: float

    def points(self) -> Iterator[Point]:
        """Yield the positions of the seats."""
        for index in range(self.count):
            angle = self.start + index * self.step
            yield Point(x=self.x + self.radius * math.cos(angle), y=self.y + self.radius * math.sin(angle))


@dataclass(frozen=True, slots=True, kw_only=True)
class Explicit:
    """Positions in multiples of `grain`: the first pair is relative to the origin, the others to the seat before."""

    grain: float
    steps: tuple[tuple[int, int], ...]

    def points(self) -> Iterator[Point]:
        """Yield the positions of the seats."""
        x = y = 0
        for step_x, step_y in self.steps:
            x, y = x + step_x, y + step_y
            yield Point(x=x * self.grain, y=y * self.grain)


Run = Line | Arc | Explicit


def fit_runs(points: Sequence[Point]) -> list[Run]:
    """Return a row as few runs; each seat is off by at most `TOLERANCE` of the smallest distance between neighbours.

    A row is split where the distance between neighbours changes (an aisle); each piece is a line, an arc or explicit.
    """
    spacing = _spacing(points)
    whole = _fitted(points, spacing)
    if whole:
        return [whole]
    pieces = list(_pieces(points))
    if len(pieces) * SEATS_PER_PIECE_MIN > len(points):
        return [_explicit(points, spacing)]
    return [_fitted(piece, spacing) or _explicit(piece, spacing) for piece in pieces]


def _fitted(points: Sequence[Point], spacing: float) -> Line | Arc | None:
    for fit in (_line, _arc):
        run = fit(points, spacing)
        if run and _worst(run, points) <= TOLERANCE * spacing:
            return run
    return None


def _spacing(points: Sequence[Point]) -> float:
    """Return the smallest positive distance between neighbours; 1 if there is none."""
    distances = (_distance(one, next_one) for one, next_one in pairwise(points))
    return min((distance for distance in distances if distance > 0), default=1.0)


def _distance(one: Point, other: Point) -> float:
    return math.hypot(other.x - one.x, other.y - one.y)


def _worst(run: Run, points: Sequence[Point]) -> float:
    return max(_distance(drawn, real) for drawn, real in zip(run.points(), points, strict=True))


def _line(points: Sequence[Point], spacing: float) -> Line:
    first, last, gaps = points[0], points[-1], max(len(points) - 1, 1)
    decimals = _decimals(spacing)
    step_decimals = decimals + len(str(gaps))
    return Line(
        count=len(points),
        x=_short(first.x, decimals),
        y=_short(first.y, decimals),
        dx=_short((last.x - first.x) / gaps, step_decimals),
        dy=_short((last.y - first.y) / gaps, step_decimals),
    )


def _arc(points: Sequence[Point], spacing: float) -> Arc | None:
    if len(points) < ARC_SEATS_MIN:
        return None
    center = _circumcenter(points[0], points[len(points) // 2], points[-1])
    if center is None or not 0 < _distance(center, points[0]) < RADIUS_SPACINGS_MAX * spacing:
        return None
    angles = _angles(center, points)
    radius = _distance(center, points[0])
    decimals = _decimals(spacing)
    turn_decimals = _decimals(spacing / radius) + len(str(len(points)))
    return Arc(
        count=len(points),
        x=_short(center.x, decimals),
        y=_short(center.y, decimals),
        radius=_short(radius, decimals),
        start=_short(angles[0], turn_decimals),
        step=_short((angles[-1] - angles[0]) / (len(points) - 1), turn_decimals),
    )


def _angles(center: Point, points: Sequence[Point]) -> list[float]:
    """Return the angles of the points, each less than half a turn from the one before."""
    angles: list[float] = []
    for point in points:
        angle = math.atan2(point.y - center.y, point.x - center.x)
        if angles:
            angle += math.tau * round((angles[-1] - angle) / math.tau)
        angles.append(angle)
    return angles


def _circumcenter(one: Point, two: Point, three: Point) -> Point | None:
    """Return the centre of the circle through three points; None if they are collinear."""
    ax, ay, bx, by = two.x - one.x, two.y - one.y, three.x - one.x, three.y - one.y
    cross = 2 * (ax * by - ay * bx)
    if abs(cross) <= 1e-9 * (math.hypot(ax, ay) * math.hypot(bx, by) or 1.0):
        return None
    a_square, b_square = ax * ax + ay * ay, bx * bx + by * by
    return Point(x=one.x + (by * a_square - ay * b_square) / cross, y=one.y + (ax * b_square - bx * a_square) / cross)


def _pieces(points: Sequence[Point]) -> Iterator[Sequence[Point]]:
    """Split a row where the distance between neighbours differs from the one before by more than `BREAK` of it."""
    start = 0
    gaps = [_distance(one, other) for one, other in pairwise(points)]
    for index, (before, here) in enumerate(pairwise(gaps), 2):
        if index - start > 1 and abs(here - before) > BREAK * before:
            yield points[start:index]
            start = index
    yield points[start:]


def _explicit(points: Sequence[Point], spacing: float) -> Explicit:
    grain = 10.0 ** -_decimals(spacing)
    cells = [(round(point.x / grain), round(point.y / grain)) for point in points]
    steps = [(x - before_x, y - before_y) for (before_x, before_y), (x, y) in pairwise(cells)]
    return Explicit(grain=grain, steps=(cells[0], *steps))


def _decimals(spacing: float) -> int:
    """Return the number of decimals that resolve a thousandth of the spacing."""
    return math.ceil(-math.log10(spacing * GRAIN))


def _short(value: float, decimals: int) -> float:
    return round(value, decimals) + 0.0
