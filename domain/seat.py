"""One seat at one performance: free, held, sold or blocked, and every way from one to the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from domain.decision import DecisionContext, StreamType
from domain.errors import SeatsTaken
from domain.values import BlockReason, RefundReason, ReleaseReason


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatHeld:
    """A buyer claimed the seat until `expires_at`, at `price` (minor units, gross)."""

    hold: str
    holder: str
    price: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatHoldExtended:
    """The claim's deadline moved."""

    hold: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatReleased:
    """The claim ended without a sale."""

    hold: str
    reason: ReleaseReason


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatSold:
    """The seat belongs to a paid order; `ticket` admits to it."""

    order: str
    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatReturned:
    """A sold seat came back, its ticket void."""

    order: str
    reason: RefundReason


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatBlocked:
    """Staff took the seat off sale, for `owner` (an account) and at most until `release_at`, if given."""

    reason: BlockReason
    owner: str
    release_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatUnblocked:
    """The seat is on sale again; `reason` is why staff says it was blocked, if they said so."""

    reason: BlockReason | None = None


SeatEvent = SeatHeld | SeatHoldExtended | SeatReleased | SeatSold | SeatReturned | SeatBlocked | SeatUnblocked


@dataclass(frozen=True, slots=True, kw_only=True)
class Free:
    """Anybody may take it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Claimed by `hold` until `expires_at`; from then on free for the next buyer."""

    hold: str
    expires_at: datetime
    holder: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold:
    """Part of a paid order; `holder`: the account whose hold it was, if the sale followed a hold."""

    order: str
    ticket: str
    holder: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """Off sale by staff, at most until `release_at`."""

    reason: BlockReason
    release_at: datetime | None


Seat = Free | Held | Sold | Blocked

FREE = Free()


def evolve(seat: Seat, event: SeatEvent) -> Seat:
    """Return the seat after `event`."""
    match event:
        case SeatHeld():
            return Held(hold=event.hold, expires_at=event.expires_at, holder=event.holder)
        case SeatHoldExtended():
            return Held(hold=event.hold, expires_at=event.expires_at, holder=holder_of(seat))
        case SeatSold():
            return Sold(order=event.order, ticket=event.ticket, holder=holder_of(seat))
        case SeatBlocked():
            return Blocked(reason=event.reason, release_at=event.release_at)
        case SeatReleased() | SeatReturned() | SeatUnblocked():
            return FREE
        case _:
            assert_never(event)


def holder_of(seat: Seat) -> str | None:
    """Return the account that claimed a seat, if one did and it is known."""
    return seat.holder if isinstance(seat, Held | Sold) else None


SEAT: StreamType[Seat] = StreamType("seat", FREE, evolve)


def free_events(seat: Seat, key: str, context: DecisionContext) -> Sequence[SeatEvent]:
    """Return the events that make the seat free to take now; none if it is free already.

    Raises:
        SeatsTaken: sold, blocked, or in a live hold.
    """
    match seat:
        case Free():
            return ()
        case Held(hold=lapsed, expires_at=deadline) if context.deadline_passed(deadline):
            return (SeatReleased(hold=lapsed, reason=ReleaseReason.LAPSED),)
        case Blocked(release_at=until) if until is not None and context.deadline_passed(until):
            return (SeatUnblocked(),)
        case Held() | Sold() | Blocked():
            raise SeatsTaken([key])
        case _:
            assert_never(seat)


def is_free(seat: Seat, context: DecisionContext) -> bool:
    """Say whether the next buyer could take the seat now."""
    try:
        free_events(seat, "", context)
    except SeatsTaken:
        return False
    return True


def returned_events(seat: Seat, *, order: str, ticket: str, reason: RefundReason) -> Sequence[SeatEvent]:
    """Return a sold seat if it is still this order's, sold with this ticket."""
    match seat:
        case Sold(order=own, ticket=issued) if (own, issued) == (order, ticket):
            return (SeatReturned(order=order, reason=reason),)
        case _:
            return ()


def release_events(seat: Seat, *, hold: str, reason: ReleaseReason) -> Sequence[SeatEvent]:
    """Give the seat back if it is still this hold's."""
    match seat:
        case Held(hold=held) if held == hold:
            return (SeatReleased(hold=hold, reason=reason),)
        case _:
            return ()
