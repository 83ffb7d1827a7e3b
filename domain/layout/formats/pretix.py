"""The format `pretix`: zones of rows of seats, the format of the pretix ticket shop; its areas are only drawn.

Source: the JSON schema of a seating plan in pretix's repository (src/pretix/static/seating/seating-plan.schema.json).
"""

from domain.layout.formats.document_node import DocumentNode
from domain.layout.formats.draft_builder import DraftBuilder, FieldNames, color_or_palette
from domain.layout.formats.shapes import ORIGIN, corners, ellipse, polygon, rotate, translate
from domain.layout.model import (
    CATEGORIES_MAX,
    LANDMARKS_MAX,
    ROWS_PER_SECTION_MAX,
    SEATS_PER_ROW_MAX,
    SECTIONS_MAX,
    Category,
    Draft,
    Landmark,
    Point,
    Row,
    Seat,
    Section,
)

FIELDS = FieldNames(label="seat_number", category="category", source_id="seat_guid")


def read_pretix(document: DocumentNode) -> Draft:
    """Parse a seating plan. Positions of rows are relative to their zone, positions of seats to their row.

    Raises:
        LayoutFaults: holds every fault of the document.
    """
    builder = DraftBuilder(document.findings)
    for position, node in enumerate(document.required_children("categories", CATEGORIES_MAX)):
        name = node.text("name")
        category = Category(key=name, label=name, color=color_or_palette(node, "color", position))
        builder.add_category(node, "name", category)
    for zone in document.required_children("zones", SECTIONS_MAX):
        _read_zone(zone, builder)
    return builder.finish(document, document.optional_text("name"))


def _read_zone(zone: DocumentNode, builder: DraftBuilder) -> None:
    label = zone.optional_text("name")
    offset = zone.optional_point("position") or ORIGIN
    rows = tuple(_read_row(row, builder, label, offset) for row in zone.children("rows", ROWS_PER_SECTION_MAX))
    builder.add_section(Section(label=label, rows=rows))
    for area in zone.children("areas", LANDMARKS_MAX):
        _read_area(area, builder, offset)


def _read_row(node: DocumentNode, builder: DraftBuilder, section: str, zone_offset: Point) -> Row:
    label = node.text("row_number")
    offset = translate(node.optional_point("position") or ORIGIN, zone_offset)
    seats = node.required_children("seats", SEATS_PER_ROW_MAX)
    return Row(label=label, seats=tuple(_read_seat(seat, builder, section, label, offset) for seat in seats))


def _read_seat(node: DocumentNode, builder: DraftBuilder, section: str, row: str, offset: Point) -> Seat:
    place = node.child("position")
    position = translate(place.point() if place else ORIGIN, offset)
    seat = Seat(
        label=node.text("seat_number"),
        category=builder.category(node, "category"),
        x=position.x,
        y=position.y,
        source_id=node.source_id("seat_guid"),
    )
    builder.check_seat(node, section, row, seat, FIELDS)
    return seat


def _read_area(node: DocumentNode, builder: DraftBuilder, zone_offset: Point) -> None:
    position = translate(node.optional_point("position") or ORIGIN, zone_offset)
    outline, text = _outline(node, position), _text(node)
    if outline:
        builder.landmarks.append(Landmark(label=text, outline=outline))
    elif text:
        builder.landmarks.append(Landmark(label=text, position=position))


def _text(area: DocumentNode) -> str:
    value = area.fields.get("text")
    node = area.child("text") if isinstance(value, dict) else None
    return node.optional_text("text") if node else area.optional_text("text")


def _outline(node: DocumentNode, position: Point) -> tuple[Point, ...]:
    """Read an area's shape; its position is the centre of an ellipse or corner of a rectangle, and its pivot."""
    shape = node.optional_text("shape")
    size = node.child(shape) if shape in {"rectangle", "circle", "ellipse", "polygon"} and node.has(shape) else node
    if size is None:
        return ()
    rotation = node.optional_number("rotation")
    match shape:
        case "polygon":
            return rotate(polygon(size, "points"), position, rotation)
        case "circle":
            radius = size.optional_number("radius")
            return ellipse(position, radius, radius)
        case "ellipse":
            radii = size.optional_point("radius") or ORIGIN
            return ellipse(position, radii.x, radii.y, rotation)
        case "text":
            return ()
        case _:
            width, height = size.optional_number("width"), size.optional_number("height")
            return rotate(corners(width, height), position, rotation) if width and height else ()
