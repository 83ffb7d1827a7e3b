"""The format `grid`: `{sections: [{name, category, rows, seats_per_row}]}`, drawn one behind the other."""

from dataclasses import dataclass

from domain.layout.formats.blocks import STAGE_POSITION, arrange_in_blocks
from domain.layout.formats.document_node import DocumentNode, quoted
from domain.layout.formats.draft_builder import DraftBuilder, labels_id
from domain.layout.formats.labels import visible_text
from domain.layout.model import (
    ROWS_PER_SECTION_MAX,
    SEATS_MAX,
    SEATS_PER_ROW_MAX,
    SECTIONS_MAX,
    Draft,
    Row,
    Seat,
    Section,
)
from domain.layout.numerals import letters
from domain.layout.validation import FaultCode


def read_grid(document: DocumentNode) -> Draft:
    """Parse sections of equal rows, lettered from the front; seats are numbered from the left, units are centimetres.

    Raises:
        LayoutFaults: holds every fault of the document.
    """
    document.reject_other_fields({"sections"})
    builder = DraftBuilder(document.findings)
    builder.focal_points[STAGE_POSITION.key] = STAGE_POSITION
    grids = [_read_section(node, builder) for node in document.required_children("sections", SECTIONS_MAX)]
    _check(document, grids)
    for section in arrange_in_blocks([_section(grid) for grid in grids]):
        builder.add_section(section)
    return builder.finish(document)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    node: DocumentNode
    name: str
    category: str
    rows: int
    seats_per_row: int


def _read_section(node: DocumentNode, builder: DraftBuilder) -> _Grid:
    node.reject_other_fields({"name", "category", "rows", "seats_per_row"})
    return _Grid(
        node=node,
        name=node.text("name"),
        category=builder.named_category(builder.category_name(node, "category")),
        rows=node.whole("rows", 1, ROWS_PER_SECTION_MAX),
        seats_per_row=node.whole("seats_per_row", 1, SEATS_PER_ROW_MAX),
    )


def _check(document: DocumentNode, grids: list[_Grid]) -> None:
    first: dict[str, DocumentNode] = {}
    for grid in grids:
        known = first.setdefault(visible_text(grid.name), grid.node)
        if grid.name and known is not grid.node:
            message = f"Section {quoted(grid.name)} occurs twice, first at {known.path()}; rename one."
            grid.node.fault(FaultCode.DUPLICATE_LABEL, "name", message)
    if sum(grid.rows * grid.seats_per_row for grid in grids) > SEATS_MAX:
        document.fault(FaultCode.TOO_MANY, "sections", f"A layout has at most {SEATS_MAX} seats; make it smaller.")
    document.findings.raise_if_any()


def _section(grid: _Grid) -> Section:
    return Section(label=grid.name, rows=tuple(_row(grid, letters(index)) for index in range(grid.rows)))


def _row(grid: _Grid, label: str) -> Row:
    numbers = map(str, range(1, grid.seats_per_row + 1))
    return Row(label=label, seats=tuple(_seat(grid, label, number) for number in numbers))


def _seat(grid: _Grid, row: str, number: str) -> Seat:
    source_id = labels_id(grid.name, row, number)
    return Seat(label=number, category=grid.category, x=0.0, y=0.0, source_id=source_id)
