"""Claims on places: choose free places of areas, claim seats, and name those that the buyer has."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.account import has_guests, owns
from domain.decision import DecisionContext
from domain.errors import (
    AreaSoldOut,
    SeatsTaken,
)
from domain.hold import HOLD, OpenHold
from domain.pricing import Choice
from domain.seat import (
    SEAT,
    Held,
    Seat,
    SeatHeld,
    Sold,
    free_events,
    holder_of,
    is_free,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaCandidates:
    """A request for `quantity` places of an area, chosen from `candidates` (sampled at random by the caller)."""

    area: str
    quantity: int
    candidates: tuple[str, ...]
    ticket_type: str = "adult"


def choose_area_places(context: DecisionContext, performance: str, requests: Sequence[AreaCandidates]) -> list[Choice]:
    """Return free places for every requested area; no place is chosen twice.

    Raises:
        AreaSoldOut: too few of an area's candidates are free; holds how many are.
    """
    chosen: dict[str, Choice] = {}
    for request in requests:
        free: dict[str, Choice] = {}
        for candidate in request.candidates:
            if len(free) == request.quantity:
                break
            if candidate not in chosen and is_free(context.read(SEAT, performance, candidate), context):
                free[candidate] = Choice(seat=candidate, ticket_type=request.ticket_type, area=request.area)
        if len(free) < request.quantity:
            raise AreaSoldOut("Too few places are left in this area.", area=request.area, left=len(free))
        chosen |= free
    return list(chosen.values())


def claim_events(context: DecisionContext, performance: str, claims: dict[str, SeatHeld]) -> dict[str, list[Any]]:
    """Return the events that claim every seat, preceded by those that end lapsed claims.

    Raises:
        SeatsTaken: names every seat that is not free, and which of them the buyer has.
    """
    seats = context.read_many(SEAT, [(performance, key) for key in claims])
    changes: dict[str, list[Any]] = {}
    taken: dict[str, Seat] = {}
    for seat, (key, claim) in zip(seats, claims.items(), strict=True):
        try:
            changes[SEAT.stream(performance, key)] = [*free_events(seat, key, context), claim]
        except SeatsTaken:
            taken[key] = seat
    if taken:
        own = [
            find_holding(context, key, seat)
            for key, seat in taken.items()
            if has_seat(context, claims[key].holder, seat)
        ]
        raise SeatsTaken(list(taken), own)
    return changes


def has_seat(context: DecisionContext, account: str, seat: Seat) -> bool:
    """Return whether an account has a seat, by its own claim or by that of a guest who logged in to it."""
    holder = holder_of(seat)
    return holder is not None and (
        holder == account or (has_guests(context, account) and owns(context, account, holder))
    )


def find_holding(context: DecisionContext, key: str, seat: Seat) -> dict[str, str | None]:
    """Return the hold and the order that have a seat, for the error's `own`."""
    if isinstance(seat, Sold):
        return {"seat": key, "hold": None, "order": seat.order}
    assert isinstance(seat, Held)
    hold = context.read(HOLD, seat.hold)
    return {"seat": key, "hold": seat.hold, "order": hold.order if isinstance(hold, OpenHold) else None}
