"""The format `seatledger`, as `native_writer` writes it; a document written by hand may omit the keys."""

import re

from domain.layout.formats.document_node import DocumentNode, quoted
from domain.layout.formats.draft_builder import DraftBuilder, FieldNames, color
from domain.layout.formats.shapes import polygon
from domain.layout.model import (
    AREA_CAPACITY_MAX,
    AREA_LETTER,
    AREAS_MAX,
    CATEGORIES_MAX,
    KEY_NUMBER_MAX,
    LANDMARKS_MAX,
    ROWS_PER_SECTION_MAX,
    SEAT_LETTER,
    SEATS_PER_ROW_MAX,
    SECTIONS_MAX,
    Area,
    Attribute,
    Category,
    Draft,
    FocalPoint,
    Landmark,
    Row,
    RowKind,
    Seat,
    Section,
)
from domain.layout.native_writer import FORMAT
from domain.layout.validation import FaultCode

FIELDS = FieldNames(label="label", category="category", source_id="id")
_KEY_NUMBER = re.compile(r"[1-9a-z][0-9a-z]{0,6}")
_DOCUMENT_FIELDS = frozenset(
    {"format", "name", "minted", "categories", "focal_points", "landmarks", "sections", "areas"}
)
_SECTION_FIELDS = frozenset({"label", "focal_point", "outline", "rows"})
_ROW_FIELDS = frozenset({"label", "entrance", "kind", "seats"})
_SEAT_FIELDS = frozenset({"key", "id", "label", "category", "x", "y", "attributes"})
_AREA_FIELDS = frozenset({"key", "id", "label", "section", "entrance", "category", "capacity", "outline"})


def read_seatledger(document: DocumentNode) -> Draft:
    """Parse a document of the format; its keys are kept.

    Raises:
        LayoutFaults: holds every fault of the document.
    """
    document.reject_other_fields(_DOCUMENT_FIELDS)
    if document.fields.get("format") != FORMAT:
        document.fault(FaultCode.UNKNOWN_FORMAT, "format", f"The field format must be {FORMAT}.")
    return _LayoutReader(DraftBuilder(document.findings)).read(document)


