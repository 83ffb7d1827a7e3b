"""The return of money: requested, decided, submitted to the provider, completed."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from domain.decision import StreamType
from domain.order import RefundOutcome
from domain.payment import BookedEntry
from domain.values import RefundReason

REFUND_ATTEMPTS_MAX = 8
LATER_ATTEMPT = re.compile(r"[2-9]|[1-9][0-9]{1,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequested:
    """A refund of `amount` was requested; `lines` lose their seats if it is approved.

    `payment`: the payment it returns; None: nothing was paid. `exception`: the exception that the refund ends; then
    `order` may be None, and `checkout` is the provider's id of the payment to return. `requested_by`: the account that
    asked; None: a rule did. `reason_text`: the reason in the words of support.
    """

    order: str | None
    payment: str | None
    account: str | None
    organizer: str | None
    performance: str | None
    provider: str
    lines: tuple[str, ...]
    amount: int
    currency: str
    reason: RefundReason
    requested_by: str | None = None
    reason_text: str | None = None
    exception: str | None = None
    checkout: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundEndorsed:
    """The first of two accounts approved; an amount this large needs both."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundApproved:
    """The refund was approved by `by`: an account, or the name of a rule."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRejected:
    """The order stays unchanged; `reason_text`: the reason in the words of support."""

    by: str
    reason_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSubmitted:
    """The refund is about to be sent to the provider, as transfer number `attempt`."""

    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundCompleted:
    """The provider returned the money with transfer number `attempt` (0: no transfer was needed)."""

    provider_refund: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFailed:
    """The provider declined the transfer; `owner` is set after the last attempt and has to handle it."""

    reason: str
    owner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRetried:
    """Support restarted the transfers after the last attempt had failed."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundClosedManually:
    """No transfer will be tried again: the money was returned another way, or is written off."""

    outcome: RefundOutcome
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundReconciled:
    """The completed transfer is entry `entry` of the provider's ledger; other refunds there are not this one."""

    entry: int
    booked_at: datetime


RefundEvent = (
    RefundRequested
    | RefundEndorsed
    | RefundApproved
    | RefundRejected
    | RefundSubmitted
    | RefundCompleted
    | RefundFailed
    | RefundRetried
    | RefundClosedManually
    | RefundReconciled
)


class RefundStatus(StrEnum):
    """The status of a refund."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    SUBMITTED = "submitted"
    COMPLETED = "completed"
    FAILED = "failed"
    PAID_ANOTHER_WAY = "paid_another_way"
    WRITTEN_OFF = "written_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRefund:
    """Not requested yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedRefund:
    """The fields of a refund that decisions read; `amount` in minor units."""

    order: str | None
    payment: str | None
    account: str | None
    organizer: str | None
    performance: str | None
    provider: str
    lines: tuple[str, ...]
    amount: int
    currency: str
    reason: RefundReason
    requested_by: str | None = None
    reason_text: str | None = None
    endorsed_by: str | None = None
    status: RefundStatus = RefundStatus.REQUESTED
    attempts: int = 0
    attempts_max: int = REFUND_ATTEMPTS_MAX
    completed_attempt: int | None = None
    booked: BookedEntry | None = None
    owner: str | None = None
    exception: str | None = None
    checkout: str | None = None


Refund = NoRefund | RequestedRefund


def evolve(refund: Refund, event: RefundEvent) -> Refund:
    """Return the refund after `event`."""
    if isinstance(event, RefundRequested):
        return to_requested_refund(event)
    assert isinstance(refund, RequestedRefund)
    match event:
        case RefundEndorsed():
            return replace(refund, endorsed_by=event.by)
        case RefundApproved():
            return replace(refund, status=RefundStatus.APPROVED)
        case RefundRejected():
            return replace(refund, status=RefundStatus.REJECTED)
        case RefundSubmitted():
            return replace(refund, status=RefundStatus.SUBMITTED, attempts=event.attempt)
        case RefundCompleted():
            return replace(refund, status=RefundStatus.COMPLETED, completed_attempt=event.attempt)
        case RefundFailed():
            return replace(refund, status=RefundStatus.FAILED, owner=event.owner)
        case RefundRetried():
            attempts_max = refund.attempts + REFUND_ATTEMPTS_MAX
            return replace(refund, status=RefundStatus.APPROVED, owner=None, attempts_max=attempts_max)
        case RefundClosedManually():
            return replace(refund, status=RefundStatus(event.outcome.value))
        case RefundReconciled():
            return replace(refund, booked=BookedEntry(event.entry, event.booked_at))
        case _:
            assert_never(event)


def to_requested_refund(event: RefundRequested) -> RequestedRefund:
    """Return the refund that `event` requested."""
    return RequestedRefund(
        order=event.order,
        payment=event.payment,
        account=event.account,
        organizer=event.organizer,
        performance=event.performance,
        provider=event.provider,
        lines=event.lines,
        amount=event.amount,
        currency=event.currency,
        reason=event.reason,
        requested_by=event.requested_by,
        reason_text=event.reason_text,
        exception=event.exception,
        checkout=event.checkout,
    )


REFUND: StreamType[Refund] = StreamType("refund", NoRefund(), evolve)


def transfer_reference(refund: str, attempt: int) -> str:
    """Return the provider reference of transfer number `attempt`; providers do not retry a reference that failed."""
    return refund if attempt == 1 else f"{refund}.{attempt}"


def transfer_of(reference: str) -> tuple[str, int]:
    """Return the (refund, attempt) that a transfer's reference names; attempt 0 if no transfer has such a reference."""
    refund, dot, attempt = reference.partition(".")
    if not dot:
        return refund, 1
    return refund, int(attempt) if LATER_ATTEMPT.fullmatch(attempt) else 0
