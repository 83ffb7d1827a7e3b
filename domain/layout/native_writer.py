"""Writes a layout in the format `seatledger`: canonical JSON, byte-identical for equal layouts."""

import json
from collections.abc import Iterable
from typing import Final

from domain.layout.model import Area, Draft, Landmark, Point, Row, RowKind, Seat, Section

FORMAT: Final = "seatledger-layout-1"
CATEGORIES = b'"categories":'
CATEGORIES_BYTES_MAX = 1024 * 1024


def write_native(layout: Draft) -> bytes:
    """Write a layout; reading and publishing the document returns an equal layout, keys included.

    Returns:
        UTF-8 JSON with sorted names and without white space; fields with default values are omitted.
    """
    return json.dumps(to_native_document(layout), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def categories_in(document: bytes) -> dict[str, str]:
    """Return the categories of a document by `write_native`, key or label → key, without parsing its seats.

    A quotation mark inside a text is escaped, so the search can only match a field name.
    """
    start = document.index(CATEGORIES) + len(CATEGORIES)
    text = document[start : start + CATEGORIES_BYTES_MAX].decode(errors="ignore")
    listed, _ = json.JSONDecoder().raw_decode(text)
    labels = {category["label"]: category["key"] for category in listed}
    return labels | {category["key"]: category["key"] for category in listed}


def to_native_document(layout: Draft) -> dict[str, object]:
    """Return the document as dictionaries, lists, strings and numbers."""
    return {
        "format": FORMAT,
        "name": layout.name,
        "minted": {"seats": layout.seats_minted, "areas": layout.areas_minted},
        "categories": [
            {"key": category.key, "label": category.label, "color": category.color, "accessible": category.accessible}
            for category in layout.categories
        ],
        "focal_points": [{"key": point.key, "x": point.x, "y": point.y} for point in layout.focal_points],
        "landmarks": [_landmark(landmark) for landmark in layout.landmarks],
        "sections": [_section(section) for section in layout.sections],
        "areas": [_area(area) for area in layout.areas],
    }


def _landmark(landmark: Landmark) -> dict[str, object]:
    document: dict[str, object] = {"label": landmark.label, "outline": _outline(landmark.outline)}
    if landmark.position is not None:
        document["position"] = _point(landmark.position)
    return document


def _section(section: Section) -> dict[str, object]:
    document: dict[str, object] = {
        "label": section.label,
        "focal_point": section.focal_point,
        "outline": _outline(section.outline),
        "rows": [_row(row) for row in section.rows],
    }
    return _without_defaults(document)


def _row(row: Row) -> dict[str, object]:
    kind = None if row.kind is RowKind.ROW else row.kind.value
    document: dict[str, object] = {
        "label": row.label,
        "entrance": row.entrance,
        "kind": kind,
        "seats": [_seat(seat) for seat in row.seats],
    }
    return _without_defaults(document)


def _seat(seat: Seat) -> dict[str, object]:
    document: dict[str, object] = {
        "key": seat.key,
        "id": seat.source_id,
        "label": seat.label,
        "category": seat.category,
        "x": seat.x,
        "y": seat.y,
    }
    if seat.attributes:
        document["attributes"] = [attribute.value for attribute in seat.attributes]
    if not seat.key:
        del document["key"]
    return document


def _area(area: Area) -> dict[str, object]:
    document: dict[str, object] = {
        "key": area.key,
        "id": area.source_id,
        "label": area.label,
        "section": area.section,
        "entrance": area.entrance,
        "category": area.category,
        "capacity": area.capacity,
        "outline": _outline(area.outline),
    }
    return _without_defaults(document)


def _outline(points: Iterable[Point]) -> list[dict[str, float]]:
    return [_point(point) for point in points]


def _point(point: Point) -> dict[str, float]:
    return {"x": point.x, "y": point.y}


def _without_defaults(document: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in document.items() if value not in (None, "", [])}
