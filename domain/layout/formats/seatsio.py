"""The format `seatsio`: charts as the seats.io designer saves them, sections nested as charts of their own.

Source: the MIT-licensed charts of seats.io, versions 17 to 21, read by example; the vendor publishes no description.
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
    """Read a chart; what it inherits from sections (category, zone) goes to the seats.

    Raises:
        LayoutFaults: everything that is wrong with the document.
    """
    builder = DraftBuilder(document.findings)
    _read_categories(document, builder)
    _read_zones(document, builder)
    chart = _read_chart(document)
    if chart:
        _read_focal_point(chart, builder)
        _ChartReader(builder).read(chart, _Surroundings())
    return builder.finish(document, document.optional_text("name"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Surroundings:
    """What a chart's rows and areas take over from the section the chart belongs to."""

    section: str = ""
    entrance: str = ""
    category: str = ""
    focal_point: str | None = None
    outline: tuple[Point, ...] = ()
    offset: Point = ORIGIN
    depth: int = 0


class _ChartReader:
    """Walks a chart and the charts of its sections."""

    def __init__(self, builder: DraftBuilder) -> None:
        self._assembly = builder

    def read(self, chart: DocumentNode, around: _Surroundings) -> None:
        self._read_rows(chart, around)
        for area in chart.children("generalAdmissionAreas", AREAS_MAX):
            self._read_area(area, around)
        for shape in chart.children("shapes", LANDMARKS_MAX):
            self._read_landmark(shape, around)
        for section in chart.children("sections", SECTIONS_MAX):
            self._read_section(section, around)

    def _read_section(self, node: DocumentNode, around: _Surroundings) -> None:
        if around.depth >= SECTION_DEPTH_MAX:
            node.fault(FaultCode.TOO_DEEP, "", f"Sections are nested deeper than {SECTION_DEPTH_MAX}; flatten them.")
            return
        corner = node.optional_point("topLeft") or ORIGIN
        label = node.text("label")
        self._assembly.require_label(node, "label", label)
        inner = _Surroundings(
            section=label,
            entrance=node.optional_text("entrance") or around.entrance,
            category=self._assembly.category(node, "categoryKey", around.category),
            focal_point=self._zone(node) or around.focal_point,
            outline=polygon(node, "points", around.offset),
            offset=translate(corner, around.offset),
            depth=around.depth + 1,
        )
        chart = node.child("subChart")
        if chart:
            self.read(chart, inner)

    def _zone(self, node: DocumentNode) -> str | None:
        zone = node.optional_text("zone")
        if zone and zone not in self._assembly.focal_points:
            message = f"There is no zone {quoted(zone)} with a focal point; add it to the zones or clear this."
            node.fault(FaultCode.UNKNOWN_FOCAL_POINT, "zone", message)
        return zone or None

    def _read_rows(self, chart: DocumentNode, around: _Surroundings) -> None:
        rows: dict[str, list[Row]] = {}
        for node in chart.children("rows", ROWS_PER_SECTION_MAX):
            section = node.optional_text("sectionLabel") or around.section
            rows.setdefault(section, []).append(self._read_row(node, replace(around, section=section), RowKind.ROW))
        for node in chart.children("tables", ROWS_PER_SECTION_MAX):
            self._refuse_whole(node)
            rows.setdefault(around.section, []).append(self._read_row(node, around, RowKind.TABLE))
        booths = tuple(self._read_booth(node, around) for node in chart.children("booths", ROWS_PER_SECTION_MAX))
        if booths:
            rows.setdefault(around.section, []).append(
                Row(label="", entrance=around.entrance, kind=RowKind.BOOTH, seats=booths)
            )
        for label, found in rows.items():
            self._assembly.add_section(
                Section(label=label, rows=tuple(found), focal_point=around.focal_point, outline=around.outline)
            )

    def _read_row(self, node: DocumentNode, around: _Surroundings, kind: RowKind) -> Row:
        label = node.text("label")
        self._assembly.require_label(node, "label", label)
        category = self._assembly.category(node, "categoryKey", around.category)
        inner = replace(around, category=category)
        seats = node.required_children("seats", SEATS_PER_ROW_MAX)
        entrance = node.optional_text("entrance") or around.entrance
        seated = tuple(self._read_seat(seat, inner, label) for seat in seats)
        return Row(label=label, entrance=entrance, kind=kind, seats=seated)

    def _read_seat(self, node: DocumentNode, around: _Surroundings, row: str) -> Seat:
        return self._seat(node, around, row, node.point())

    def _read_booth(self, node: DocumentNode, around: _Surroundings) -> Seat:
        center = node.child("center")
        return self._seat(node, around, "", center.point() if center else ORIGIN)

    def _seat(self, node: DocumentNode, around: _Surroundings, row: str, position: Point) -> Seat:
        absolute = translate(position, around.offset)
        seat = Seat(
            label=node.text("label"),
            category=self._assembly.category(node, "categoryKey", around.category),
            x=absolute.x,
            y=absolute.y,
            source_id=node.source_id("uuid"),
            attributes=tuple(attribute for field, attribute in _ATTRIBUTES.items() if node.flag(field)),
        )
        self._assembly.check_seat(node, around.section, row, seat, FIELDS)
        return seat

    def _read_area(self, node: DocumentNode, around: _Surroundings) -> None:
        self._refuse_whole(node)
        area = Area(
            label=node.text("label"),
            section=around.section,
            entrance=node.optional_text("entrance") or around.entrance,
            category=self._assembly.category(node, "categoryKey", around.category),
            capacity=node.whole("capacity", 1, AREA_CAPACITY_MAX),
            source_id=node.source_id("uuid"),
            outline=_outline(node, around.offset),
        )
        self._assembly.check_area(node, area, FIELDS)
        self._assembly.areas.append(area)

    def _read_landmark(self, node: DocumentNode, around: _Surroundings) -> None:
        outline = _outline(node, around.offset)
        if outline:
            self._assembly.landmarks.append(Landmark(label=node.optional_text("label"), outline=outline))

    def _refuse_whole(self, node: DocumentNode) -> None:
        if node.flag("bookAsAWhole"):
            message = "This is sold as a whole, which is not supported; let its places be booked singly."
            node.fault(FaultCode.UNSUPPORTED, "bookAsAWhole", message)


def _read_chart(document: DocumentNode) -> DocumentNode | None:
    """Read the drawing of a chart of one floor; one of several is refused by name."""
    if document.has("floors"):
        message = "A chart of several floors is not supported; save each floor as a chart of its own and import those."
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
    """Read the shape of an area or landmark; one that is not described is not drawn."""
    rotation = node.optional_number("rotationAngle")
    center = node.optional_point("center")
    if center is None:
        return polygon(node, "points", offset)
    center = translate(center, offset)
    if node.has("radius1"):
        return ellipse(center, node.number("radius1"), node.optional_number("radius2"), rotation)
    return rectangle(center, node.optional_number("width"), node.optional_number("height"), rotation)
