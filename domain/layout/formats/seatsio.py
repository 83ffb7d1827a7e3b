"""The format `seatsio`: charts as the seats.io designer saves them; a section contains a chart of its own.

Source: the MIT-licensed charts of seats.io, versions 17 to 21; the vendor publishes no description of the format.
"""

from dataclasses import dataclass, replace

from domain.layout.formats.document_node import DocumentNode, quoted
from domain.layout.formats.draft_builder import DraftBuilder, FieldNames, color_or_palette
from domain.layout.formats.shapes import ORIGIN, ellipse, polygon, rectangle, translate
from domain.layout.model import (
    AREA_CAPACITY_MAX,
    AREAS_MAX,
    CATEGORIES_MAX,
    LANDMARKS_MAX,
    ROWS_PER_SECTION_MAX,
    SEATS_PER_ROW_MAX,
    SECTIONS_MAX,
    Area,
    Attribute,
    Category,
    Draft,
    FocalPoint,
    Landmark,
    Point,
    Row,
    RowKind,
    Seat,
    Section,
)
from domain.layout.validation import FaultCode

SECTION_DEPTH_MAX = 8
FIELDS = FieldNames(label="label", category="categoryKey", source_id="uuid")
_ATTRIBUTES = {
    "accessible": Attribute.ACCESSIBLE,
    "companionSeat": Attribute.COMPANION,
    "restrictedView": Attribute.RESTRICTED_VIEW,
}
_WHOLE_CHART = "chart"


