"""What the engine asks of a payment provider, and the facts that come back; the adapters answer it.

A `reference` is our own id (a payment's or a refund's), sent along as the provider's idempotency key.

PaymentError
├── PaymentUnavailable    the provider could not be reached or did not answer: it may or may not have acted
└── PaymentRefused        the provider understood and said no; `code` says why, and nothing happened
WebhookRefused
├── WebhookForged         not signed with the shared secret
├── WebhookStale          signed, but outside the replay window
├── WebhookMalformed      signed and fresh, but not an event
└── WebhookUnknown        signed and fresh, but of a kind that this program does not know
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

WEBHOOK_WINDOW = timedelta(seconds=300)


class PaymentError(Exception):
    """The root of what talking to a payment provider raises."""


class PaymentUnavailable(PaymentError):
    """No answer, so the outcome is unknown; ask again by reference before concluding anything."""


class PaymentRefused(PaymentError):
    """The provider's definite no."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code


class WebhookRefused(Exception):
    """A webhook that must leave no trace."""


class WebhookForged(WebhookRefused):
    """The signature is missing or was not made with the shared secret over this very body."""


class WebhookStale(WebhookRefused):
    """The signature is genuine but its time is more than the replay window away from now."""


class WebhookMalformed(WebhookRefused):
    """The body is not an event."""


class WebhookUnknown(WebhookRefused):
    """An event of a kind that this program does not know: to be answered, and ignored."""

    def __init__(self, event_id: str, kind: str) -> None:
        super().__init__(f"An event of the kind {kind}.")
        self.event_id = event_id
        self.kind = kind


class CheckoutStatus(StrEnum):
    """Where a checkout stands at the provider. A capture may still follow `expired`; nothing follows `failed`."""

    OPEN = "open"
    ACTION_REQUIRED = "action_required"
    CAPTURED = "captured"
    FAILED = "failed"
    EXPIRED = "expired"


class ProviderRefundStatus(StrEnum):
    """Where a refund stands at the provider."""

    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"


class ProviderEventKind(StrEnum):
    """What a webhook announces."""

    CHECKOUT_ACTION_REQUIRED = "checkout.action_required"
    CHECKOUT_CAPTURED = "checkout.captured"
    CHECKOUT_FAILED = "checkout.failed"
    CHECKOUT_EXPIRED = "checkout.expired"
    REFUND_COMPLETED = "refund.completed"
    REFUND_FAILED = "refund.failed"
    DISPUTE_OPENED = "dispute.opened"
    DISPUTE_WON = "dispute.won"
    DISPUTE_LOST = "dispute.lost"


class LedgerEntryKind(StrEnum):
    """Which way money moved in the provider's books.

    A lost dispute moves none: what it withheld stays away. `unreadable` is what an adapter makes of an entry that it
    cannot read but for its number.
    """

    CAPTURE = "capture"
    REFUND = "refund"
    DISPUTE = "dispute"
    DISPUTE_RETURNED = "dispute_returned"
    DISPUTE_LOST = "dispute_lost"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A page at the provider where the buyer pays; `url` is where to send them."""

    checkout_id: str
    reference: str
    url: str
    status: CheckoutStatus
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPayment:
    """A payment as the provider sees it. What was captured can differ from `amount` and `currency`, which we asked for.

    `captured_amount` is 0 and `captured_currency` None before the capture.
    """

    reference: str
    checkout_id: str
    status: CheckoutStatus
    amount: int
    currency: str
    captured_amount: int
    captured_currency: str | None
    opened_at: datetime
    expires_at: datetime
    captured_at: datetime | None
    failed_at: datetime | None
    failure: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRefund:
    """A refund as the provider sees it; `decided_at` is None while it is pending."""

    reference: str
    refund_id: str
    checkout_id: str
    status: ProviderRefundStatus
    amount: int
    currency: str
    requested_at: datetime
    decided_at: datetime | None
    failure: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEvent:
    """One verified webhook. It may come late, twice or before its elders: `event_id` names it, `created_at` orders it.

    `reference` is the refund's for `refund.…`, the payment's otherwise; `amount` is what the fact is about (for a
    capture: what was taken). `dispute_id` is the provider's id of the dispute that a `dispute.…` is about.
    """

    event_id: str
    kind: ProviderEventKind
    created_at: datetime
    reference: str
    checkout_id: str
    amount: int
    currency: str
    failure: str | None
    dispute_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One movement of money in the provider's books; `amount` is positive, `kind` gives the direction.

    `dispute_id` is the provider's id of the dispute that it is about, if it is about one: a payment may have several.
    """

    entry: int
    kind: LedgerEntryKind
    reference: str
    checkout_id: str
    amount: int
    currency: str
    recorded_at: datetime
    dispute_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerPage:
    """Entries in the order they were booked; pass `next_cursor` to read on, None is the end so far."""

    entries: tuple[LedgerEntry, ...]
    next_cursor: int | None


class PaymentGateway(Protocol):
    """A payment provider. Every call is bounded in time; sending a reference again has no second effect."""

    async def open_checkout(
        self,
        *,
        reference: str,
        amount: int,
        currency: str,
        expires_at: datetime,
        return_url: str,
        description: str,
    ) -> Checkout:
        """Make the checkout of this reference, or find it.

        Raises:
            PaymentUnavailable: no answer.
            PaymentRefused: the reference stands for another amount, or the provider dislikes a field.
        """

    async def expire_checkout(self, checkout_id: str) -> ProviderPayment:
        """End an unpaid checkout; one already paid, failed or expired is answered as it stands.

        Raises:
            PaymentUnavailable: no answer.
            PaymentRefused: no such checkout.
        """

    async def find_payment(self, reference: str) -> ProviderPayment | None:
        """Look a payment up by our reference; None if the provider never heard of it.

        Raises:
            PaymentUnavailable: no answer.
        """

    async def submit_refund(self, *, reference: str, checkout_id: str, amount: int, currency: str) -> ProviderRefund:
        """Send money back, or find the refund this reference already caused.

        Raises:
            PaymentUnavailable: no answer; the money may have moved, so look the refund up.
            PaymentRefused: over what was captured, or the reference stands for another refund.
        """

    async def find_refund(self, reference: str) -> ProviderRefund | None:
        """Look a refund up by our reference; None if the provider never heard of it.

        Raises:
            PaymentUnavailable: no answer.
        """

    async def list_ledger(self, *, after: int = 0, limit: int = 100) -> LedgerPage:
        """Read the provider's money facts after entry number `after`, oldest first.

        Raises:
            PaymentUnavailable: no answer.
        """

    def read_webhook(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> ProviderEvent:
        """Verify and read one delivery; `headers` are looked up without regard to case.

        Raises:
            WebhookForged: unsigned, or signed over something else.
            WebhookStale: signed more than `WEBHOOK_WINDOW` before or after `now`.
            WebhookMalformed: genuine, but not an event.
            WebhookUnknown: genuine, but of an unknown kind.
        """
