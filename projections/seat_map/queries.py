"""Queries for the seat map and the number of seats per state."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from projections.engine.queries import ReadModelQueries
from projections.seat_map import tables as sql
from projections.seat_map.fold import FREE, NAME


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
