"""Makes a draft a layout: every seat and area gets the key it keeps through relabelling and new versions."""

from collections.abc import Iterable
from dataclasses import fields, replace

from domain.layout.model import AREA_LETTER, KEY_NUMBER_MAX, SEAT_LETTER, Area, Draft, Layout, Row, Seat, Section
from domain.layout.numerals import base36
from domain.layout.validation import FaultCode, FaultCollector

_NOTHING = Layout(categories=(), sections=())


def publish(draft: Draft, previous: Layout | None = None) -> Layout:
    """Give every seat and area its key.

    A key that the document itself brings is kept; else the key that the same source id had in `previous`; else a new
    one, counted on from the highest ever made. Seats' keys begin with s, areas' with a, so they never meet; a place's
    key is its area's and a number of fixed width.

    Raises:
        LayoutFaults: the numbers of the keys are used up.
    """
    before = previous or _NOTHING
    seats = _Mint(SEAT_LETTER, draft.seats(), before.seats(), max(draft.seats_minted, before.seats_minted))
    areas = _Mint(AREA_LETTER, draft.areas, before.areas, max(draft.areas_minted, before.areas_minted))
    content = {field.name: getattr(draft, field.name) for field in fields(Draft)}
    content["sections"] = tuple(_keyed_section(section, seats) for section in draft.sections)
    content["areas"] = tuple(replace(area, key=areas.key_of(area)) for area in draft.areas)
    content["seats_minted"], content["areas_minted"] = seats.highest, areas.highest
    require_key_numbers(max(seats.highest, areas.highest))
    return Layout(**content)


def require_key_numbers(highest: int) -> None:
    """Insist that the highest number of a key can be read back.

    Raises:
        LayoutFaults: it cannot.
    """
    if highest > KEY_NUMBER_MAX:
        message = f"The keys would be numbered beyond {KEY_NUMBER_MAX}; leave the keys and `minted` out."
        FaultCollector().fail(FaultCode.BAD_KEY, "minted", message)


class _Mint:
    """Hands out the keys of one kind."""

    def __init__(self, letter: str, drafted: Iterable[Seat | Area], known: Iterable[Seat | Area], highest: int) -> None:
        brought = {thing.key for thing in drafted if thing.key}
        self._letter = letter
        self._known = {thing.source_id: thing.key for thing in known if thing.key not in brought}
        self.highest = max([highest, *(int(key[1:], 36) for key in brought)])

    def key_of(self, thing: Seat | Area) -> str:
        """Return the key of a seat or area, making one where there is none yet."""
        return thing.key or self._known.get(thing.source_id) or self._new()

    def _new(self) -> str:
        self.highest += 1
        return f"{self._letter}{base36(self.highest)}"


def _keyed_section(section: Section, mint: _Mint) -> Section:
    return replace(section, rows=tuple(_keyed_row(row, mint) for row in section.rows))


def _keyed_row(row: Row, mint: _Mint) -> Row:
    return replace(row, seats=tuple(_keyed_seat(seat, mint) for seat in row.seats))


def _keyed_seat(seat: Seat, mint: _Mint) -> Seat:
    return seat if seat.key else replace(seat, key=mint.key_of(seat))
