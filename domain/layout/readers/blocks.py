"""Puts seats that came without coordinates into straight rows, section behind section, in front of a stage."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from domain.layout.model import FocalPoint, Row, Section

SEAT_PITCH = 50
ROW_PITCH = 90
SECTION_GAP = 200
STAGE = FocalPoint(key="stage", x=0.0, y=-300.0)


def in_blocks(sections: Sequence[Section]) -> Iterator[Section]:
    """Yield the sections with centred rows; units are centimetres, the first row stands at y = 0."""
    front = 0
    for section in sections:
        yield _block(section, front)
        front += len(section.rows) * ROW_PITCH + SECTION_GAP


def _block(section: Section, front: int) -> Section:
    rows = (_centred(row, float(front + index * ROW_PITCH)) for index, row in enumerate(section.rows))
    return replace(section, rows=tuple(rows), focal_point=STAGE.key)


def _centred(row: Row, y: float) -> Row:
    left = -(len(row.seats) - 1) * SEAT_PITCH / 2
    return replace(
        row, seats=tuple(replace(seat, x=left + index * SEAT_PITCH, y=y) for index, seat in enumerate(row.seats))
    )
