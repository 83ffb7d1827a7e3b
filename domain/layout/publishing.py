"""Publishes a draft: every seat and area gets a key that it keeps when it is relabelled and in later versions."""

from collections.abc import Iterable
from dataclasses import fields, replace

from domain.layout.model import AREA_LETTER, KEY_NUMBER_MAX, SEAT_LETTER, Area, Draft, Layout, Row, Seat, Section
from domain.layout.numerals import base36
from domain.layout.validation import FaultCode, FaultCollector

_NOTHING = Layout(categories=(), sections=())


def publish(draft: Draft, previous: Layout | None = None) -> Layout:
    """Return the draft as a layout in which every seat and area has a key.

    A key in the document is kept; else the key of the same source id in `previous` is used; else a new one, numbered
    on from the highest ever made. Keys of seats begin with s and keys of areas with a, so they never collide; the key
    of a place is that of its area and a number of fixed width.

    Raises:
        LayoutFaults: a number would exceed `KEY_NUMBER_MAX`.
    """
    before = previous or _NOTHING
    seats = _KeyGenerator(SEAT_LETTER, draft.seats(), before.seats(), max(draft.seats_minted, before.seats_minted))
    areas = _KeyGenerator(AREA_LETTER, draft.areas, before.areas, max(draft.areas_minted, before.areas_minted))
    content = {field.name: getattr(draft, field.name) for field in fields(Draft)}
    content["sections"] = tuple(_keyed_section(section, seats) for section in draft.sections)
    content["areas"] = tuple(replace(area, key=areas.key_of(area)) for area in draft.areas)
    content["seats_minted"], content["areas_minted"] = seats.highest, areas.highest
    require_key_numbers(max(seats.highest, areas.highest))
    return Layout(**content)


def require_key_numbers(highest: int) -> None:
    """Refuse a key number that could not be read back.

    Raises:
        LayoutFaults: `highest` exceeds `KEY_NUMBER_MAX`.
    """
    if highest > KEY_NUMBER_MAX:
        message = f"The keys would be numbered above {KEY_NUMBER_MAX}; leave the keys and `minted` out."
        FaultCollector().fail(FaultCode.BAD_KEY, "minted", message)


class _KeyGenerator:
    """Generates the keys of seats or of areas."""

    def __init__(self, letter: str, drafted: Iterable[Seat | Area], known: Iterable[Seat | Area], highest: int) -> None:
        in_document = {item.key for item in drafted if item.key}
        self._letter = letter
        self._known = {item.source_id: item.key for item in known if item.key not in in_document}
        self.highest = max([highest, *(int(key[1:], 36) for key in in_document)])

    def key_of(self, item: Seat | Area) -> str:
        """Return the key of a seat or area; a new one if it has none."""
        return item.key or self._known.get(item.source_id) or self._new()

    def _new(self) -> str:
        self.highest += 1
        return f"{self._letter}{base36(self.highest)}"


def _keyed_section(section: Section, keys: _KeyGenerator) -> Section:
    return replace(section, rows=tuple(_keyed_row(row, keys) for row in section.rows))


def _keyed_row(row: Row, keys: _KeyGenerator) -> Row:
    return replace(row, seats=tuple(_keyed_seat(seat, keys) for seat in row.seats))


def _keyed_seat(seat: Seat, keys: _KeyGenerator) -> Seat:
    return seat if seat.key else replace(seat, key=keys.key_of(seat))
