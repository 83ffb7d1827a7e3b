"""What the gateway's books hold, and how it refuses.

SandboxRefused            a definite no; nothing happened (status and code are the answer's)
├── NotFound           404
├── NotPossible           409
└── NotAcceptable         422
LedgerInUse                another process has this file open
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar


class CheckoutStatus(StrEnum):
    """Where a checkout stands."""

    OPEN = "open"
    ACTION_REQUIRED = "action_required"
    CAPTURED = "captured"
    FAILED = "failed"
    EXPIRED = "expired"


class RefundStatus(StrEnum):
    """Where a refund stands."""

    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"


class DisputeStatus(StrEnum):
    """Where a dispute stands."""

    OPENED = "opened"
    WON = "won"
    LOST = "lost"


class EntryKind(StrEnum):
    """Which way money moved; a lost dispute moves none, what it withheld stays away."""

    CAPTURE = "capture"
    REFUND = "refund"
    DISPUTE = "dispute"
    DISPUTE_RETURNED = "dispute_returned"
    DISPUTE_LOST = "dispute_lost"


class EventType(StrEnum):
    """What a webhook announces."""

    ACTION_REQUIRED = "checkout.action_required"
    CAPTURED = "checkout.captured"
    FAILED = "checkout.failed"
    EXPIRED = "checkout.expired"
    REFUND_COMPLETED = "refund.completed"
    REFUND_FAILED = "refund.failed"
    DISPUTE_OPENED = "dispute.opened"
    DISPUTE_WON = "dispute.won"
    DISPUTE_LOST = "dispute.lost"


class DeliveryState(StrEnum):
    """What became of a webhook; `withheld` ones are never sent because the card says so."""

    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A page where somebody pays; `capture_due_at` is set once a card was accepted but not yet charged."""

    checkout_id: str
    reference: str
    amount: int
    currency: str
    description: str
    return_url: str
    opened_at: datetime
    expires_at: datetime
    status: CheckoutStatus
    card: str | None
    captured_amount: int
    captured_currency: str | None
    captured_at: datetime | None
    capture_due_at: datetime | None
    failed_at: datetime | None
    failure: str | None
    dispute: DisputeStatus | None
    dispute_id: str | None
    refunds_turned_away: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money on its way back; `due_at` is set while it is pending."""

    refund_id: str
    reference: str
    checkout_id: str
    amount: int
    currency: str
    status: RefundStatus
    requested_at: datetime
    due_at: datetime | None
    decided_at: datetime | None
    failure: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One movement of money; `reference` is the refund's for a refund, the payment's otherwise."""

    entry: int
    kind: EntryKind
    reference: str
    checkout_id: str
    amount: int
    currency: str
    recorded_at: datetime
    dispute_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One webhook to be sent, with the exact body and how often it was tried."""

    delivery_id: int
    event_id: str
    checkout_id: str
    state: DeliveryState
    due_at: datetime
    attempts: int
    last_answer: str | None
    body: str


class SandboxRefused(Exception):
    """The gateway's no; `code` is stable, the message says what to do."""

    status: ClassVar[int] = 400

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class NotFound(SandboxRefused):
    """There is no such checkout, refund or event."""

    status = 404


class NotPossible(SandboxRefused):
    """It clashes with what the books say."""

    status = 409


class NotAcceptable(SandboxRefused):
    """The request makes no sense as it stands."""

    status = 422


class LedgerInUse(Exception):
    """Another process has the books open; two writers would deliver everything twice."""
