"""Puts a draft together and checks what holds for every format: labels and ids occur once, categories exist, limits."""

from dataclasses import dataclass, replace

from domain.layout.formats.document_node import COORDINATE_MAX, DocumentNode, quoted
from domain.layout.formats.labels import visible_text
from domain.layout.formats.sizes import distant_points, size_faults
from domain.layout.model import CAPACITY_MAX, SEATS_MAX, Area, Category, Draft, FocalPoint, Landmark, Seat, Section
from domain.layout.validation import FaultCode, FaultCollector

UNLABELLED = "?"
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#5B5B5B")
_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
_COLOR_LENGTHS = frozenset({4, 7})


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldNames:
    """How a format names what every seat and area has; no name for source ids that are made of labels."""

    label: str
    category: str
    source_id: str = ""


class DraftBuilder:
    """The parts of a draft, gathered while a document is read."""

    def __init__(self, findings: FaultCollector) -> None:
        self.findings = findings
        self.categories: dict[str, Category] = {}
        self.focal_points: dict[str, FocalPoint] = {}
        self.sections: list[Section] = []
        self.areas: list[Area] = []
        self.landmarks: list[Landmark] = []
        self._spelled: dict[str, str] = {}
        self._seat_labels: dict[tuple[str, str, str], DocumentNode] = {}
        self._area_labels: dict[tuple[str, str], DocumentNode] = {}
        self._source_ids: dict[str, DocumentNode] = {}
        self._seats = 0
        self._standing = 0

    def add_category(self, node: DocumentNode, field: str, category: Category) -> None:
        """Add a category whose key stands in `field`; one that is there already is a fault."""
        if category.key in self.categories:
            known = f"Category {quoted(category.key)} is listed twice; give each its own."
            node.fault(FaultCode.DUPLICATE_KEY, field, known)
        elif self._spelled.setdefault(normalized_name(category.label), category.key) != category.key:
            alike = f"Category {quoted(category.label)} reads like the one before; give each its own label."
            node.fault(FaultCode.DUPLICATE_LABEL, field, alike)
        self.categories.setdefault(category.key, category)

    def named_category(self, name: str) -> str:
        """Return the key of a category known by name alone, adding it in the next colour of the palette.

        Names that differ only in case or blanks are one category, spelled as it was first.
        """
        if not name:
            return name
        key = self._spelled.setdefault(normalized_name(name), visible_text(name))
        if key not in self.categories:
            color = PALETTE[len(self.categories) % len(PALETTE)]
            self.categories[key] = Category(key=key, label=key, color=color)
        return key

    def category_name(self, node: DocumentNode, field: str) -> str:
        """Read the name of a category that must be given."""
        if node.has(field) and is_blank(node, field):
            node.fault(FaultCode.CATEGORY_MISSING, field, "This has no category, so it would have no price; name one.")
            return ""
        return node.text(field)

    def category(self, node: DocumentNode, field: str, inherited: str = "") -> str:
        """Read a category's key; absent, it is the one inherited from the row, section or zone around, if any."""
        if is_blank(node, field):
            return inherited
        key = node.text(field)
        if key and self.categories and key not in self.categories:
            message = f"There is no category {quoted(key)}; add it to the list of categories or choose one of them."
            node.fault(FaultCode.UNKNOWN_CATEGORY, field, message)
        return key

    def check_seat(self, node: DocumentNode, section: str, row: str, seat: Seat, fields: FieldNames) -> None:
        """Note what is wrong with a seat in view of those before it."""
        self._count_seat(node)
        if not seat.category and is_blank(node, fields.category):
            message = "This seat has no category, so it would have no price; paint it with one."
            node.fault(FaultCode.CATEGORY_MISSING, fields.category, message)
        if self.require_label(node, fields.label, seat.label):
            self._check_label(node, section, row, seat, fields.label)
        self._check_source_id(node, seat.source_id, fields.source_id)

    def check_area(self, node: DocumentNode, area: Area, fields: FieldNames) -> None:
        """Note what is wrong with an area in view of those before it."""
        self._count_standing(node, area.capacity)
        if not area.category and is_blank(node, fields.category):
            message = "This area has no category, so it would have no price; paint it with one."
            node.fault(FaultCode.CATEGORY_MISSING, fields.category, message)
        if self.require_label(node, fields.label, area.label):
            first = self._area_labels.setdefault((visible_text(area.section), visible_text(area.label)), node)
            if first is not node:
                message = f"Area {quoted(area.label)} is there twice, first at {first.path()}; give each its own label."
                node.fault(FaultCode.DUPLICATE_LABEL, fields.label, message)
        self._check_source_id(node, area.source_id, fields.source_id)

    def require_label(self, node: DocumentNode, field: str, label: str) -> bool:
        """Say whether a label was given; the designer's placeholder and a label nobody can read are noted."""
        if label == UNLABELLED or (label and not visible_text(label)):
            node.fault(FaultCode.LABEL_MISSING, field, "This has no label yet; write what people shall read.")
            return False
        return label != ""

    def add_section(self, section: Section) -> None:
        """Add a section without its empty rows; one without any seat is left out."""
        rows = tuple(row for row in section.rows if row.seats)
        if rows:
            self.sections.append(replace(section, rows=rows))

    def finish(self, root: DocumentNode, name: str = "", *, seats_minted: int = 0, areas_minted: int = 0) -> Draft:
        """Return the draft.

        Raises:
            LayoutFaults: anything was noted.
        """
        if not self.findings and not self.sections and not self.areas:
            root.fault(FaultCode.NOTHING_TO_SELL, "", "There is neither a seat nor an area here; add at least one.")
        if not self.findings and not self.categories:
            root.fault(FaultCode.CATEGORY_MISSING, "", "There are no categories here; list at least one.")
        self.findings.raise_if_any()
        draft = Draft(
            name=name,
            categories=tuple(self.categories.values()),
            sections=tuple(self.sections),
            areas=tuple(self.areas),
            focal_points=tuple(self.focal_points.values()),
            landmarks=tuple(self.landmarks),
            seats_minted=seats_minted,
            areas_minted=areas_minted,
        )
        for message in size_faults(draft):
            root.fault(FaultCode.TOO_MANY, "", message)
        if distant := distant_points(draft):
            message = f"Moved and turned, {distant} of the positions lie beyond ±{COORDINATE_MAX}; move all closer."
            root.fault(FaultCode.BAD_NUMBER, "", message)
        self.findings.raise_if_any()
        return draft

    def _count_seat(self, node: DocumentNode) -> None:
        self._seats += 1
        if self._seats == SEATS_MAX + 1:
            message = f"A layout has at most {SEATS_MAX} seats; this is one more. Split it or use standing areas."
            node.fault(FaultCode.TOO_MANY, "", message)

    def _count_standing(self, node: DocumentNode, capacity: int) -> None:
        before = self._standing
        self._standing += capacity
        if before <= CAPACITY_MAX < self._standing:
            message = f"The areas before and this one take more than {CAPACITY_MAX} people; make them smaller."
            node.fault(FaultCode.TOO_MANY, "", message)

    def _check_label(self, node: DocumentNode, section: str, row: str, seat: Seat, field: str) -> None:
        first = self._seat_labels.setdefault((visible_text(section), visible_text(row), visible_text(seat.label)), node)
        if first is not node:
            where = " of ".join(filter(None, (row and f"row {quoted(row)}", section and f"section {quoted(section)}")))
            twice = f"Seat {quoted(seat.label)} is twice in {where or 'one row'}, first at {first.path()}"
            message = f"{twice}; give each its own label."
            node.fault(FaultCode.DUPLICATE_LABEL, field, message)

    def _check_source_id(self, node: DocumentNode, source_id: str, field: str) -> None:
        if not source_id or not field:
            return
        first = self._source_ids.setdefault(source_id, node)
        if first is not node:
            message = f"The id {quoted(source_id)} is there twice, first at {first.path()}; each place needs its own."
            node.fault(FaultCode.DUPLICATE_SOURCE_ID, field, message)


