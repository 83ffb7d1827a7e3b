"""Builds a draft and checks the rules of every format: unique labels and ids, known categories, limits."""

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
    """A format's names of the fields that every seat and area has; `source_id` is empty if ids are made of labels."""

    label: str
    category: str
    source_id: str = ""


class DraftBuilder:
    """Collects the parts of a draft while a document is parsed."""

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
        """Add a category whose key is in `field`; a duplicate key or label is a fault."""
        if category.key in self.categories:
            message = f"Category {quoted(category.key)} is listed twice; give each its own key."
            node.fault(FaultCode.DUPLICATE_KEY, field, message)
        elif self._spelled.setdefault(normalized_name(category.label), category.key) != category.key:
            message = f"Category {quoted(category.label)} has the label of another one; give each its own label."
            node.fault(FaultCode.DUPLICATE_LABEL, field, message)
        self.categories.setdefault(category.key, category)

    def named_category(self, name: str) -> str:
        """Return the key of a category that has only a name; a new one gets the next colour of the palette.

        Names that differ only in case or blanks are one category, with the first spelling.
        """
        if not name:
            return name
        key = self._spelled.setdefault(normalized_name(name), visible_text(name))
        if key not in self.categories:
            color = PALETTE[len(self.categories) % len(PALETTE)]
            self.categories[key] = Category(key=key, label=key, color=color)
        return key

    def category_name(self, node: DocumentNode, field: str) -> str:
        """Read the required name of a category."""
        if node.has(field) and is_blank(node, field):
            node.fault(FaultCode.CATEGORY_MISSING, field, "This has no category, so it would have no price; name one.")
            return ""
        return node.text(field)

    def category(self, node: DocumentNode, field: str, inherited: str = "") -> str:
        """Read the key of a category; if absent, return the one inherited from row, section or zone, if any."""
        if is_blank(node, field):
            return inherited
        key = node.text(field)
        if key and self.categories and key not in self.categories:
            message = f"There is no category {quoted(key)}; add it to the list of categories or choose one of them."
            node.fault(FaultCode.UNKNOWN_CATEGORY, field, message)
        return key

    def check_seat(self, node: DocumentNode, section: str, row: str, seat: Seat, fields: FieldNames) -> None:
        """Check a seat by itself and against those before it; add its faults."""
        self._count_seat(node)
        if not seat.category and is_blank(node, fields.category):
            message = "This seat has no category, so it would have no price; give it one."
            node.fault(FaultCode.CATEGORY_MISSING, fields.category, message)
        if self.require_label(node, fields.label, seat.label):
            self._check_label(node, section, row, seat, fields.label)
        self._check_source_id(node, seat.source_id, fields.source_id)

    def check_area(self, node: DocumentNode, area: Area, fields: FieldNames) -> None:
        """Check an area by itself and against those before it; add its faults."""
        self._count_standing(node, area.capacity)
        if not area.category and is_blank(node, fields.category):
            message = "This area has no category, so it would have no price; give it one."
            node.fault(FaultCode.CATEGORY_MISSING, fields.category, message)
        if self.require_label(node, fields.label, area.label):
            first = self._area_labels.setdefault((visible_text(area.section), visible_text(area.label)), node)
            if first is not node:
                message = f"Area {quoted(area.label)} occurs twice, first at {first.path()}; give each its own label."
                node.fault(FaultCode.DUPLICATE_LABEL, fields.label, message)
        self._check_source_id(node, area.source_id, fields.source_id)

    def require_label(self, node: DocumentNode, field: str, label: str) -> bool:
        """Return whether a label is present; a designer's placeholder or an invisible label is a fault."""
        if label == UNLABELLED or (label and not visible_text(label)):
            node.fault(FaultCode.LABEL_MISSING, field, "This has no label yet; enter the text to show.")
            return False
        return label != ""

    def add_section(self, section: Section) -> None:
        """Add a section without its empty rows; a section without seats is omitted."""
        rows = tuple(row for row in section.rows if row.seats)
        if rows:
            self.sections.append(replace(section, rows=rows))

    def finish(self, root: DocumentNode, name: str = "", *, seats_minted: int = 0, areas_minted: int = 0) -> Draft:
        """Return the draft.

        Raises:
            LayoutFaults: holds all faults, including those of the whole draft.
        """
        if not self.findings and not self.sections and not self.areas:
            root.fault(FaultCode.NOTHING_TO_SELL, "", "There is neither a seat nor an area; add at least one.")
        if not self.findings and not self.categories:
            root.fault(FaultCode.CATEGORY_MISSING, "", "There are no categories; list at least one.")
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
            message = f"After translation and rotation, {distant} positions exceed ±{COORDINATE_MAX}; move all closer."
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
            message = f"The areas up to this one have more than {CAPACITY_MAX} places; make them smaller."
            node.fault(FaultCode.TOO_MANY, "", message)

    def _check_label(self, node: DocumentNode, section: str, row: str, seat: Seat, field: str) -> None:
        first = self._seat_labels.setdefault((visible_text(section), visible_text(row), visible_text(seat.label)), node)
        if first is not node:
            where = " of ".join(filter(None, (row and f"row {quoted(row)}", section and f"section {quoted(section)}")))
            duplicate = f"Seat {quoted(seat.label)} occurs twice in {where or 'one row'}, first at {first.path()}"
            message = f"{duplicate}; give each its own label."
            node.fault(FaultCode.DUPLICATE_LABEL, field, message)

    def _check_source_id(self, node: DocumentNode, source_id: str, field: str) -> None:
        if not source_id or not field:
            return
        first = self._source_ids.setdefault(source_id, node)
        if first is not node:
            message = f"The id {quoted(source_id)} occurs twice, first at {first.path()}; each place needs its own."
            node.fault(FaultCode.DUPLICATE_SOURCE_ID, field, message)


def is_blank(node: DocumentNode, field: str) -> bool:
    """Return whether a field is absent, null or a text without visible characters."""
    value = node.fields.get(field)
    return value is None or (isinstance(value, str) and not visible_text(value))


def normalized_name(name: str) -> str:
    """Return a name without differences of case, blanks and characters of no width."""
    return visible_text(name).casefold()


def labels_id(*labels: str) -> str:
    """Return a source id made of labels, for sources without ids; two different paths never give the same id."""
    return "/".join(label.replace("~", "~0").replace("/", "~1") for label in labels)


def color_or_palette(node: DocumentNode, field: str, position: int) -> str:
    """Read a colour; any other notation, such as `red`, gives the palette's colour for `position`."""
    text = node.optional_text(field)
    return text if is_color(text) else PALETTE[position % len(PALETTE)]


def is_color(text: str) -> bool:
    """Return whether a text is a colour such as `#0072B2` or `#07B`."""
    return text[:1] == "#" and len(text) in _COLOR_LENGTHS and _HEX_DIGITS.issuperset(text[1:])


def color(node: DocumentNode, field: str, position: int) -> str:
    """Read a colour such as `#0072B2`; if absent, return the palette's colour for `position`."""
    text = node.optional_text(field)
    if not text:
        return PALETTE[position % len(PALETTE)]
    if not is_color(text):
        node.fault(FaultCode.BAD_COLOR, field, f"A colour is written like #0072B2; {quoted(text)} is not.")
    return text
