"""Arranges seats without coordinates in straight rows, in sections facing a stage."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from domain.layout.model import FocalPoint, Row, Section

SEAT_PITCH = 50
ROW_PITCH = 90
SECTION_GAP = 200
SECTIONS_IN_LINE_MAX = 4
STAGE_POSITION = FocalPoint(key="stage", x=0.0, y=-300.0)


def arrange_in_blocks(sections: Sequence[Section]) -> Iterator[Section]:
    """Yield the sections with coordinates: rows are centred, the first has y = 0, units are centimetres.

    Up to `SECTIONS_IN_LINE_MAX` sections are placed one behind the other, more are placed in several columns.
    """
    columns = columns_of(sections)
    pitch = max(map(_width, sections), default=0) + SECTION_GAP
    front = 0
    for begin in range(0, len(sections), columns):
        beside = sections[begin : begin + columns]
        for column, section in enumerate(beside):
            yield _block(section, front, (column - (len(beside) - 1) / 2) * pitch)
        front += max(map(_depth, beside)) + SECTION_GAP


def columns_of(sections: Sequence[Section]) -> int:
    """Return the number of columns of sections with which the layout is about as wide as deep."""
    if len(sections) <= SECTIONS_IN_LINE_MAX:
        return 1
    width = max(map(_width, sections)) + SECTION_GAP
    depth = sum(_depth(section) + SECTION_GAP for section in sections)
    return max(1, min(len(sections), round(math.sqrt(depth / width))))


def _width(section: Section) -> int:
    return max((len(row.seats) for row in section.rows), default=0) * SEAT_PITCH


def _depth(section: Section) -> int:
    return len(section.rows) * ROW_PITCH


def _block(section: Section, front: int, middle: float) -> Section:
    rows = (_centred(row, middle, float(front + index * ROW_PITCH)) for index, row in enumerate(section.rows))
    return replace(section, rows=tuple(rows), focal_point=STAGE_POSITION.key)


def _centred(row: Row, middle: float, y: float) -> Row:
    left = middle - (len(row.seats) - 1) * SEAT_PITCH / 2
    return replace(
        row, seats=tuple(replace(seat, x=left + index * SEAT_PITCH, y=y) for index, seat in enumerate(row.seats))
    )