def read_seatsio(document: DocumentNode) -> Draft:
    """Parse a chart; seats inherit category and zone from their sections.

    Raises:
        LayoutFaults: holds every fault of the document.
    """
    builder = DraftBuilder(document.findings)
    _read_categories(document, builder)
    _read_zones(document, builder)
    chart = _read_chart(document)
    if chart:
        _read_focal_point(chart, builder)
        _ChartReader(builder).read(chart, _Inherited())
    return builder.finish(document, document.optional_text("name"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inherited:
    """The values that the rows and areas of a chart inherit from the section around it."""

    section: str = ""
    entrance: str = ""
    category: str = ""
    focal_point: str | None = None
    outline: tuple[Point, ...] = ()
    offset: Point = ORIGIN
    depth: int = 0


class _ChartReader:
    """Parses a chart and the charts of its sections."""

    def __init__(self, builder: DraftBuilder) -> None:
        self._builder = builder

    def read(self, chart: DocumentNode, inherited: _Inherited) -> None:
        self._read_rows(chart, inherited)
        for area in chart.children("generalAdmissionAreas", AREAS_MAX):
            self._read_area(area, inherited)
        for shape in chart.children("shapes", LANDMARKS_MAX):
            self._read_landmark(shape, inherited)
        for section in chart.children("sections", SECTIONS_MAX):
            self._read_section(section, inherited)

    def _read_section(self, node: DocumentNode, inherited: _Inherited) -> None:
        if inherited.depth >= SECTION_DEPTH_MAX:
            node.fault(FaultCode.TOO_DEEP, "", f"Sections are nested deeper than {SECTION_DEPTH_MAX}; flatten them.")
            return
        corner = node.optional_point("topLeft") or ORIGIN
        label = node.text("label")
        self._builder.require_label(node, "label", label)
        inner = _Inherited(
            section=label,
            entrance=node.optional_text("entrance") or inherited.entrance,
            category=self._builder.category(node, "categoryKey", inherited.category),
            focal_point=self._zone(node) or inherited.focal_point,
            outline=polygon(node, "points", inherited.offset),
            offset=translate(corner, inherited.offset),
            depth=inherited.depth + 1,
        )
        chart = node.child("subChart")
        if chart:
            self.read(chart, inner)

    def _zone(self, node: DocumentNode) -> str | None:
        zone = node.optional_text("zone")
        if zone and zone not in self._builder.focal_points:
            message = f"There is no zone {quoted(zone)} with a focal point; add it to the zones or clear this field."
            node.fault(FaultCode.UNKNOWN_FOCAL_POINT, "zone", message)
        return zone or None

    def _read_rows(self, chart: DocumentNode, inherited: _Inherited) -> None:
        rows: dict[str, list[Row]] = {}
        for node in chart.children("rows", ROWS_PER_SECTION_MAX):
            section = node.optional_text("sectionLabel") or inherited.section
            rows.setdefault(section, []).append(self._read_row(node, replace(inherited, section=section), RowKind.ROW))
        for node in chart.children("tables", ROWS_PER_SECTION_MAX):
            self._refuse_whole(node)
            rows.setdefault(inherited.section, []).append(self._read_row(node, inherited, RowKind.TABLE))
        booths = tuple(self._read_booth(node, inherited) for node in chart.children("booths", ROWS_PER_SECTION_MAX))
        if booths:
            rows.setdefault(inherited.section, []).append(
                Row(label="", entrance=inherited.entrance, kind=RowKind.BOOTH, seats=booths)
            )
        for label, found in rows.items():
            self._builder.add_section(
                Section(label=label, rows=tuple(found), focal_point=inherited.focal_point, outline=inherited.outline)
            )

    def _read_row(self, node: DocumentNode, inherited: _Inherited, kind: RowKind) -> Row:
        label = node.text("label")
        self._builder.require_label(node, "label", label)
        category = self._builder.category(node, "categoryKey", inherited.category)
        inner = replace(inherited, category=category)
        seats = node.required_children("seats", SEATS_PER_ROW_MAX)
        entrance = node.optional_text("entrance") or inherited.entrance
        seated = tuple(self._read_seat(seat, inner, label) for seat in seats)
        return Row(label=label, entrance=entrance, kind=kind, seats=seated)

    def _read_seat(self, node: DocumentNode, inherited: _Inherited, row: str) -> Seat:
        return self._seat(node, inherited, row, node.point())

    def _read_booth(self, node: DocumentNode, inherited: _Inherited) -> Seat:
        center = node.child("center")
        return self._seat(node, inherited, "", center.point() if center else ORIGIN)

    def _seat(self, node: DocumentNode, inherited: _Inherited, row: str, position: Point) -> Seat:
        absolute = translate(position, inherited.offset)
        seat = Seat(
            label=node.text("label"),
            category=self._builder.category(node, "categoryKey", inherited.category),
            x=absolute.x,
            y=absolute.y,
            source_id=node.source_id("uuid"),
            attributes=tuple(attribute for field, attribute in _ATTRIBUTES.items() if node.flag(field)),
        )
        self._builder.check_seat(node, inherited.section, row, seat, FIELDS)
        return seat

    def _read_area(self, node: DocumentNode, inherited: _Inherited) -> None:
        self._refuse_whole(node)
        area = Area(
            label=node.text("label"),
            section=inherited.section,
            entrance=node.optional_text("entrance") or inherited.entrance,
            category=self._builder.category(node, "categoryKey", inherited.category),
            capacity=node.whole("capacity", 1, AREA_CAPACITY_MAX),
            source_id=node.source_id("uuid"),
            outline=_outline(node, inherited.offset),
        )
        self._builder.check_area(node, area, FIELDS)
        self._builder.areas.append(area)

    def _read_landmark(self, node: DocumentNode, inherited: _Inherited) -> None:
        outline = _outline(node, inherited.offset)
        if outline:
            self._builder.landmarks.append(Landmark(label=node.optional_text("label"), outline=outline))

    def _refuse_whole(self, node: DocumentNode) -> None:
        if node.flag("bookAsAWhole"):
            message = "This is sold as a whole, which is not supported; let its places be booked one by one."
            node.fault(FaultCode.UNSUPPORTED, "bookAsAWhole", message)


def _read_chart(document: DocumentNode) -> DocumentNode | None:
    """Return the drawing of a chart of one floor; several floors are a fault."""
    if document.has("floors"):
        message = "A chart of several floors is not supported; save each floor as its own chart and import those."
        document.fault(FaultCode.UNSUPPORTED, "floors", message)
        return None
    return document.child("subChart")


def _read_categories(document: DocumentNode, builder: DraftBuilder) -> None:
    categories = document.child("categories")
    if not categories:
        return
    for position, node in enumerate(categories.required_children("list", CATEGORIES_MAX)):
        category = Category(
            key=node.text("key"),
            label=node.text("label"),
            color=color_or_palette(node, "color", position),
            accessible=node.flag("accessible"),
        )
        builder.add_category(node, "key", category)


def _read_zones(document: DocumentNode, builder: DraftBuilder) -> None:
    zones = document.child("zones") if document.has("zones") else None
    for node in zones.children("list", SECTIONS_MAX) if zones else ():
        key, point = node.text("key"), node.optional_point("focalPoint")
        if point:
            builder.focal_points[key] = FocalPoint(key=key, x=point.x, y=point.y)


def _read_focal_point(chart: DocumentNode, builder: DraftBuilder) -> None:
    point = chart.optional_point("focalPoint")
    if point:
        builder.focal_points[_WHOLE_CHART] = FocalPoint(key=_WHOLE_CHART, x=point.x, y=point.y)


def _outline(node: DocumentNode, offset: Point) -> tuple[Point, ...]:
    """Read the shape of an area or landmark; empty if it has none."""
    rotation = node.optional_number("rotationAngle")
    center = node.optional_point("center")
    if center is None:
        return polygon(node, "points", offset)
    center = translate(center, offset)
    if node.has("radius1"):
        return ellipse(center, node.number("radius1"), node.optional_number("radius2"), rotation)
    return rectangle(center, node.optional_number("width"), node.optional_number("height"), rotation)
