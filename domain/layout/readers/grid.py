"""The format `grid`: `{sections: [{name, category, rows, seats_per_row}]}`, drawn one behind the other."""

from dataclasses import dataclass

from domain.layout.faults import FaultCode
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
from domain.layout.readers.assembly import Assembly, labels_id
from domain.layout.readers.blocks import STAGE, in_blocks
from domain.layout.readers.labels import as_read
from domain.layout.readers.node import Node, shown


def read_grid(document: Node) -> Draft:
    """Read sections of equal rows, lettered from the front; seats are numbered from the left, units are centimetres.

    Raises:
        LayoutFaults: everything that is wrong with the document.
    """
    document.only({"sections"})
    assembly = Assembly(document.findings)
    assembly.focal_points[STAGE.key] = STAGE
    grids = [_read_section(node, assembly) for node in document.required_children("sections", SECTIONS_MAX)]
    _judge(document, grids)
    for section in in_blocks([_section(grid) for grid in grids]):
        assembly.add_section(section)
    return assembly.finish(document)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    node: Node
    name: str
    category: str
    rows: int
    seats_per_row: int


def _read_section(node: Node, assembly: Assembly) -> _Grid:
    node.only({"name", "category", "rows", "seats_per_row"})
    return _Grid(
        node=node,
        name=node.text("name"),
        category=assembly.named_category(assembly.category_name(node, "category")),
        rows=node.whole("rows", 1, ROWS_PER_SECTION_MAX),
        seats_per_row=node.whole("seats_per_row", 1, SEATS_PER_ROW_MAX),
    )


def _judge(document: Node, grids: list[_Grid]) -> None:
    first: dict[str, Node] = {}
    for grid in grids:
        known = first.setdefault(as_read(grid.name), grid.node)
        if grid.name and known is not grid.node:
            message = f"Section {shown(grid.name)} is there twice, first at {known.path()}; rename one."
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
