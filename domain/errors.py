"""Every refusal: the business said no, and why.

Rejected
├── Invalid                the command makes no sense as it stands (422)
│   ├── UnknownSeats       seats, areas, ticket types or prices that the performance does not have
│   ├── SeatsNamedTwice    one seat more than once
│   ├── TooManySeats       none, or more than the hard cap
│   ├── NonceReused        one nonce for two different scans
│   └── LayoutFaults       a layout's document, with every fault (in `domain/layout/faults.py`)
├── NotFound               no such thing, or nothing the asker may see (404)
├── Forbidden              may see it, may not do that (403)
│   ├── GuestHasLoggedIn   a guest acts whose baskets and orders are an account's now
│   ├── OwnDecision        owns the order, or asked for what is to be decided
│   └── DeviceIsRevoked    a scanner whose key is accepted no more
├── ChangedMeanwhile       somebody else changed the thing after it was read (412)
└── Impossible             true but impossible now (409)
    ├── SeatsTaken         sold, blocked or in somebody else's live hold; names the seats
    ├── AreaSoldOut        fewer free places in the area than asked for
    ├── HoldLapsed, HoldOrdered, HoldEnded, AlreadyExtended
    ├── LimitReached       seats per order, seats per buyer, live holds per buyer
    ├── NotOnSale          not yet, no longer, paused
    ├── PerformanceCancelled
    ├── PerformanceStarted
    ├── AlreadyPaid, OrderEnded, OrderConfirmedAlready, NotConfirmed, TooManyPayments
    ├── NothingToRefund, RefundDecided, TicketUsed, PaymentDisputed, DisputeSettled
    ├── ExceptionEnded, ResolutionNotPossible
    ├── HasBookings, HasEvents, BeingDeleted, DeletionGivenUp
    ├── NotRunning, NotPaused, NotFailed, NotParked, NotSkipped    a read model stands otherwise than the wish needs
    ├── TooMuchSetAside    a read model leaves out as much as it may
    ├── RebuildUnderWay, NoRetiredVersion, NotInParts    what can't be done with a read model's versions
    ├── LastHolder         nobody else holds a role that somebody must hold
    └── AlreadyThere       the name, address or state is taken already
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar


class Rejected(Exception):
    """The business said no; `code` is public and stable, the message says what to do."""

    code: ClassVar[str] = "rejected"

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.details = details


class Invalid(Rejected):
    """The command makes no sense as it stands."""

    code = "invalid"


class UnknownSeats(Invalid):
    """Seats, areas or prices that the performance does not have."""

    code = "unknown_seats"


class SeatsNamedTwice(Invalid):
    """One seat was named more than once."""

    code = "seats_named_twice"


class TooManySeats(Invalid):
    """No seat, or more than the hard cap."""

    code = "too_many_seats"


class NonceReused(Invalid):
    """The device used the nonce for another scan."""

    code = "nonce_reused"


class NotFound(Rejected):
    """There is no such thing, or nothing the asker may see."""

    code = "not_found"


class Forbidden(Rejected):
    """The asker may see it but may not do that."""

    code = "forbidden"


class GuestHasLoggedIn(Forbidden):
    """What the guest had is an account's now; the account acts for it."""

    code = "guest_has_logged_in"


class OwnDecision(Forbidden):
    """Who owns the order or asked for the money never decides on it."""

    code = "own_decision"


class DeviceIsRevoked(Forbidden):
    """The scanner was revoked."""

    code = "device_revoked"


class ChangedMeanwhile(Rejected):
    """The thing is not what it was when its edition was read."""

    code = "changed_meanwhile"


class Impossible(Rejected):
    """True but impossible now."""

    code = "impossible"


class SeatsTaken(Impossible):
    """Sold, blocked, or in a live hold.

    `own`: those that the buyer has already, each with the hold or the order that has it.
    """

    code = "seats_taken"

    def __init__(self, seats: Sequence[str], own: Sequence[Mapping[str, str | None]] = ()) -> None:
        if not own:
            super().__init__("These seats are no longer free; choose others.", seats=list(seats))
            return
        message = "You have these seats already, in the basket or order named in `own`; go on there."
        if len(own) < len(seats):
            message = "You have some of these seats already (`own`); the others are no longer free."
        super().__init__(message, seats=list(seats), own=list(own))


