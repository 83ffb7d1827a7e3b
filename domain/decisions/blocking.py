"""Blocking: staff takes seats off sale and puts them back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.decision import Changes, DecisionContext
from domain.errors import Invalid, SeatsTaken, TooManySeats, UnknownSeats
from domain.performance import require_not_cancelled
from domain.pricing import Inventory, require_distinct
from domain.seat import SEAT, Blocked, Seat, SeatBlocked, SeatEvent, SeatUnblocked, free_events
from domain.values import SEATS_PER_BLOCK_MAX, BlockReason


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockSeats:
    """Take seats off sale, at most until `release_at`."""

    performance: str
    seats: tuple[str, ...]
    reason: BlockReason
    owner: str
    release_at: datetime | None = None


def block_seats(context: DecisionContext, command: BlockSeats, inventory: Inventory) -> Changes:
    """Block every seat or none; a seat with an equal block records nothing.

    A block with another reason or release date replaces the present one.

    Raises:
        NotFound, PerformanceIsCancelled, TooManySeats, DuplicateSeats, UnknownSeats.
        Invalid: the release date has passed.
        SeatsTaken: names every seat that is sold or in a live hold.
    """
    check_seats(context, command.performance, command.seats, inventory)
    if command.release_at is not None and context.deadline_passed(command.release_at):
        raise Invalid("The release date has passed; name a later one, or none.", release_at=command.release_at)
    states = context.read_many(SEAT, [(command.performance, key) for key in command.seats])
    changes: dict[str, list[Any]] = {}
    taken: list[str] = []
    for key, state in zip(command.seats, states, strict=True):
        try:
            changes[SEAT.stream(command.performance, key)] = block_events(state, key, command, context)
        except SeatsTaken:
            taken.append(key)
    if taken:
        raise SeatsTaken(taken)
    return {stream: events for stream, events in changes.items() if events}


def block_events(seat: Seat, key: str, command: BlockSeats, context: DecisionContext) -> list[SeatEvent]:
    """Return the events that block one seat; none if it has an equal block.

    Raises:
        SeatsTaken: sold or in a live hold.
    """
    block = SeatBlocked(reason=command.reason, owner=command.owner, release_at=command.release_at)
    if not (isinstance(seat, Blocked) and is_blocked(seat, context)):
        return [*free_events(seat, key, context), block]
    if (seat.reason, seat.release_at) == (command.reason, command.release_at):
        return []
    return [SeatUnblocked(reason=seat.reason), block]


def unblock_seats(
    context: DecisionContext,
    *,
    performance: str,
    seats: tuple[str, ...],
    inventory: Inventory,
    reason: BlockReason | None = None,
) -> Changes:
    """Put seats back on sale; seats that are not blocked, or not for `reason` if given, record nothing.

    Raises:
        NotFound, PerformanceIsCancelled, TooManySeats, DuplicateSeats, UnknownSeats.
    """
    check_seats(context, performance, seats, inventory)
    states = context.read_many(SEAT, [(performance, key) for key in seats])
    return {
        SEAT.stream(performance, key): [SeatUnblocked(reason=reason)]
        for key, state in zip(seats, states, strict=True)
        if isinstance(state, Blocked) and is_blocked(state, context) and reason in (None, state.reason)
    }


def is_blocked(seat: Blocked, context: DecisionContext) -> bool:
    """Return whether a block is in force: it has no release date, or one that has not passed."""
    return seat.release_at is None or not context.deadline_passed(seat.release_at)


def check_seats(context: DecisionContext, performance: str, seats: tuple[str, ...], inventory: Inventory) -> None:
    """Refuse no seat, too many, duplicates, or a seat that the performance does not have."""
    if not 0 < len(seats) <= SEATS_PER_BLOCK_MAX:
        raise TooManySeats(f"Name 1 to {SEATS_PER_BLOCK_MAX} seats.", allowed=SEATS_PER_BLOCK_MAX)
    require_distinct(seats)
    require_not_cancelled(context, performance)
    unknown = [key for key in seats if inventory.place(key) is None]
    if unknown:
        raise UnknownSeats("The performance has no such seats.", seats=unknown)
