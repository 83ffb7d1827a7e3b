"""Source ids derived from labels, for documents in which several places share an id."""

from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from domain.layout.formats.document_node import quoted
from domain.layout.formats.draft_builder import labels_id
from domain.layout.model import Area, Draft, Row, Seat, Section
from domain.layout.validation import FaultCode, FaultCollector


def with_ids_of_labels(draft: Draft) -> Draft:
    """Replace every source id that several places share by one made of section, row and label.

    Raises:
        LayoutFaults: a derived id belongs to another place.
    """
    repeated = {name for name, times in Counter(source_ids(draft)).items() if times > 1}
    if not repeated:
        return draft
    changed = replace(
        draft,
        sections=tuple(_section(section, repeated) for section in draft.sections),
        areas=tuple(_area(area, repeated) for area in draft.areas),
    )
    findings = FaultCollector()
    for name, times in Counter(source_ids(changed)).items():
        if times > 1:
            message = f"The id {quoted(name)} occurs twice, even with ids made of labels; give each place its own."
            findings.add(FaultCode.DUPLICATE_SOURCE_ID, "", message)
    findings.raise_if_any()
    return changed


def source_ids(draft: Draft) -> list[str]:
    """Return the source id of every seat and area."""
    return [*(seat.source_id for seat in draft.seats()), *(area.source_id for area in draft.areas)]


def _section(section: Section, repeated: Collection[str]) -> Section:
    return replace(section, rows=tuple(_row(section.label, row, repeated) for row in section.rows))


def _row(section: str, row: Row, repeated: Collection[str]) -> Row:
    return replace(row, seats=tuple(_seat(section, row.label, seat, repeated) for seat in row.seats))


def _seat(section: str, row: str, seat: Seat, repeated: Collection[str]) -> Seat:
    return replace(seat, source_id=labels_id(section, row, seat.label)) if seat.source_id in repeated else seat


def _area(area: Area, repeated: Collection[str]) -> Area:
    return replace(area, source_id=labels_id(area.section, area.label)) if area.source_id in repeated else area
