"""One attempt to take money, as the provider tells it, and what we decided when it arrived."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from domain.books import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRequested:
    """We want `amount` from the buyer; the provider's checkout ends at `expires_at`, before the order does."""

    order: str
    account: str
    performance: str
    organizer: str
    provider: str
    amount: int
    currency: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCheckoutOpened:
    """The provider waits for the buyer at `checkout_url`."""

    checkout: str
    checkout_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentActionRequired:
    """The provider asks the buyer for one more step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCaptured:
    """The provider took the money; `source` tells how we learned it: webhook, return or books."""

    amount: int
    currency: str
    captured_at: datetime
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFailed:
    """The provider refused; the buyer may try again with a new payment."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentExpired:
    """The checkout ended without money."""


class PaymentOutcome(StrEnum):
    """What a capture led to."""

    CONFIRMED = "confirmed"
    REFUNDED = "refunded"
    EXCEPTION = "exception"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSettled:
    """The capture was decided: the order is confirmed, or `refund` returns the money, or `owner` must look at it."""

    outcome: PaymentOutcome
    refund: str | None = None
    owner: str | None = None


class Difference(StrEnum):
    """How the provider's books differ from ours in a way no rule mends."""

    UNKNOWN_CAPTURE = "unknown_capture"
    OTHER_CAPTURE = "other_capture"
    UNKNOWN_REFUND = "unknown_refund"
    OTHER_REFUND = "other_refund"
    REFUNDED_TWICE = "refunded_twice"
    DISPUTED = "disputed"
    DISPUTE_RETURNED = "dispute_returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReconciled:
    """Entry number `entry` in the provider's books can't be explained by ours; `owner` must look at it.

    An entry that belongs to no payment of ours begins a stream of its own.
    """

    difference: Difference
    provider: str
    entry: int
    reference: str
    amount: int
    currency: str
    owner: str


PaymentEvent = (
    PaymentRequested
    | PaymentCheckoutOpened
    | PaymentActionRequired
    | PaymentCaptured
    | PaymentFailed
    | PaymentExpired
    | PaymentSettled
    | PaymentReconciled
)


class PaymentStatus(StrEnum):
    """Where a payment stands."""

    OPEN = "open"
    ACTION_REQUIRED = "action_required"
    CAPTURED = "captured"
    FAILED = "failed"
    EXPIRED = "expired"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoPayment:
    """Not requested yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedPayment:
    """A payment with what decisions ask for; amounts in minor units."""

    order: str
    account: str
    provider: str
    amount: int
    currency: str
    expires_at: datetime
    status: PaymentStatus = PaymentStatus.OPEN
    checkout: str | None = None
    checkout_url: str | None = None
    captured: int = 0
    captured_currency: str | None = None
    outcome: PaymentOutcome | None = None
    differing_entries: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class StrayPayment:
    """Money in the provider's books that no payment of ours explains."""

    differing_entries: frozenset[int] = frozenset()


Payment = NoPayment | RequestedPayment | StrayPayment


def evolve(payment: Payment, event: PaymentEvent) -> Payment:
    """Return the payment after `event`."""
    if isinstance(event, PaymentRequested):
        return RequestedPayment(
            order=event.order,
            account=event.account,
            provider=event.provider,
            amount=event.amount,
            currency=event.currency,
            expires_at=event.expires_at,
        )
    if isinstance(payment, NoPayment):
        payment = StrayPayment()
    if isinstance(event, PaymentReconciled):
        return replace(payment, differing_entries=payment.differing_entries | {event.entry})
    assert isinstance(payment, RequestedPayment)
    match event:
        case PaymentCheckoutOpened():
            return replace(payment, checkout=event.checkout, checkout_url=event.checkout_url)
        case PaymentActionRequired():
            return replace(payment, status=PaymentStatus.ACTION_REQUIRED)
        case PaymentCaptured():
            return replace(
                payment, status=PaymentStatus.CAPTURED, captured=event.amount, captured_currency=event.currency
            )
        case PaymentFailed():
            return replace(payment, status=PaymentStatus.FAILED)
        case PaymentExpired():
            return replace(payment, status=PaymentStatus.EXPIRED)
        case PaymentSettled():
            return replace(payment, status=PaymentStatus.SETTLED, outcome=event.outcome)
        case _:
            assert_never(event)


PAYMENT: Kind[Payment] = Kind("payment", NoPayment(), evolve)
