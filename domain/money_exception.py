"""An exception: money that no rule explains. It has an owner until it is closed with a reason."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, assert_never

from domain.decision import DecisionContext, StreamType

EXCEPTIONS_OWNER = "support"


class ExceptionKind(StrEnum):
    """What is wrong with the money."""

    WRONG_CURRENCY = "wrong_currency"
    UNDECIDED_CAPTURE = "undecided_capture"
    UNKNOWN_CAPTURE = "unknown_capture"
    SECOND_CAPTURE = "second_capture"
    OTHER_CAPTURE = "other_capture"
    UNKNOWN_REFUND = "unknown_refund"
    OTHER_REFUND = "other_refund"
    REFUNDED_TWICE = "refunded_twice"
    REFUND_FAILED = "refund_failed"
    REFUND_UNANSWERED = "refund_unanswered"
    UNKNOWN_DISPUTE = "unknown_dispute"
    OTHER_DISPUTE = "other_dispute"
    DISPUTE_LOST = "dispute_lost"
    REFUNDED_AND_DISPUTED = "refunded_and_disputed"
    UNREADABLE_ENTRY = "unreadable_entry"


class Resolution(StrEnum):
    """How an exception ends: RESOLVED by a rule, the others by support."""

    ACCEPT = "accept"
    REFUND = "refund"
    RETRY = "retry"
    WRITE_OFF = "write_off"
    RESOLVED = "resolved"


class ResolutionReason(StrEnum):
    """Why support chose a resolution."""

    EXPLAINED = "explained"
    NOT_OURS = "not_ours"
    DUPLICATE = "duplicate"
    WRONG_AMOUNT = "wrong_amount"
    RETURNED_AT_PROVIDER = "returned_at_provider"
    PAID_ANOTHER_WAY = "paid_another_way"
    PROVIDER_FIXED = "provider_fixed"
    GOODWILL = "goodwill"
    FRAUD = "fraud"
    UNCOLLECTIBLE = "uncollectible"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionOpened:
    """`amount` of money has no explanation; `refundable` of it was captured without a claim and can be refunded.

    It concerns an order, a payment, a refund, entry number `entry` of the provider's ledger, or several of them.
    `account` owns the order. `checkout`: the provider's id of the payment that took the money. `attempts` and
    `failure`: the transfers tried before, and how the last one failed.
    """

    kind: ExceptionKind
    owner: str
    provider: str
    amount: int
    currency: str
    refundable: int = 0
    order: str | None = None
    payment: str | None = None
    refund: str | None = None
    account: str | None = None
    organizer: str | None = None
    performance: str | None = None
    entry: int | None = None
    checkout: str | None = None
    attempts: int = 0
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionResolutionProposed:
    """The first of two accounts chose a resolution; an amount this large needs both."""

    resolution: Resolution
    reason: ResolutionReason
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionClosed:
    """The exception was closed by `by`: an account, or the rule that resolved it (then `reason` is None).

    `refund`: the refund that returns the money. `proposed_by`: the first of two accounts.
    """

    resolution: Resolution
    by: str
    reason: ResolutionReason | None = None
    proposed_by: str | None = None
    refund: str | None = None


ExceptionEvent = ExceptionOpened | ExceptionResolutionProposed | ExceptionClosed

CAPTURE_RESOLUTIONS = frozenset({Resolution.ACCEPT, Resolution.REFUND, Resolution.WRITE_OFF})
OUTFLOW_RESOLUTIONS = frozenset({Resolution.ACCEPT, Resolution.WRITE_OFF})
RETRIABLE_RESOLUTIONS = frozenset({Resolution.ACCEPT, Resolution.RETRY, Resolution.WRITE_OFF})

RESOLUTIONS: Mapping[ExceptionKind, frozenset[Resolution]] = {
    ExceptionKind.WRONG_CURRENCY: CAPTURE_RESOLUTIONS,
    ExceptionKind.UNDECIDED_CAPTURE: CAPTURE_RESOLUTIONS,
    ExceptionKind.UNKNOWN_CAPTURE: CAPTURE_RESOLUTIONS,
    ExceptionKind.SECOND_CAPTURE: CAPTURE_RESOLUTIONS,
    ExceptionKind.OTHER_CAPTURE: CAPTURE_RESOLUTIONS,
    ExceptionKind.UNKNOWN_REFUND: OUTFLOW_RESOLUTIONS,
    ExceptionKind.OTHER_REFUND: OUTFLOW_RESOLUTIONS,
    ExceptionKind.REFUNDED_TWICE: OUTFLOW_RESOLUTIONS,
    ExceptionKind.REFUND_FAILED: RETRIABLE_RESOLUTIONS,
    ExceptionKind.REFUND_UNANSWERED: OUTFLOW_RESOLUTIONS,
    ExceptionKind.UNKNOWN_DISPUTE: OUTFLOW_RESOLUTIONS,
    ExceptionKind.OTHER_DISPUTE: OUTFLOW_RESOLUTIONS,
    ExceptionKind.DISPUTE_LOST: OUTFLOW_RESOLUTIONS,
    ExceptionKind.REFUNDED_AND_DISPUTED: OUTFLOW_RESOLUTIONS,
    ExceptionKind.UNREADABLE_ENTRY: RETRIABLE_RESOLUTIONS,
}
"""The resolutions of each kind of exception; REFUND only if something is refundable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoException:
    """Not opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenException:
    """An exception that is not closed yet."""

    opened: ExceptionOpened
    proposed: ExceptionResolutionProposed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedException:
    """An exception that was closed."""

    opened: ExceptionOpened
    closed: ExceptionClosed


MoneyException = NoException | OpenException | ClosedException


def evolve(state: MoneyException, event: ExceptionEvent) -> MoneyException:
    """Return the exception after `event`; a closed one may be opened again."""
    if isinstance(event, ExceptionOpened):
        return OpenException(opened=event)
    assert isinstance(state, OpenException)
    match event:
        case ExceptionResolutionProposed():
            return replace(state, proposed=event)
        case ExceptionClosed():
            return ClosedException(opened=state.opened, closed=event)
        case _:
            assert_never(event)


EXCEPTION: StreamType[MoneyException] = StreamType("exception", NoException(), evolve)


def exception_opened_events(context: DecisionContext, exception: str, opened: ExceptionOpened) -> dict[str, list[Any]]:
    """Return the events that open an exception; none if it was opened before, unless it was closed with RETRY."""
    state = context.read(EXCEPTION, exception)
    retried = isinstance(state, ClosedException) and state.closed.resolution is Resolution.RETRY
    return {EXCEPTION.stream(exception): [opened]} if isinstance(state, NoException) or retried else {}


def exception_resolved_events(context: DecisionContext, exception: str, by: str) -> dict[str, list[Any]]:
    """Return the events that close an exception which a rule has resolved; none if it is not open."""
    if not isinstance(context.read(EXCEPTION, exception), OpenException):
        return {}
    return {EXCEPTION.stream(exception): [ExceptionClosed(resolution=Resolution.RESOLVED, by=by)]}