class AreaSoldOut(Impossible):
    """Fewer free places are left in the area than were asked for."""

    code = "area_sold_out"


class HoldLapsed(Impossible):
    """The basket's deadline has passed."""

    code = "hold_lapsed"


class HoldOrdered(Impossible):
    """The hold belongs to an order; it ends only through that order."""

    code = "hold_ordered"


class HoldEnded(Impossible):
    """The hold was released or has expired."""

    code = "hold_ended"


class AlreadyExtended(Impossible):
    """A basket's deadline moves once."""

    code = "already_extended"


class LimitReached(Impossible):
    """The buyer may not take more of this performance, or the organizer register more devices."""

    code = "limit_reached"


class NotOnSale(Impossible):
    """Not yet, no longer, or paused."""

    code = "not_on_sale"


class PerformanceCancelled(Impossible):
    """The performance does not take place."""

    code = "performance_cancelled"


class PerformanceStarted(Impossible):
    """The performance has begun."""

    code = "performance_started"


class AlreadyPaid(Impossible):
    """The order is paid."""

    code = "already_paid"


class OrderEnded(Impossible):
    """The order has expired or was cancelled."""

    code = "order_ended"


class OrderConfirmedAlready(Impossible):
    """A confirmed order is not cancelled but refunded."""

    code = "order_confirmed"


class NotConfirmed(Impossible):
    """Only a confirmed order can do that."""

    code = "not_confirmed"


class TooManyPayments(Impossible):
    """The order has seen as many attempts to pay as it may."""

    code = "too_many_payments"


class NothingToRefund(Impossible):
    """The lines are refunded already, or a refund of them is open."""

    code = "nothing_to_refund"


class RefundDecided(Impossible):
    """The refund was approved or rejected before."""

    code = "refund_decided"


class PaymentDisputed(Impossible):
    """The buyer's bank holds the money, or took it back."""

    code = "payment_disputed"


class DisputeSettled(Impossible):
    """Lines were to end without money because a dispute had taken it, and the dispute was won since."""

    code = "dispute_settled"


class ExceptionEnded(Impossible):
    """The exception was closed before."""

    code = "exception_ended"


class ResolutionNotPossible(Impossible):
    """An exception of this kind does not end so."""

    code = "resolution_not_possible"


class TicketUsed(Impossible):
    """Somebody has entered with one of the tickets."""

    code = "ticket_used"


class HasBookings(Impossible):
    """Something was booked; what was booked cannot be deleted."""

    code = "has_bookings"


class HasEvents(Impossible):
    """Events take place there; what is used cannot be deleted."""

    code = "has_events"


class BeingDeleted(Impossible):
    """The thing is being deleted; it is gone or open again within a minute."""

    code = "being_deleted"


class DeletionGivenUp(Impossible):
    """The event was published, or its deletion timed out, while its bookings were being checked."""

    code = "deletion_given_up"


class NotRunning(Impossible):
    """The read model stands still already."""

    code = "not_running"


class NotPaused(Impossible):
    """The read model stands still for another reason."""

    code = "not_paused"


class NotFailed(Impossible):
    """The read model or the process has not failed, or at another event."""

    code = "not_failed"


class NotParked(Impossible):
    """The read model does not leave this stream out."""

    code = "not_parked"


class NotSkipped(Impossible):
    """The read model does not skip this event."""

    code = "not_skipped"


class TooMuchSetAside(Impossible):
    """The read model leaves out as much as it may."""

    code = "too_much_set_aside"


class RebuildUnderWay(Impossible):
    """The read model is being rebuilt, or will be in a moment."""

    code = "rebuild_under_way"


class NoRetiredVersion(Impossible):
    """There is nothing to go back to."""

    code = "no_retired_version"


class NotInParts(Impossible):
    """The read model can only be rebuilt as a whole."""

    code = "not_in_parts"


class LastHolder(Impossible):
    """Nobody else holds a role that somebody must hold."""

    code = "last_holder"


class AlreadyThere(Impossible):
    """It exists or is so already."""

    code = "already_there"
