"""One attempt to take money, as the provider tells it, and what we decided when it arrived."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, assert_never

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
    """The provider waits for the buyer; `checkout` is its id. Its address, which anybody may use, is kept elsewhere."""

    checkout: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCancelled:
    """Its order needs no money from it any more: the provider's checkout is to end; money that comes goes back."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReconciled:
    """The capture is entry number `entry` in the provider's books; any other capture there is another one."""

    entry: int
    booked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeOpened:
    """The buyer asked their bank for the money back; the provider withholds `amount` until the bank decides."""

    order: str
    organizer: str
    performance: str
    amount: int
    currency: str
    opened_at: datetime
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeWon:
    """The bank decided for the shop; `recovered` had been lost to an earlier decision of the same dispute."""

    order: str
    organizer: str
    performance: str
    recovered: int
    currency: str
    decided_at: datetime
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeLost:
    """The bank decided for the buyer; `amount` is gone."""

    order: str
    organizer: str
    performance: str
    amount: int
    currency: str
    decided_at: datetime
    source: str


PaymentEvent = (
    PaymentRequested
    | PaymentCheckoutOpened
    | PaymentActionRequired
    | PaymentCaptured
    | PaymentFailed
    | PaymentExpired
    | PaymentCancelled
    | PaymentSettled
    | PaymentReconciled
    | DisputeOpened
    | DisputeWon
    | DisputeLost
)


class PaymentStatus(StrEnum):
    """Where a payment stands."""

    OPEN = "open"
    ACTION_REQUIRED = "action_required"
    CAPTURED = "captured"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SETTLED = "settled"


WAITING = frozenset({PaymentStatus.OPEN, PaymentStatus.ACTION_REQUIRED})
"""The provider may still take the buyer's card."""

ANSWERED = frozenset(
    {PaymentStatus.ACTION_REQUIRED, PaymentStatus.CAPTURED, PaymentStatus.FAILED, PaymentStatus.SETTLED}
)
"""The provider has said something about it."""


class DisputeStatus(StrEnum):
    """Where a dispute stands."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """The latest dispute of a payment; `since`: the provider's time of what made it so."""

    status: DisputeStatus
    amount: int
    currency: str
    since: datetime


class BookedEntry(NamedTuple):
    """One entry in a provider's books: its number, and when it was booked."""

    entry: int
    booked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoPayment:
    """Not requested yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedPayment:
    """A payment with what decisions ask for; amounts in minor units."""

    order: str
    account: str
    organizer: str
    performance: str
    provider: str
    amount: int
    currency: str
    expires_at: datetime
    status: PaymentStatus = PaymentStatus.OPEN
    checkout: str | None = None
    failure: str | None = None
    captured: int = 0
    captured_currency: str | None = None
    outcome: PaymentOutcome | None = None
    booked: BookedEntry | None = None
    dispute: Dispute | None = None
    lost: int = 0

    @property
    def reached_provider(self) -> bool:
        """Whether the provider ever answered, so that the buyer had a chance to pay."""
        return self.checkout is not None or self.status in ANSWERED

    @property
    def disputed(self) -> bool:
        """Whether a dispute is open or lost, so that the money may be gone."""
        return self.dispute is not None and self.dispute.status is not DisputeStatus.WON


Payment = NoPayment | RequestedPayment


def evolve(payment: Payment, event: PaymentEvent) -> Payment:
    """Return the payment after `event`."""
    if isinstance(event, PaymentRequested):
        return requested(event)
    assert isinstance(payment, RequestedPayment)
    match event:
        case PaymentCheckoutOpened():
            return replace(payment, checkout=event.checkout)
        case PaymentActionRequired():
            return replace(payment, status=PaymentStatus.ACTION_REQUIRED)
        case PaymentCaptured():
            return replace(
                payment, status=PaymentStatus.CAPTURED, captured=event.amount, captured_currency=event.currency
            )
        case PaymentFailed():
            return replace(payment, status=PaymentStatus.FAILED, failure=event.reason)
        case PaymentExpired():
            return replace(payment, status=PaymentStatus.EXPIRED)
        case PaymentCancelled():
            return replace(payment, status=PaymentStatus.CANCELLED)
        case PaymentSettled():
            return replace(payment, status=PaymentStatus.SETTLED, outcome=event.outcome)
        case PaymentReconciled():
            return replace(payment, booked=BookedEntry(event.entry, event.booked_at))
        case DisputeOpened() | DisputeWon() | DisputeLost():
            return disputed(payment, event)
        case _:
            assert_never(event)


def requested(event: PaymentRequested) -> RequestedPayment:
    """Return the payment that `event` began."""
    return RequestedPayment(
        order=event.order,
        account=event.account,
        organizer=event.organizer,
        performance=event.performance,
        provider=event.provider,
        amount=event.amount,
        currency=event.currency,
        expires_at=event.expires_at,
    )


def disputed(payment: RequestedPayment, event: DisputeOpened | DisputeWon | DisputeLost) -> RequestedPayment:
    """Return the payment after a step of a dispute; what is lost in another currency is not summed."""
    match event:
        case DisputeOpened():
            opened = Dispute(
                status=DisputeStatus.OPEN, amount=event.amount, currency=event.currency, since=event.opened_at
            )
            return replace(payment, dispute=opened)
        case DisputeWon():
            assert payment.dispute is not None
            won = replace(payment.dispute, status=DisputeStatus.WON, since=event.decided_at)
            return replace(payment, dispute=won, lost=payment.lost - event.recovered)
        case DisputeLost():
            lost = Dispute(
                status=DisputeStatus.LOST, amount=event.amount, currency=event.currency, since=event.decided_at
            )
            own = event.currency == (payment.captured_currency or payment.currency)
            return replace(payment, dispute=lost, lost=payment.lost + event.amount * own)
        case _:
            assert_never(event)


PAYMENT: Kind[Payment] = Kind("payment", NoPayment(), evolve)
