"""Stored event names and their classes, and the stream types. A class may be renamed; its stored name may not."""

from collections.abc import Callable, Mapping
from typing import Any

from domain import (
    account,
    buyer_quota,
    device,
    dispute,
    event,
    hold,
    money_exception,
    order,
    organizer,
    payment,
    performance,
    refund,
    role,
    scan,
    seat,
    ticket,
    venue,
)
from domain.decision import Changes, StreamType
from domain.operations import exclusions, process, projection

SUBJECT_FIELDS = ("organizer", "performance")

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

EVENTS: Mapping[str, type] = {
    "AccountOpened": account.AccountOpened,
    "AccountRegistered": account.AccountRegistered,
    "RolesChanged": account.RolesChanged,
    "GuestMerged": account.GuestMerged,
    "GuestReceived": account.GuestReceived,
    "RoleGranted": role.RoleGranted,
    "RoleWithdrawn": role.RoleWithdrawn,
    "BuyerQuotaTaken": buyer_quota.BuyerQuotaTaken,
    "BuyerQuotaExtended": buyer_quota.BuyerQuotaExtended,
    "BuyerQuotaKept": buyer_quota.BuyerQuotaKept,
    "BuyerQuotaReturned": buyer_quota.BuyerQuotaReturned,
    "BuyerQuotaMoved": buyer_quota.BuyerQuotaMoved,
    "BuyerQuotaReceived": buyer_quota.BuyerQuotaReceived,
    "DeviceRegistered": device.DeviceRegistered,
    "DeviceRevoked": device.DeviceRevoked,
    "EventCreated": event.EventCreated,
    "EventChanged": event.EventChanged,
    "EventPublished": event.EventPublished,
    "EventClosedForDeletion": event.EventClosedForDeletion,
    "EventReopened": event.EventReopened,
    "EventArchived": event.EventArchived,
    "ExceptionOpened": money_exception.ExceptionOpened,
    "ExceptionResolutionProposed": money_exception.ExceptionResolutionProposed,
    "ExceptionClosed": money_exception.ExceptionClosed,
    "HoldPlaced": hold.HoldPlaced,
    "HoldExtended": hold.HoldExtended,
    "HoldOrdered": hold.HoldOrdered,
    "HoldReleased": hold.HoldReleased,
    "HoldExpired": hold.HoldExpired,
    "OrderPlaced": order.OrderPlaced,
    "OrderExtended": order.OrderExtended,
    "PaymentOpened": order.PaymentOpened,
    "PaymentTaken": order.PaymentTaken,
    "RefundOpened": order.RefundOpened,
    "RefundClosed": order.RefundClosed,
    "OrderConfirmed": order.OrderConfirmed,
    "OrderExpired": order.OrderExpired,
    "OrderCancelled": order.OrderCancelled,
    "OrderLinesCancelled": order.OrderLinesCancelled,
    "OrganizerFounded": organizer.OrganizerFounded,
    "MemberRolesChanged": organizer.MemberRolesChanged,
    "PaymentRequested": payment.PaymentRequested,
    "PaymentCheckoutOpened": payment.PaymentCheckoutOpened,
    "PaymentActionRequired": payment.PaymentActionRequired,
    "PaymentCaptured": payment.PaymentCaptured,
    "PaymentFailed": payment.PaymentFailed,
    "PaymentExpired": payment.PaymentExpired,
    "PaymentCancelled": payment.PaymentCancelled,
    "PaymentSettled": payment.PaymentSettled,
    "PaymentReconciled": payment.PaymentReconciled,
    "DisputeOpened": dispute.DisputeOpened,
    "DisputeWon": dispute.DisputeWon,
    "DisputeLost": dispute.DisputeLost,
    "PerformanceScheduled": performance.PerformanceScheduled,
    "PerformanceRescheduled": performance.PerformanceRescheduled,
    "PricesChanged": performance.PricesChanged,
    "LimitsChanged": performance.LimitsChanged,
    "EntryRulesChanged": performance.EntryRulesChanged,
    "PerformanceCancelled": performance.PerformanceCancelled,
    "SalesPaused": performance.SalesPaused,
    "SalesResumed": performance.SalesResumed,
    "SalesClosed": performance.SalesClosed,
    "PerformanceClosedForDeletion": performance.PerformanceClosedForDeletion,
    "PerformanceReopened": performance.PerformanceReopened,
    "PerformanceArchived": performance.PerformanceArchived,
    "ProcessRetried": process.ProcessRetried,
    "ProjectionPaused": projection.ProjectionPaused,
    "ProjectionResumed": projection.ProjectionResumed,
    "ProjectionRetried": projection.ProjectionRetried,
    "EventSkipped": exclusions.EventSkipped,
    "EventUnskipped": exclusions.EventUnskipped,
    "StreamParked": exclusions.StreamParked,
    "StreamUnparked": exclusions.StreamUnparked,
    "RebuildRequested": projection.RebuildRequested,
    "RollbackRequested": projection.RollbackRequested,
    "VersionsDropRequested": projection.VersionsDropRequested,
    "RefundRequested": refund.RefundRequested,
    "RefundEndorsed": refund.RefundEndorsed,
    "RefundApproved": refund.RefundApproved,
    "RefundRejected": refund.RefundRejected,
    "RefundSubmitted": refund.RefundSubmitted,
    "RefundCompleted": refund.RefundCompleted,
    "RefundFailed": refund.RefundFailed,
    "RefundRetried": refund.RefundRetried,
    "RefundClosedManually": refund.RefundClosedManually,
    "RefundReconciled": refund.RefundReconciled,
    "SeatHeld": seat.SeatHeld,
    "SeatHoldExtended": seat.SeatHoldExtended,
    "SeatReleased": seat.SeatReleased,
    "SeatSold": seat.SeatSold,
    "SeatReturned": seat.SeatReturned,
    "SeatBlocked": seat.SeatBlocked,
    "SeatUnblocked": seat.SeatUnblocked,
    "ScanAdmitted": scan.ScanAdmitted,
    "ScanRefused": scan.ScanRefused,
    "TicketIssued": ticket.TicketIssued,
    "TicketVoided": ticket.TicketVoided,
    "EntryRecorded": ticket.EntryRecorded,
    "TicketDisputed": ticket.TicketDisputed,
    "TicketDisputeWon": ticket.TicketDisputeWon,
    "EntryReverted": ticket.EntryReverted,
    "VenueOpened": venue.VenueOpened,
    "VenueChanged": venue.VenueChanged,
    "VenueClosedForDeletion": venue.VenueClosedForDeletion,
    "VenueReopened": venue.VenueReopened,
    "VenueArchived": venue.VenueArchived,
    "LayoutPublished": venue.LayoutPublished,
    "LayoutAdded": venue.LayoutAdded,
}

