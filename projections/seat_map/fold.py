"""The seat map: state of each seat of a performance that has had an event, and number of seats per state.

A held seat is free once its deadline has passed: rows hold the deadline, queries compare it with the current time.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from projections.engine.model import PartitionSpec, ProjectedEvent, ReadModel, WriteStep
from projections.seat_map import tables as sql

NAME = "seat_map"
FREE = "free"

SeatChange = dict[str, Any]


def to_held(data: Mapping[str, Any]) -> SeatChange:
    """Return the change to held, until the hold's deadline."""
    return {"state": "held", "until": data["expires_at"], "price": data["price"]}


def to_extended(data: Mapping[str, Any]) -> SeatChange:
    """Return the change of a hold's deadline."""
    return {"state": "held", "until": data["expires_at"], "keeps_price": True}


def to_sold(_: Mapping[str, Any]) -> SeatChange:
    """Return the change to sold."""
    return {"state": "sold", "until": None, "keeps_price": True}


def to_blocked(data: Mapping[str, Any]) -> SeatChange:
    """Return the change to blocked, until the block's release date if it has one."""
    return {"state": "blocked", "until": data["release_at"]}


def to_free(_: Mapping[str, Any]) -> SeatChange:
    """Return the change to free."""
    return {"state": FREE, "until": None}


FOLD_BY_EVENT: dict[str, Callable[[Mapping[str, Any]], SeatChange]] = {
    "SeatHeld": to_held,
    "SeatHoldExtended": to_extended,
    "SeatReleased": to_free,
    "SeatSold": to_sold,
    "SeatReturned": to_free,
    "SeatBlocked": to_blocked,
    "SeatUnblocked": to_free,
}


def fold(events: Sequence[ProjectedEvent]) -> Sequence[WriteStep]:
    """Return the statements that write each seat's state after the batch, and the counts."""
    seats: dict[str, SeatChange] = {}
    for event in events:
        change = FOLD_BY_EVENT[event.name](event.data)
        before = seats.get(event.stream)
        if before is not None and change.get("keeps_price"):
            change["price"], change["keeps_price"] = before.get("price"), before.get("keeps_price")
        performance, _, seat = event.key.rpartition("-")
        seats[event.stream] = {**change, "performance": performance, "seat": seat, "position": event.position}
    rows = list(seats.values())
    return [WriteStep(sql.FOLD_SEATS, rows), WriteStep(sql.DROP_EMPTY_TALLIES, rows)]


SEAT_MAP = ReadModel(
    name=NAME,
    version=1,
    schema=sql.SCHEMA,
    event_names=frozenset(FOLD_BY_EVENT),
    fold=fold,
    partition=PartitionSpec(prefix="seat-{performance}-", tables=("seat", "tally")),
)
