"""The seat map: state of each seat of a performance that has had an event, and number of seats per state.

A held seat is free once its deadline has passed: rows hold the deadline, queries compare it with the current time.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from projections.engine.model import PartitionSpec, ProjectedEvent, ReadModel, WriteStep
from projections.engine.queries import ReadModelQueries
from projections.seat_map import tables as sql

NAME = "seat_map"
FREE = "free"

SeatChange = dict[str, Any]


def held(data: Mapping[str, Any]) -> SeatChange:
    """Return the change to held, until the hold's deadline."""
    return {"state": "held", "until": data["expires_at"], "price": data["price"]}


def extended(data: Mapping[str, Any]) -> SeatChange:
    """Return the change of a hold's deadline."""
    return {"state": "held", "until": data["expires_at"], "keeps_price": True}


def sold(_: Mapping[str, Any]) -> SeatChange:
    """Return the change to sold."""
    return {"state": "sold", "until": None, "keeps_price": True}


def blocked(data: Mapping[str, Any]) -> SeatChange:
    """Return the change to blocked, until the block's release date if it has one."""
    return {"state": "blocked", "until": data["release_at"]}


def free(_: Mapping[str, Any]) -> SeatChange:
    """Return the change to free."""
    return {"state": FREE, "until": None}


FOLD_BY_EVENT: dict[str, Callable[[Mapping[str, Any]], SeatChange]] = {
    "SeatHeld": held,
    "SeatHoldExtended": extended,
    "SeatReleased": free,
    "SeatSold": sold,
    "SeatReturned": free,
    "SeatBlocked": blocked,
    "SeatUnblocked": free,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatGroup:
    """Seats with the same state and deadline.

    Args:
        until: deadline of the hold or the block; None without one.
        positions: position of each seat's last event, in the order of `seats`; empty in a map as of an earlier moment.
    """

    state: str
    until: datetime | None
    seats: Sequence[str]
    positions: Sequence[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatMap:
    """Every seat of a performance that has had an event, as of `position`."""

    position: int
    groups: Sequence[SeatGroup]

    def taken_at(self, now: datetime) -> Iterator[SeatGroup]:
        """Return the groups that are not free at `now`, without those whose deadline has passed."""
        return (group for group in self.groups if group.state != FREE and (group.until is None or group.until > now))

    def states_at(self, now: datetime) -> Iterator[tuple[str, str]]:
        """Return (seat, state) of each seat that is not free at `now`."""
        return ((seat, group.state) for group in self.taken_at(now) for seat in group.seats)


async def read_seat_map(models: ReadModelQueries, *, performance: str) -> SeatMap:
    """Return every seat of a performance that has had an event, grouped by state and deadline."""
    found = await models.fetch([NAME], sql.SEATS_OF_PERFORMANCE, {"performance": performance})
    groups = [SeatGroup(**row) for row in found.rows]
    return SeatMap(position=found.position, groups=groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatCounts:
    """Number of taken seats per state; holds and blocks count until their deadline (holds up to 1 s longer)."""

    held: int = 0
    sold: int = 0
    blocked: int = 0

    def available(self, capacity: int) -> int:
        """Return `capacity` less the taken seats."""
        return capacity - self.held - self.sold - self.blocked


async def count_seats(
    models: ReadModelQueries, *, performances: Sequence[str], now: datetime
) -> Mapping[str, SeatCounts]:
    """Return the taken seats of each performance at `now`; a performance without rows has zero."""
    found = await models.fetch([NAME], sql.TALLIES, {"performances": list(performances), "now": now})
    counted = {
        row["performance"]: SeatCounts(held=row["held"] or 0, sold=row["sold"] or 0, blocked=row["blocked"] or 0)
        for row in found.rows
    }
    return {performance: counted.get(performance, SeatCounts()) for performance in performances}