class _LayoutReader:
    """Parses the parts of a document, and checks that no key occurs twice."""

    def __init__(self, builder: DraftBuilder) -> None:
        self._builder = builder
        self._keys: set[str] = set()

    def read(self, document: DocumentNode) -> Draft:
        for position, node in enumerate(document.required_children("categories", CATEGORIES_MAX)):
            self._read_category(node, position)
        for node in document.children("focal_points", SECTIONS_MAX):
            self._read_focal_point(node)
        for node in document.children("landmarks", LANDMARKS_MAX):
            self._read_landmark(node)
        for node in document.children("sections", SECTIONS_MAX):
            self._read_section(node)
        for node in document.children("areas", AREAS_MAX):
            self._read_area(node)
        seats_minted, areas_minted = self._read_minted(document)
        name = document.optional_text("name")
        return self._builder.finish(document, name, seats_minted=seats_minted, areas_minted=areas_minted)

    def _read_category(self, node: DocumentNode, position: int) -> None:
        node.reject_other_fields({"key", "label", "color", "accessible"})
        category = Category(
            key=node.text("key"),
            label=node.text("label"),
            color=color(node, "color", position),
            accessible=node.flag("accessible"),
        )
        self._builder.add_category(node, "key", category)

    def _read_focal_point(self, node: DocumentNode) -> None:
        node.reject_other_fields({"key", "x", "y"})
        key, point = node.text("key"), node.point()
        if key in self._builder.focal_points:
            node.fault(FaultCode.DUPLICATE_KEY, "key", f"Focal point {quoted(key)} occurs twice; rename one.")
        self._builder.focal_points[key] = FocalPoint(key=key, x=point.x, y=point.y)

    def _read_landmark(self, node: DocumentNode) -> None:
        node.reject_other_fields({"label", "outline", "position"})
        landmark = Landmark(
            label=node.optional_text("label"),
            outline=polygon(node, "outline"),
            position=node.optional_point("position"),
        )
        self._builder.landmarks.append(landmark)

    def _read_section(self, node: DocumentNode) -> None:
        node.reject_other_fields(_SECTION_FIELDS)
        label = node.optional_text("label")
        focal_point = node.optional_text("focal_point") or None
        if focal_point and focal_point not in self._builder.focal_points:
            message = f"There is no focal point {quoted(focal_point)}; add it to focal_points or leave this out."
            node.fault(FaultCode.UNKNOWN_FOCAL_POINT, "focal_point", message)
        rows = tuple(self._read_row(row, label) for row in node.required_children("rows", ROWS_PER_SECTION_MAX))
        outline = polygon(node, "outline")
        self._builder.add_section(Section(label=label, rows=rows, focal_point=focal_point, outline=outline))

    def _read_row(self, node: DocumentNode, section: str) -> Row:
        node.reject_other_fields(_ROW_FIELDS)
        label = node.optional_text("label")
        seats = node.required_children("seats", SEATS_PER_ROW_MAX)
        return Row(
            label=label,
            entrance=node.optional_text("entrance"),
            kind=self._read_kind(node),
            seats=tuple(self._read_seat(seat, section, label) for seat in seats),
        )

    def _read_kind(self, node: DocumentNode) -> RowKind:
        kind = node.optional_text("kind") or RowKind.ROW.value
        if kind not in set(RowKind):
            message = f"{quoted(kind)} is not a kind of row; choose one of: {', '.join(RowKind)}."
            node.fault(FaultCode.UNSUPPORTED, "kind", message)
            return RowKind.ROW
        return RowKind(kind)

    def _read_seat(self, node: DocumentNode, section: str, row: str) -> Seat:
        node.reject_other_fields(_SEAT_FIELDS)
        seat = Seat(
            key=self._read_key(node, SEAT_LETTER),
            label=node.text("label"),
            category=self._builder.category(node, "category"),
            x=node.number("x"),
            y=node.number("y"),
            source_id=node.source_id("id"),
            attributes=self._read_attributes(node) if "attributes" in node.fields else (),
        )
        self._builder.check_seat(node, section, row, seat, FIELDS)
        return seat

    def _read_attributes(self, node: DocumentNode) -> tuple[Attribute, ...]:
        names = node.texts("attributes", len(Attribute))
        for name in names:
            if name not in set(Attribute):
                message = f"{quoted(name)} is not an attribute of a seat; choose among: {', '.join(Attribute)}."
                node.fault(FaultCode.UNSUPPORTED, "attributes", message)
        return tuple(attribute for attribute in Attribute if attribute.value in names)

    def _read_area(self, node: DocumentNode) -> None:
        node.reject_other_fields(_AREA_FIELDS)
        area = Area(
            key=self._read_key(node, AREA_LETTER),
            label=node.text("label"),
            section=node.optional_text("section"),
            entrance=node.optional_text("entrance"),
            category=self._builder.category(node, "category"),
            capacity=node.whole("capacity", 1, AREA_CAPACITY_MAX),
            source_id=node.source_id("id"),
            outline=polygon(node, "outline"),
        )
        self._builder.check_area(node, area, FIELDS)
        self._builder.areas.append(area)

    def _read_key(self, node: DocumentNode, letter: str) -> str:
        key = node.optional_text("key")
        if not key:
            return ""
        if key[0] != letter or not _KEY_NUMBER.fullmatch(key, 1) or int(key[1:], 36) > KEY_NUMBER_MAX:
            message = f"{quoted(key)} is not a key of this format; omit the key, and a new one is made."
            node.fault(FaultCode.BAD_KEY, "key", message)
            return ""
        if key in self._keys:
            message = f"The key {key} occurs twice; omit one, and a new one is made."
            node.fault(FaultCode.DUPLICATE_KEY, "key", message)
        self._keys.add(key)
        return key

    def _read_minted(self, document: DocumentNode) -> tuple[int, int]:
        node = document.child("minted") if document.has("minted") else None
        if node is None:
            return 0, 0
        node.reject_other_fields({"seats", "areas"})
        return node.whole("seats", 0, KEY_NUMBER_MAX), node.whole("areas", 0, KEY_NUMBER_MAX)
