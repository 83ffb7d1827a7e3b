"""One seat at one performance: free, held, sold or blocked, and every transition between these states."""

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
    """The seat belongs to a paid order; `ticket` admits its holder."""

    order: str
    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatReturned:
    """A sold seat was returned and its ticket is void."""

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
    """The seat is on sale again; `reason` is the block reason that staff named, if any."""

    reason: BlockReason | None = None


SeatEvent = SeatHeld | SeatHoldExtended | SeatReleased | SeatSold | SeatReturned | SeatBlocked | SeatUnblocked


@dataclass(frozen=True, slots=True, kw_only=True)
class Free:
    """Available to any buyer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Claimed by `hold` until `expires_at`; after that the next buyer may take it."""

    hold: str
    expires_at: datetime
    holder: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold:
    """Part of a paid order; `holder`: the account that held it before the sale, if the sale followed a hold."""

    order: str
    ticket: str
    holder: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """Taken off sale by staff, at most until `release_at`."""

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
    """Return the account that holds or held the seat; None if there is none or it is not known."""
    return seat.holder if isinstance(seat, Held | Sold) else None


SEAT: StreamType[Seat] = StreamType("seat", FREE, evolve)


def free_events(seat: Seat, key: str, context: DecisionContext) -> Sequence[SeatEvent]:
    """Return the events that free the seat for the next buyer; none if it is free already.

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
    """Return whether the next buyer could take the seat now."""
    try:
        free_events(seat, "", context)
    except SeatsTaken:
        return False
    return True


def returned_events(seat: Seat, *, order: str, ticket: str, reason: RefundReason) -> Sequence[SeatEvent]:
    """Return the events that return a sold seat; none unless this order owns it with this ticket."""
    match seat:
        case Sold(order=own, ticket=issued) if (own, issued) == (order, ticket):
            return (SeatReturned(order=order, reason=reason),)
        case _:
            return ()


def release_events(seat: Seat, *, hold: str, reason: ReleaseReason) -> Sequence[SeatEvent]:
    """Return the events that release the seat; none unless `hold` holds it."""
    match seat:
        case Held(hold=held) if held == hold:
            return (SeatReleased(hold=hold, reason=reason),)
        case _:
            return ()
