"""The public document of a layout, compact enough for a phone: a row is a formula where one fits, else a list of seats.

A row has `runs`, one after the other along the row:
`{"line": [count, x, y, dx, dy]}`, `{"arc": [count, x, y, radius, start, step]}` (radians) or
`{"spots": [grain, x, y, dx, dy, …]}` (multiples of the grain; the first pair from the origin, others from the seat
before). `keys` are pairs of a first key and the number of keys, counted on in base 36 after the letter; `categories`
are pairs of an index in the layout's list and the number of seats with that category. `numbers` is
`{"prefix", "first", "step"}`; a row whose labels follow no formula has `labels`. `attributes` lists for each attribute
the indexes of the seats in the row. `seat_count` counts seats and places of areas. A landmark without an outline has a
`position` for its label.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import chain, groupby, pairwise
from typing import assert_never

from domain.layout.model import Area, Attribute, Landmark, Layout, Point, Row, RowKind, Seat, Section
from domain.layout.row_shapes import Arc, Explicit, Line, Run, fit_runs

ORIGIN = Point(x=0.0, y=0.0)
NUMBERED = re.compile(r"(\D*)(0|[1-9][0-9]{0,8})", re.ASCII)

Document = dict[str, object]


def to_public_document(layout: Layout) -> Document:
    """Return everything that a browser draws; seats are in layout order, as in every seat map."""
    position = {category.key: index for index, category in enumerate(layout.categories)}
    return {
        "name": layout.name,
        "seat_count": layout.capacity,
        "bounds": _bounds(layout),
        "categories": [
            {"key": category.key, "label": category.label, "color": category.color, "accessible": category.accessible}
            for category in layout.categories
        ],
        "focal_points": [{"key": point.key, "x": point.x, "y": point.y} for point in layout.focal_points],
        "landmarks": [_landmark(landmark) for landmark in layout.landmarks],
        "sections": [_section(section, position) for section in layout.sections],
        "areas": [_area(area, position) for area in layout.areas],
    }


def _bounds(layout: Layout) -> list[float]:
    """Return [least x, least y, greatest x, greatest y] of everything drawn."""
    outlines = chain(
        (area.outline for area in layout.areas),
        (landmark.outline for landmark in layout.landmarks),
        (section.outline for section in layout.sections),
    )
    labels = (landmark.position for landmark in layout.landmarks if landmark.position is not None)
    points: list[Seat | Point] = [*layout.seats(), *chain.from_iterable(outlines), *labels] or [ORIGIN]
    across, down = [point.x for point in points], [point.y for point in points]
    return [min(across), min(down), max(across), max(down)]


def _landmark(landmark: Landmark) -> Document:
    document: Document = {"label": landmark.label, "outline": _outline(landmark.outline)}
    if landmark.position is not None:
        document["position"] = [landmark.position.x, landmark.position.y]
    return document


def _area(area: Area, position: dict[str, int]) -> Document:
    return {
        "key": area.key,
        "label": area.label,
        "section": area.section,
        "category": position[area.category],
        "capacity": area.capacity,
        "outline": _outline(area.outline),
    }


def _section(section: Section, position: dict[str, int]) -> Document:
    return {
        "label": section.label,
        "focal_point": section.focal_point,
        "outline": _outline(section.outline),
        "rows": [_row(row, position) for row in section.rows],
    }


def _row(row: Row, position: dict[str, int]) -> Document:
    document: Document = {
        "label": row.label,
        "runs": [_run(run) for run in fit_runs([Point(x=seat.x, y=seat.y) for seat in row.seats])],
        "keys": _key_runs([seat.key for seat in row.seats]),
        "categories": _counted(position[seat.category] for seat in row.seats),
        **_labels([seat.label for seat in row.seats]),
    }
    if row.kind is not RowKind.ROW:
        document["kind"] = row.kind.value
    attributes = _attributes(row)
    if attributes:
        document["attributes"] = attributes
    return document


def _run(run: Run) -> Document:
    match run:
        case Line():
            return {"line": [run.count, run.x, run.y, run.dx, run.dy]}
        case Arc():
            return {"arc": [run.count, run.x, run.y, run.radius, run.start, run.step]}
        case Explicit():
            return {"spots": [run.grain, *(step for pair in run.steps for step in pair)]}
        case _:
            assert_never(run)


def _key_runs(keys: Sequence[str]) -> list[object]:
    """Return [first key, count, first key, count, …] of the runs of consecutive keys."""
    numbers = [int(key[1:], 36) for key in keys]
    begins = [0, *(index for index, (one, other) in enumerate(pairwise(numbers), 1) if other != one + 1), len(keys)]
    return [part for begin, end in pairwise(begins) for part in (keys[begin], end - begin)]


def _counted(values: Iterable[int]) -> list[int]:
    """Return [value, count, value, count, …] of the runs of equal values."""
    return [part for value, group in groupby(values) for part in (value, sum(1 for _ in group))]


def _labels(labels: Sequence[str]) -> Document:
    matches = [NUMBERED.fullmatch(label) for label in labels]
    prefixes = {match[1] for match in matches if match}
    numbers = [int(match[2]) for match in matches if match]
    steps = {other - one for one, other in pairwise(numbers)}
    if len(numbers) < len(labels) or len(prefixes) > 1 or len(steps) > 1:
        return {"labels": list(labels)}
    return {"numbers": {"prefix": prefixes.pop(), "first": numbers[0], "step": steps.pop() if steps else 1}}


def _attributes(row: Row) -> dict[str, list[int]]:
    found = {
        attribute.value: [index for index, seat in enumerate(row.seats) if attribute in seat.attributes]
        for attribute in Attribute
    }
    return {name: indexes for name, indexes in found.items() if indexes}


def _outline(points: Iterable[Point]) -> list[float]:
    """Return [x, y, x, y, …] of the corners."""
    return [ordinate for point in points for ordinate in (point.x, point.y)]
