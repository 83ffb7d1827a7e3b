"""The interface to a payment provider, and the reports it returns; adapters implement it.

A `reference` is the shop's own id of a payment or refund, sent as the provider's idempotency key.

PaymentError
├── PaymentUnavailable    no response from the provider: it may or may not have acted
└── PaymentRefused        the provider rejected the request and did nothing; `code` is the reason
WebhookRefused
├── WebhookForged         not signed with the shared secret
├── WebhookStale          signed, but outside the replay window
├── WebhookMalformed      signed and fresh, but not an event
└── WebhookUnknown        signed and fresh, but of an unknown kind
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

WEBHOOK_WINDOW = timedelta(seconds=300)


class PaymentError(Exception):
    """The base of the errors of a payment provider."""


class PaymentUnavailable(PaymentError):
    """There was no response, so the outcome is unknown; find it by reference before deciding."""


class PaymentRefused(PaymentError):
    """The provider rejected the request and did nothing."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code


class WebhookRefused(Exception):
    """A webhook that must not be recorded."""


class WebhookForged(WebhookRefused):
    """The signature is missing, or was not made with the shared secret over this body."""


class WebhookStale(WebhookRefused):
    """The signature is valid, but its time is outside the replay window."""


class WebhookMalformed(WebhookRefused):
    """The body is not an event."""


class WebhookUnknown(WebhookRefused):
    """An event of an unknown kind, to be acknowledged and ignored."""

    def __init__(self, event_id: str, kind: str) -> None:
        super().__init__(f"An event of the kind {kind}.")
        self.event_id = event_id
        self.kind = kind


class CheckoutStatus(StrEnum):
    """The status of a checkout at the provider. A capture may still follow `expired`; nothing follows `failed`."""

    OPEN = "open"
    ACTION_REQUIRED = "action_required"
    CAPTURED = "captured"
    FAILED = "failed"
    EXPIRED = "expired"


class ProviderRefundStatus(StrEnum):
    """The status of a refund at the provider."""

    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"


class ProviderEventKind(StrEnum):
    """The subject of a webhook."""

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
    """The kind of a ledger entry, which determines the direction of the money.

    `dispute_lost` moves no money: the withheld amount is kept by the bank. An adapter uses `unreadable` for an entry of
    which it can read only the number.
    """

    CAPTURE = "capture"
    REFUND = "refund"
    DISPUTE = "dispute"
    DISPUTE_RETURNED = "dispute_returned"
    DISPUTE_LOST = "dispute_lost"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A page at the provider where the buyer pays; the buyer is redirected to `url`."""

    checkout_id: str
    reference: str
    url: str
    status: CheckoutStatus
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPayment:
    """A payment at the provider. The captured amount and currency can differ from those requested.

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
    """A refund at the provider; `decided_at` is None while it is pending."""

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
    """One verified webhook. It may arrive late, repeatedly or out of order: `event_id` is unique, `created_at` orders.

    `reference` is that of the refund for `refund.…`, else of the payment. `amount` is the amount concerned (for a
    capture: captured). `dispute_id`: the provider's id of the dispute, for `dispute.…`.
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
    """One movement of money in the provider's ledger; `amount` is positive, `kind` gives the direction.

    `dispute_id`: the provider's id of the dispute it belongs to, if any; a payment may have several disputes.
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
    """Entries in the order they were booked; pass `next_cursor` for the next page, None is the end so far."""

    entries: tuple[LedgerEntry, ...]
    next_cursor: int | None


class PaymentGateway(Protocol):
    """A payment provider. Every call has a timeout; repeating a reference has no second effect."""

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
        """Open the checkout of this reference, or return the existing one.

        Raises:
            PaymentUnavailable: no response.
            PaymentRefused: the reference belongs to another amount, or a field is invalid.
        """

    async def expire_checkout(self, checkout_id: str) -> ProviderPayment:
        """Expire an unpaid checkout; return one that is paid, failed or expired unchanged.

        Raises:
            PaymentUnavailable: no response.
            PaymentRefused: no such checkout.
        """

    async def find_payment(self, reference: str) -> ProviderPayment | None:
        """Return a payment by reference; None if the provider does not know it.

        Raises:
            PaymentUnavailable: no response.
        """

    async def submit_refund(self, *, reference: str, checkout_id: str, amount: int, currency: str) -> ProviderRefund:
        """Submit a refund, or return the one that this reference has submitted.

        Raises:
            PaymentUnavailable: no response; the money may have moved, so find the refund by reference.
            PaymentRefused: more than was captured, or the reference belongs to another refund.
        """

    async def find_refund(self, reference: str) -> ProviderRefund | None:
        """Return a refund by reference; None if the provider does not know it.

        Raises:
            PaymentUnavailable: no response.
        """

    async def list_ledger(self, *, after: int = 0, limit: int = 100) -> LedgerPage:
        """Return the entries of the provider's ledger after entry number `after`, oldest first.

        Raises:
            PaymentUnavailable: no response.
        """

    def read_webhook(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> ProviderEvent:
        """Verify and parse one webhook; names of `headers` are case-insensitive.

        Raises:
            WebhookForged: unsigned, or signed over another body.
            WebhookStale: signed more than `WEBHOOK_WINDOW` before or after `now`.
            WebhookMalformed: genuine, but not an event.
            WebhookUnknown: genuine, but of an unknown kind.
        """
