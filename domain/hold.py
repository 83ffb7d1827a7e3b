"""A basket: seats claimed together until one deadline, each at a quoted price."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from domain.decision import StreamType
from domain.values import Line, ReleaseReason


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPlaced:
    """A buyer claimed every line until `expires_at`; `order` is set if one command placed hold and order."""

    performance: str
    event: str
    organizer: str
    holder: str
    lines: tuple[Line, ...]
    total: int
    currency: str
    expires_at: datetime
    origin: str
    order: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldExtended:
    """The basket's deadline moved: its seats, order and quota share it."""

    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldOrdered:
    """The basket became an order and ends only through that order."""

    order: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldReleased:
    """The basket was released before its deadline."""

    reason: ReleaseReason


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldExpired:
    """The deadline passed and the basket ended."""


HoldEvent = HoldPlaced | HoldExtended | HoldOrdered | HoldReleased | HoldExpired


@dataclass(frozen=True, slots=True, kw_only=True)
class NoHold:
    """Not placed yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenHold:
    """A live basket, or one whose deadline has passed but which has not been expired yet."""

    performance: str
    event: str
    organizer: str
    holder: str
    lines: tuple[Line, ...]
    total: int
    currency: str
    expires_at: datetime
    extended: bool = False
    order: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedHold:
    """Released or expired; `lapsed`: the basket that expired, None if it was released."""

    holder: str
    lapsed: OpenHold | None = None


Hold = NoHold | OpenHold | EndedHold


def evolve(hold: Hold, event: HoldEvent) -> Hold:
    """Return the hold after `event`."""
    match event:
        case HoldPlaced():
            return OpenHold(
                performance=event.performance,
                event=event.event,
                organizer=event.organizer,
                holder=event.holder,
                lines=event.lines,
                total=event.total,
                currency=event.currency,
                expires_at=event.expires_at,
                order=event.order,
            )
        case HoldExtended():
            assert isinstance(hold, OpenHold)
            return replace(hold, expires_at=event.expires_at, extended=True)
        case HoldOrdered():
            assert isinstance(hold, OpenHold)
            return replace(hold, order=event.order)
        case HoldReleased():
            assert isinstance(hold, OpenHold)
            return EndedHold(holder=hold.holder)
        case HoldExpired():
            assert isinstance(hold, OpenHold)
            return EndedHold(holder=hold.holder, lapsed=hold)
        case _:
            assert_never(event)


HOLD: StreamType[Hold] = StreamType("hold", NoHold(), evolve)
