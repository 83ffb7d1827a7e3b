"""Refusals of choosing, holding and ordering seats."""

from collections.abc import Mapping, Sequence

from domain.errors.base import Conflict, Invalid


class UnknownSeats(Invalid):
    """The performance does not have these seats, areas or prices."""

    code = "unknown_seats"


class DuplicateSeats(Invalid):
    """A seat is named more than once."""

    code = "seats_named_twice"


class TooManySeats(Invalid):
    """No seat is named, or more than the hard cap."""

    code = "too_many_seats"


class SeatsTaken(Conflict):
    """The seats are sold, blocked, or in a live hold.

    `own`: the seats that the buyer has, each with its hold or order.
    """

    code = "seats_taken"

    def __init__(self, seats: Sequence[str], own: Sequence[Mapping[str, str | None]] = ()) -> None:
        if not own:
            super().__init__("These seats are no longer free; choose others.", seats=list(seats))
            return
        message = "You have these seats already; continue with the basket or order named in `own`."
        if len(own) < len(seats):
            message = "You have some of these seats already (`own`); the others are no longer free."
        super().__init__(message, seats=list(seats), own=list(own))


class AreaSoldOut(Conflict):
    """The area has fewer free places than requested."""

    code = "area_sold_out"


class HoldLapsed(Conflict):
    """The basket's deadline has passed."""

    code = "hold_lapsed"


class HoldAlreadyOrdered(Conflict):
    """The hold belongs to an order and ends only through that order."""

    code = "hold_ordered"


class HoldEnded(Conflict):
    """The hold was released or has expired."""

    code = "hold_ended"


class AlreadyExtended(Conflict):
    """The basket's deadline was extended before; it can be extended once."""

    code = "already_extended"


class LimitReached(Conflict):
    """A limit of the performance on seats or holds, or of the organizer on devices, is reached."""

    code = "limit_reached"


class NotOnSale(Conflict):
    """The performance is not on sale yet, no longer on sale, or its sales are paused."""

    code = "not_on_sale"


class PerformanceIsCancelled(Conflict):
    """The performance does not take place."""

    code = "performance_cancelled"


class PerformanceStarted(Conflict):
    """The performance has begun."""

    code = "performance_started"


class OrderEnded(Conflict):
    """The order has expired or was cancelled."""

    code = "order_ended"


class OrderAlreadyConfirmed(Conflict):
    """The order is confirmed; it can only be refunded, not cancelled."""

    code = "order_confirmed"


class NotConfirmed(Conflict):
    """The order is not confirmed."""

    code = "not_confirmed"
