"""Pricing of chosen places: one line per place with face value, fees and tax, fixed when quoted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.errors import DuplicateSeats, Invalid, UnknownSeats
from domain.performance import ScheduledPerformance
from domain.values import Component, ComponentKind, Line, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One place of a basket and its ticket type; `area`: the standing area it belongs to, None: a named seat."""

    seat: str
    ticket_type: str = "adult"
    area: str | None = None


class Inventory(Protocol):
    """The sellable places of a layout."""

    def place(self, key: str) -> Place | None:
        """Return the place with its current labels, or None if the layout has no such place."""
        ...


def quote(
    performance_id: str, performance: ScheduledPerformance, inventory: Inventory, choices: Sequence[Choice]
) -> tuple[Line, ...]:
    """Return a priced line for every choice; line ids count from 1.

    Raises:
        UnknownSeats: names every seat that the performance does not have. A place of a standing area cannot be chosen
            by name.
        DuplicateSeats: names every place chosen more than once.
        Invalid: a category and ticket type have no price.
    """
    places = [inventory.place(choice.seat) for choice in choices]
    unknown = [
        choice.seat for choice, place in zip(choices, places, strict=True) if place is None or place.area != choice.area
    ]
    if unknown:
        raise UnknownSeats("The performance has no such seats.", seats=unknown)
    require_distinct([choice.seat for choice in choices])
    return tuple(
        line(str(number), performance_id, performance, place, choice.ticket_type)
        for number, (choice, place) in enumerate(zip(choices, places, strict=True), start=1)
        if place is not None
    )


def require_distinct(seats: Sequence[str]) -> None:
    """Refuse a place that is named more than once.

    Raises:
        DuplicateSeats: names every such place.
    """
    if len(set(seats)) < len(seats):
        twice = sorted({seat for seat in seats if seats.count(seat) > 1})
        raise DuplicateSeats("Name each seat once.", seats=twice)


def line(line_id: str, performance_id: str, performance: ScheduledPerformance, place: Place, ticket_type: str) -> Line:
    """Return the line of one place and ticket type.

    Raises:
        Invalid: the performance has no price for them.
    """
    amount = performance.prices.get((place.category, ticket_type))
    if amount is None:
        raise Invalid("This ticket type has no price here.", category=place.category, ticket_type=ticket_type)
    face = Component(kind=ComponentKind.FACE, net=amount, gross=amount)
    return Line(
        line_id=line_id,
        performance=performance_id,
        place=place,
        ticket_type=ticket_type,
        components=(face,),
        gross=amount,
    )


def refundable_amount(lines: Sequence[Line]) -> int:
    """Return the sum of the lines' refundable components, in minor units."""
    return sum(component.gross for line in lines for component in line.components if component.refundable)
