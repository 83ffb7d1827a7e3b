"""One attempt to take money, as the provider tells it, and what we decided when it arrived."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, assert_never

from domain.decision import StreamType


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


class DisputeStatus(StrEnum):
    """Where a dispute stands."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


GRAVEST_FIRST = (DisputeStatus.OPEN, DisputeStatus.LOST, DisputeStatus.WON)


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeOpened:
    """The buyer asked their bank for the money back; the provider withholds `amount` until the bank decides.

    `dispute` is the provider's id of it; `overall`: what all disputes of the payment come to with this one.
    """

    dispute: str
    order: str
    organizer: str
    performance: str
    amount: int
    currency: str
    opened_at: datetime
    source: str
    overall: DisputeStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeWon:
    """The bank decided for the shop; `recovered` had been lost to an earlier decision of the same dispute."""

    dispute: str
    order: str
    organizer: str
    performance: str
    recovered: int
    currency: str
    decided_at: datetime
    source: str
    overall: DisputeStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeLost:
    """The bank decided for the buyer; `amount` is gone."""

    dispute: str
    order: str
    organizer: str
    performance: str
    amount: int
    currency: str
    decided_at: datetime
    source: str
    overall: DisputeStatus


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


AWAITING_BUYER = frozenset({PaymentStatus.OPEN, PaymentStatus.ACTION_REQUIRED})
"""The provider may still take the buyer's card."""

ANSWERED = frozenset(
    {PaymentStatus.ACTION_REQUIRED, PaymentStatus.CAPTURED, PaymentStatus.FAILED, PaymentStatus.SETTLED}
)
"""The provider has said something about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """One dispute of a payment; `since`: the provider's time of what made it so."""

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
    disputes: Mapping[str, Dispute] = field(default_factory=dict)
    lost: int = 0

    @property
    def reached_provider(self) -> bool:
        """Whether the provider ever answered, so that the buyer had a chance to pay."""
        return self.checkout is not None or self.status in ANSWERED

    @property
    def dispute_status(self) -> DisputeStatus | None:
        """What its disputes come to; None: there was none."""
        return overall_status(self.disputes)

    @property
    def dispute_open(self) -> bool:
        """Whether the bank has not decided yet, so that the provider withholds money."""
        return self.dispute_status is DisputeStatus.OPEN

    @property
    def disputed(self) -> bool:
        """Whether a dispute is open or lost, so that the money may be gone."""
        return self.dispute_status not in {None, DisputeStatus.WON}


def overall_status(disputes: Mapping[str, Dispute]) -> DisputeStatus | None:
    """Return what disputes of one payment come to: open while one is, else lost if one is, else won."""
    known = {dispute.status for dispute in disputes.values()}
    return next((status for status in GRAVEST_FIRST if status in known), None)


Payment = NoPayment | RequestedPayment


def evolve(payment: Payment, event: PaymentEvent) -> Payment:
    """Return the payment after `event`."""
    if isinstance(event, PaymentRequested):
        return to_requested_payment(event)
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
            return with_dispute(payment, event)
        case _:
            assert_never(event)


def to_requested_payment(event: PaymentRequested) -> RequestedPayment:
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


def with_dispute(payment: RequestedPayment, event: DisputeOpened | DisputeWon | DisputeLost) -> RequestedPayment:
    """Return the payment after a step of a dispute; what is lost in another currency is not summed."""
    disputes = {**payment.disputes, event.dispute: dispute_after(payment.disputes.get(event.dispute), event)}
    match event:
        case DisputeOpened():
            return replace(payment, disputes=disputes)
        case DisputeWon():
            return replace(payment, disputes=disputes, lost=payment.lost - event.recovered)
        case DisputeLost():
            own = event.currency == (payment.captured_currency or payment.currency)
            return replace(payment, disputes=disputes, lost=payment.lost + event.amount * own)
        case _:
            assert_never(event)


def dispute_after(dispute: Dispute | None, event: DisputeOpened | DisputeWon | DisputeLost) -> Dispute:
    """Return a dispute after one of its steps."""
    match event:
        case DisputeOpened(amount=amount, currency=currency):
            return Dispute(status=DisputeStatus.OPEN, amount=amount, currency=currency, since=event.opened_at)
        case DisputeWon():
            assert dispute is not None
            return replace(dispute, status=DisputeStatus.WON, since=event.decided_at)
        case DisputeLost(amount=amount, currency=currency):
            return Dispute(status=DisputeStatus.LOST, amount=amount, currency=currency, since=event.decided_at)
        case _:
            assert_never(event)


PAYMENT: StreamType[Payment] = StreamType("payment", NoPayment(), evolve)
