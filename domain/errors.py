"""Every refusal: the business said no, and why.

Rejected
├── Invalid                the command makes no sense as it stands (422)
│   ├── UnknownSeats       seats, areas, ticket types or prices that the performance does not have
│   ├── DuplicateSeats    one seat more than once
│   ├── TooManySeats       none, or more than the hard cap
│   ├── NonceReused        one nonce for two different scans
│   └── LayoutFaults       a layout's document, with every fault (in `domain/layout/validation.py`)
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
    ├── AlreadyPaid, OrderEnded, OrderAlreadyConfirmed, NotConfirmed, TooManyPayments
    ├── NothingToRefund, RefundDecided, TicketUsed, PaymentDisputed, DisputeSettled
    ├── ExceptionEnded, ResolutionNotPossible
    ├── HasBookings, HasEvents, BeingDeleted, DeletionAbandoned
    ├── NotRunning, NotPaused, NotFailed, NotParked, NotSkipped    a read model stands otherwise than the wish needs
    ├── ExclusionLimitReached    a read model leaves out as much as it may
    ├── RebuildInProgress, NoRetiredVersion, PartialRebuildUnsupported    what can't be done with a read model's
    versions
    ├── LastHolder         nobody else holds a role that somebody must hold
    └── AlreadyExists       the name, address or state is taken already
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


class DuplicateSeats(Invalid):
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


class Conflict(Rejected):
    """True but impossible now."""

    code = "impossible"


class SeatsTaken(Conflict):
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


class AreaSoldOut(Conflict):
    """Fewer free places are left in the area than were asked for."""

    code = "area_sold_out"


class HoldLapsed(Conflict):
    """The basket's deadline has passed."""

    code = "hold_lapsed"


class HoldAlreadyOrdered(Conflict):
    """The hold belongs to an order; it ends only through that order."""

    code = "hold_ordered"


class HoldEnded(Conflict):
    """The hold was released or has expired."""

    code = "hold_ended"


class AlreadyExtended(Conflict):
    """A basket's deadline moves once."""

    code = "already_extended"


class LimitReached(Conflict):
    """The buyer may not take more of this performance, or the organizer register more devices."""

    code = "limit_reached"


class NotOnSale(Conflict):
    """Not yet, no longer, or paused."""

    code = "not_on_sale"


class PerformanceIsCancelled(Conflict):
    """The performance does not take place."""

    code = "performance_cancelled"


class PerformanceStarted(Conflict):
    """The performance has begun."""

    code = "performance_started"


class AlreadyPaid(Conflict):
    """The order is paid."""

    code = "already_paid"


class OrderEnded(Conflict):
    """The order has expired or was cancelled."""

    code = "order_ended"


class OrderAlreadyConfirmed(Conflict):
    """A confirmed order is not cancelled but refunded."""

    code = "order_confirmed"


class NotConfirmed(Conflict):
    """Only a confirmed order can do that."""

    code = "not_confirmed"


class TooManyPayments(Conflict):
    """The order has seen as many attempts to pay as it may."""

    code = "too_many_payments"


class NothingToRefund(Conflict):
    """The lines are refunded already, or a refund of them is open."""

    code = "nothing_to_refund"


class RefundDecided(Conflict):
    """The refund was approved or rejected before."""

    code = "refund_decided"


class PaymentDisputed(Conflict):
    """The buyer's bank holds the money, or took it back."""

    code = "payment_disputed"


class DisputeSettled(Conflict):
    """Lines were to end without money because a dispute had taken it, and the dispute was won since."""

    code = "dispute_settled"


class ExceptionEnded(Conflict):
    """The exception was closed before."""

    code = "exception_ended"


class ResolutionNotPossible(Conflict):
    """An exception of this kind does not end so."""

    code = "resolution_not_possible"


class TicketUsed(Conflict):
    """Somebody has entered with one of the tickets."""

    code = "ticket_used"


class HasBookings(Conflict):
    """Something was booked; what was booked cannot be deleted."""

    code = "has_bookings"


class HasEvents(Conflict):
    """Events take place there; what is used cannot be deleted."""

    code = "has_events"


class BeingDeleted(Conflict):
    """The thing is being deleted; it is gone or open again within a minute."""

    code = "being_deleted"


class DeletionAbandoned(Conflict):
    """The event was published, or its deletion timed out, while its bookings were being checked."""

    code = "deletion_given_up"


class NotRunning(Conflict):
    """The read model stands still already."""

    code = "not_running"


class NotPaused(Conflict):
    """The read model stands still for another reason."""

    code = "not_paused"


class NotFailed(Conflict):
    """The read model or the process has not failed, or at another event."""

    code = "not_failed"


class NotParked(Conflict):
    """The read model does not leave this stream out."""

    code = "not_parked"


class NotSkipped(Conflict):
    """The read model does not skip this event."""

    code = "not_skipped"


class ExclusionLimitReached(Conflict):
    """The read model leaves out as much as it may."""

    code = "too_much_set_aside"


class RebuildInProgress(Conflict):
    """The read model is being rebuilt, or will be in a moment."""

    code = "rebuild_under_way"


class NoRetiredVersion(Conflict):
    """There is nothing to go back to."""

    code = "no_retired_version"


class PartialRebuildUnsupported(Conflict):
    """The read model can only be rebuilt as a whole."""

    code = "not_in_parts"


class LastHolder(Conflict):
    """Nobody else holds a role that somebody must hold."""

    code = "last_holder"


class AlreadyExists(Conflict):
    """It exists or is so already."""

    code = "already_there"
