"""Money going back: asked for, decided, submitted, completed."""

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
    """`amount` of `payment` (None: nothing was paid) is to go back; `lines` lose their seats if it is approved.

    `exception`: the one that this refund ends; then there may be no order, and `checkout` names where the money is.
    `requested_by`: the account that asked; None: a rule did. `reason_text`: support's reason, in its own words.
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
    """The first of the two accounts that an approval of this amount takes."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundApproved:
    """`by` is the account that decided, or the name of the rule that did."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRejected:
    """The order stays as it was; `reason_text` says why, in words."""

    by: str
    reason_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSubmitted:
    """The provider is about to be asked, for the `attempt`-th time."""

    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundCompleted:
    """The provider gave the money back, at the `attempt`-th transfer (0: nothing was to transfer)."""

    provider_refund: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFailed:
    """The provider refused; after the last attempt `owner` must look at it."""

    reason: str
    owner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRetried:
    """Support has the transfer tried anew, after the last attempt had failed."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundClosedManually:
    """No transfer will be tried again: the money went back another way, or is written off."""

    outcome: RefundOutcome
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundReconciled:
    """The completed transfer is entry number `entry` in the provider's books; any other refund there is another one."""

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
    """Where a refund stands."""

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
    """A refund with what decisions ask for; `amount` in minor units."""

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


REFUND: StreamType[Refund] = StreamType("refund", NoRefund(), evolve)


def transfer_reference(refund: str, attempt: int) -> str:
    """Name the `attempt`-th transfer of a refund: a provider never acts again on a reference that failed."""
    return refund if attempt == 1 else f"{refund}.{attempt}"


def transfer_of(reference: str) -> tuple[str, int]:
    """Return the refund and the attempt that a transfer's reference names; 0: a reference that we never write."""
    refund, dot, attempt = reference.partition(".")
    if not dot:
        return refund, 1
    return refund, int(attempt) if LATER_ATTEMPT.fullmatch(attempt) else 0
