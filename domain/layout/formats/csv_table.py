"""The format `csv`: a line per seat under the header `section,row,seat,category`; more columns are optional."""

import csv
import io
import re
from dataclasses import dataclass, field
from itertools import zip_longest

from domain.layout.formats.blocks import STAGE_POSITION, arrange_in_blocks
from domain.layout.formats.document_node import DocumentNode, quoted
from domain.layout.formats.draft_builder import DraftBuilder, FieldNames, labels_id
from domain.layout.model import SEATS_MAX, Attribute, Draft, Row, Seat, Section
from domain.layout.validation import FaultCode, FaultCollector

REQUIRED_COLUMNS = ("section", "row", "seat", "category")
POSITION_COLUMNS = ("x", "y")
FLAG_COLUMNS = tuple(attribute.value for attribute in Attribute)
COLUMNS = (*REQUIRED_COLUMNS, "entrance", "id", *POSITION_COLUMNS, *FLAG_COLUMNS)
SEPARATORS = (",", ";", "\t")
SEPARATOR_LINE = re.compile("sep=([,;\t])", re.IGNORECASE)
FIELDS = FieldNames(label="seat", category="category")
FIELDS_WITH_ID = FieldNames(label="seat", category="category", source_id="id")
BYTE_ORDER_MARK = "\ufeff"
_FLAGS = {"": False, "0": False, "no": False, "false": False, "1": True, "yes": True, "true": True, "x": True}


def read_csv(text: str, findings: FaultCollector) -> Draft:
    """Parse a table of seats, separated by commas, semicolons or tabs; without positions, rows are drawn straight.

    Raises:
        LayoutFaults: holds every fault of the table; a path begins with the line's number in the file.
    """
    lines = _lines(text.removeprefix(BYTE_ORDER_MARK), findings)
    columns = _columns(lines[0][1] if lines else [], findings)
    builder = DraftBuilder(findings)
    rows: dict[str, dict[str, _FoundRow]] = {}
    for number, cells in lines[1:]:
        _read_line(_node(number, cells, columns, findings), builder, rows)
    sections = [
        Section(label=section, rows=tuple(each.row(label) for label, each in found.items()))
        for section, found in rows.items()
    ]
    _place(sections, builder, positioned="x" in columns)
    return builder.finish(DocumentNode({}, findings))


@dataclass(slots=True)
class _FoundRow:
    """The seats of a row read so far, and its entrance."""

    seats: list[Seat] = field(default_factory=list)
    entrance: str = ""

    def row(self, label: str) -> Row:
        return Row(label=label, entrance=self.entrance, seats=tuple(self.seats))

    def take_entrance(self, node: DocumentNode) -> None:
        """Set the entrance from one more line; two different entrances are a fault."""
        entrance = node.optional_text("entrance")
        if entrance and self.entrance and entrance != self.entrance:
            message = f"This row has the entrance {quoted(self.entrance)} above; give all its seats the same."
            node.fault(FaultCode.DUPLICATE_LABEL, "entrance", message)
        self.entrance = self.entrance or entrance


def _separator(text: str) -> tuple[str, str]:
    """Return the separator, and the text with a spreadsheet's first line `sep=;` emptied."""
    first, _, rest = text.partition("\n")
    named = SEPARATOR_LINE.fullmatch(first.strip('\r\n "').rstrip(","))
    if named:
        return named[1], "\n" + rest
    return max(SEPARATORS, key=first.count), text


def _lines(text: str, findings: FaultCollector) -> list[tuple[int, list[str]]]:
    separator, text = _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    lines: list[tuple[int, list[str]]] = []
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                lines.append((reader.line_num, cells))
            if len(lines) > SEATS_MAX + 1:
                message = f"A layout has at most {SEATS_MAX} seats; this table has more."
                findings.fail(FaultCode.TOO_MANY, f"lines[{reader.line_num}]", message)
    except csv.Error as error:
        findings.fail(FaultCode.MALFORMED, f"lines[{reader.line_num}]", f"This line is not CSV: {error}.")
    return without_empty_columns(lines)


def without_empty_columns(lines: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """Remove the columns on the right that are blank in every line."""
    width = max((last_filled(cells) for _, cells in lines), default=0)
    return [(number, cells[:width]) for number, cells in lines]


def last_filled(cells: list[str]) -> int:
    """Return the number of cells up to the last one that is not blank."""
    return next((index for index in range(len(cells), 0, -1) if cells[index - 1].strip()), 0)


def _columns(header: list[str], findings: FaultCollector) -> list[str]:
    columns = [cell.strip().casefold() for cell in header]
    for column in REQUIRED_COLUMNS:
        if column not in columns:
            findings.add(FaultCode.MISSING, "lines[1]", f"The header has no column {column}; add it.")
    for column in dict.fromkeys(columns):
        if column not in COLUMNS:
            message = f"There is no column {quoted(column)}; known are: {', '.join(COLUMNS)}."
            findings.add(FaultCode.UNKNOWN_FIELD, "lines[1]", message)
        elif columns.count(column) > 1:
            findings.add(FaultCode.DUPLICATE_LABEL, "lines[1]", f"The column {column} occurs twice; keep one.")
    if len({"x", "y"}.intersection(columns)) == 1:
        findings.add(FaultCode.MISSING, "lines[1]", "A position needs both columns x and y; add the other one.")
    findings.raise_if_any()
    return columns


def _node(number: int, cells: list[str], columns: list[str], findings: FaultCollector) -> DocumentNode:
    fields: dict[str, object] = dict(zip_longest(columns, cells[: len(columns)], fillvalue=""))
    for column in POSITION_COLUMNS:
        if column in fields:
            fields[column] = _number(str(fields[column]))
    for column in FLAG_COLUMNS:
        if column in fields:
            text = str(fields[column])
            fields[column] = _FLAGS.get(text.strip().casefold(), text)
    node = DocumentNode(fields, findings, None, f"lines[{number}]")
    if len(cells) > len(columns):
        message = f"This line has {len(cells)} cells, the header {len(columns)}; quote cells that hold the separator."
        node.fault(FaultCode.MALFORMED, "", message)
    return node


def _number(text: str) -> float | str:
    if "_" in text or not text.isascii():  # `float` reads 1_0 as ten
        return text
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return text


def _read_line(node: DocumentNode, builder: DraftBuilder, rows: dict[str, dict[str, _FoundRow]]) -> None:
    section, row, label = node.optional_text("section"), node.optional_text("row"), node.text("seat")
    has_id = "id" in node.fields
    seat = Seat(
        label=label,
        category=builder.named_category(node.optional_text("category")),
        x=node.optional_number("x"),
        y=node.optional_number("y"),
        source_id=node.source_id("id") if has_id else labels_id(section, row, label),
        attributes=tuple(attribute for attribute in Attribute if node.flag(attribute.value)),
    )
    builder.check_seat(node, section, row, seat, FIELDS_WITH_ID if has_id else FIELDS)
    found = rows.setdefault(section, {}).setdefault(row, _FoundRow())
    found.seats.append(seat)
    found.take_entrance(node)


def _place(sections: list[Section], builder: DraftBuilder, *, positioned: bool) -> None:
    if not positioned:
        builder.focal_points[STAGE_POSITION.key] = STAGE_POSITION
    for section in sections if positioned else arrange_in_blocks(sections):
        builder.add_section(section)
