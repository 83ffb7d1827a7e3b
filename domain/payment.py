"""One attempt to take money: the provider's reports about it, and the decision on the money."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, assert_never

from domain.decision import StreamType
from domain.dispute import Dispute, DisputeLost, DisputeOpened, DisputeStatus, DisputeWon, dispute_after, overall_status


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRequested:
    """`amount` is due from the buyer; the provider's checkout ends at `expires_at`, before the order does."""

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
    """The provider opened a checkout with the id `checkout`; its URL is a bearer secret and not stored in the event."""

    checkout: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentActionRequired:
    """The provider asks the buyer for one more step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCaptured:
    """The provider took the money; `source`: where the report came from (webhook, return or books)."""

    amount: int
    currency: str
    captured_at: datetime
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFailed:
    """The provider declined; the buyer may try again with a new payment."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentExpired:
    """The checkout ended without a payment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCancelled:
    """The order no longer needs this payment: the checkout is to be closed, and a capture will be refunded."""


class PaymentOutcome(StrEnum):
    """The decision on a capture."""

    CONFIRMED = "confirmed"
    REFUNDED = "refunded"
    EXCEPTION = "exception"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSettled:
    """The capture was decided: the order is confirmed, or `refund` returns the money, or `owner` has to handle it."""

    outcome: PaymentOutcome
    refund: str | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReconciled:
    """The capture is entry number `entry` in the provider's ledger; other captures there are not this one."""

    entry: int
    booked_at: datetime


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
    """The status of a payment."""

    OPEN = "open"
    ACTION_REQUIRED = "action_required"
    CAPTURED = "captured"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SETTLED = "settled"


AWAITING_BUYER = frozenset({PaymentStatus.OPEN, PaymentStatus.ACTION_REQUIRED})
"""The provider may still capture the payment."""

ANSWERED = frozenset(
    {PaymentStatus.ACTION_REQUIRED, PaymentStatus.CAPTURED, PaymentStatus.FAILED, PaymentStatus.SETTLED}
)
"""The provider has responded to the request."""


class BookedEntry(NamedTuple):
    """An entry of the provider's ledger: its number, and when it was booked."""

    entry: int
    booked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoPayment:
    """Not requested yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedPayment:
    """The fields of a payment that decisions read; amounts in minor units."""

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
        """Whether the provider ever responded, so that the buyer could have paid."""
        return self.checkout is not None or self.status in ANSWERED

    @property
    def dispute_status(self) -> DisputeStatus | None:
        """The status of all its disputes together; None: there was none."""
        return overall_status(self.disputes)

    @property
    def dispute_open(self) -> bool:
        """Whether a dispute is open, so that the provider withholds money."""
        return self.dispute_status is DisputeStatus.OPEN

    @property
    def disputed(self) -> bool:
        """Whether a dispute is open or lost, so that the money may be gone."""
        return self.dispute_status not in {None, DisputeStatus.WON}


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
    """Return the payment that `event` requested."""
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
    """Return the payment after a step of a dispute; an amount lost in another currency is not added to `lost`."""
    disputes = {**payment.disputes, event.dispute: dispute_after(payment.disputes.get(event.dispute), event)}
    match event:
        case DisputeOpened():
            return replace(payment, disputes=disputes)
        case DisputeWon():
            return replace(payment, disputes=disputes, lost=payment.lost - event.recovered)
        case DisputeLost():
            same_currency = event.currency == (payment.captured_currency or payment.currency)
            return replace(payment, disputes=disputes, lost=payment.lost + event.amount * same_currency)
        case _:
            assert_never(event)


PAYMENT: StreamType[Payment] = StreamType("payment", NoPayment(), evolve)
