"""Every refusal: a business rule rejected the command, and the error says why. The number is its HTTP status.

Rejected
├── Invalid                        the command is invalid, whatever the state (422)
│   ├── UnknownSeats               seats, areas, ticket types or prices that the performance does not have
│   ├── DuplicateSeats             a seat named more than once
│   ├── TooManySeats               no seat, or more than the hard cap
│   ├── NonceReused                one nonce for two different scans
│   └── LayoutFaults               an invalid layout document, with every fault (in `domain/layout/validation.py`)
├── NotFound                       it does not exist, or the account may not see it (404)
├── Forbidden                      the account may see it but not do this (403)
│   ├── GuestHasLoggedIn           the guest was merged into an account
│   ├── OwnDecision                the account is involved in what is to be decided
│   └── DeviceIsRevoked            the scanner was revoked
├── ChangedMeanwhile               it has changed since it was read (412)
└── Conflict                       valid, but the present state does not allow it (409)
    ├── SeatsTaken                 sold, blocked or in a live hold; names the seats
    ├── AreaSoldOut                the area has fewer free places than requested
    ├── HoldLapsed, HoldAlreadyOrdered, HoldEnded, AlreadyExtended
    ├── LimitReached               seats per order, seats per buyer, live holds per buyer, devices per organizer
    ├── NotOnSale                  not yet, no longer, or paused
    ├── PerformanceIsCancelled, PerformanceStarted
    ├── AlreadyPaid, OrderEnded, OrderAlreadyConfirmed, NotConfirmed, TooManyPayments
    ├── NothingToRefund, RefundDecided, TicketUsed, PaymentDisputed, DisputeSettled
    ├── ExceptionEnded, ResolutionNotPossible
    ├── HasBookings, HasEvents, BeingDeleted, DeletionAbandoned
    ├── NotRunning, NotPaused, NotFailed, NotParked, NotSkipped    the state of a read model or process
    ├── ExclusionLimitReached      the read model has as many exclusions as allowed
    ├── RebuildInProgress, NoRetiredVersion, PartialRebuildUnsupported    the versions of a read model
    ├── LastHolder                 no other account holds a role that must be held
    └── AlreadyExists              the id, name, address or state exists already
"""

from domain.errors.administration import (
    AlreadyExists,
    BeingDeleted,
    DeletionAbandoned,
    GuestHasLoggedIn,
    HasBookings,
    HasEvents,
    LastHolder,
)
from domain.errors.base import (
    ChangedMeanwhile,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Rejected,
)
from domain.errors.booking import (
    AlreadyExtended,
    AreaSoldOut,
    DuplicateSeats,
    HoldAlreadyOrdered,
    HoldEnded,
    HoldLapsed,
    LimitReached,
    NotConfirmed,
    NotOnSale,
    OrderAlreadyConfirmed,
    OrderEnded,
    PerformanceIsCancelled,
    PerformanceStarted,
    SeatsTaken,
    TooManySeats,
    UnknownSeats,
)
from domain.errors.entry import (
    DeviceIsRevoked,
    NonceReused,
    TicketUsed,
)
from domain.errors.money import (
    AlreadyPaid,
    DisputeSettled,
    ExceptionEnded,
    NothingToRefund,
    OwnDecision,
    PaymentDisputed,
    RefundDecided,
    ResolutionNotPossible,
    TooManyPayments,
)
from domain.errors.read_models import (
    ExclusionLimitReached,
    NoRetiredVersion,
    NotFailed,
    NotParked,
    NotPaused,
    NotRunning,
    NotSkipped,
    PartialRebuildUnsupported,
    RebuildInProgress,
)

__all__ = [
    "AlreadyExists",
    "AlreadyExtended",
    "AlreadyPaid",
    "AreaSoldOut",
    "BeingDeleted",
    "ChangedMeanwhile",
    "Conflict",
    "DeletionAbandoned",
    "DeviceIsRevoked",
    "DisputeSettled",
    "DuplicateSeats",
    "ExceptionEnded",
    "ExclusionLimitReached",
    "Forbidden",
    "GuestHasLoggedIn",
    "HasBookings",
    "HasEvents",
    "HoldAlreadyOrdered",
    "HoldEnded",
    "HoldLapsed",
    "Invalid",
    "LastHolder",
    "LimitReached",
    "NoRetiredVersion",
    "NonceReused",
    "NotConfirmed",
    "NotFailed",
    "NotFound",
    "NotOnSale",
    "NotParked",
    "NotPaused",
    "NotRunning",
    "NotSkipped",
    "NothingToRefund",
    "OrderAlreadyConfirmed",
    "OrderEnded",
    "OwnDecision",
    "PartialRebuildUnsupported",
    "PaymentDisputed",
    "PerformanceIsCancelled",
    "PerformanceStarted",
    "RebuildInProgress",
    "RefundDecided",
    "Rejected",
    "ResolutionNotPossible",
    "SeatsTaken",
    "TicketUsed",
    "TooManyPayments",
    "TooManySeats",
    "UnknownSeats",
]