def is_blank(node: DocumentNode, field: str) -> bool:
    """Say whether a field is absent, null or a text in which nothing can be read."""
    value = node.fields.get(field)
    return value is None or (isinstance(value, str) and not visible_text(value))


def normalized_name(name: str) -> str:
    """Return what names that differ in case, blanks or characters without width have in common."""
    return visible_text(name).casefold()


def labels_id(*labels: str) -> str:
    """Make a source id of labels, for sources without ids; two different paths never give the same id."""
    return "/".join(label.replace("~", "~0").replace("/", "~1") for label in labels)


def color_or_palette(node: DocumentNode, field: str, position: int) -> str:
    """Read a colour; one in any other notation, such as `red`, is the palette's colour for that position."""
    text = node.optional_text(field)
    return text if is_color(text) else PALETTE[position % len(PALETTE)]


def is_color(text: str) -> bool:
    """Say whether a text is a colour such as `#0072B2`."""
    return text[:1] == "#" and len(text) in _COLOR_LENGTHS and _HEX_DIGITS.issuperset(text[1:])


def color(node: DocumentNode, field: str, position: int) -> str:
    """Read a colour such as `#0072B2`; absent, the palette's colour for that position."""
    text = node.optional_text(field)
    if not text:
        return PALETTE[position % len(PALETTE)]
    if not is_color(text):
        node.fault(FaultCode.BAD_COLOR, field, f"A colour is written like #0072B2; {quoted(text)} is not.")
    return text