VERSIONS: Mapping[str, int] = dict.fromkeys(EVENTS, 1)
"""The schema version in which each event is written."""

UPCASTERS: Mapping[tuple[str, int], Upcaster] = {}
"""(name, version) → the upcaster from its stored fields to those of the next version."""

STREAM_TYPES: Mapping[str, StreamType[Any]] = {
    kind.prefix: kind
    for kind in (
        account.ACCOUNT,
        buyer_quota.BUYER_QUOTA,
        device.DEVICE,
        event.EVENT,
        hold.HOLD,
        money_exception.EXCEPTION,
        order.ORDER,
        organizer.ORGANIZER,
        payment.PAYMENT,
        performance.PERFORMANCE,
        process.PROCESS,
        projection.PROJECTION,
        refund.REFUND,
        role.ROLE,
        scan.SCAN,
        seat.SEAT,
        ticket.TICKET,
        venue.LAYOUT,
        venue.VENUE,
    )
}
"""Prefix of a stream's name → its type."""


def subject_ids(changes: Changes) -> dict[str, str]:
    """Return the organizer and the performance that a command's events name, by field name; absent if none does."""
    found: dict[str, str] = {}
    for events in changes.values():
        for fact in events:
            for subject in SUBJECT_FIELDS:
                value = getattr(fact, subject, None)
                if value is not None:
                    found.setdefault(subject, value)
        if len(found) == len(SUBJECT_FIELDS):
            break
    return found
