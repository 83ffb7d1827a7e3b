"""Records of the gateway's ledger, and its errors.

SandboxRefused         the request is refused and nothing was changed; has HTTP status and code
├── NotFound           404
├── NotPossible        409
└── NotAcceptable      422
LedgerInUse            another process has the file open
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar


class CheckoutStatus(StrEnum):
    """Status of a checkout."""

    OPEN = "open"
    ACTION_REQUIRED = "action_required"
    CAPTURED = "captured"
    FAILED = "failed"
    EXPIRED = "expired"


class RefundStatus(StrEnum):
    """Status of a refund."""

    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"


class DisputeStatus(StrEnum):
    """Status of a dispute."""

    OPENED = "opened"
    WON = "won"
    LOST = "lost"


class EntryKind(StrEnum):
    """Kind of a money entry; `dispute` withholds money, `dispute_lost` moves none, since it is withheld already."""

    CAPTURE = "capture"
    REFUND = "refund"
    DISPUTE = "dispute"
    DISPUTE_RETURNED = "dispute_returned"
    DISPUTE_LOST = "dispute_lost"


class EventType(StrEnum):
    """Type of an event."""

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
    """State of a delivery; `withheld` ones are never sent, because of the test card."""

    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A checkout; `capture_due_at` is set while a card is accepted but not charged. Amounts in minor units."""

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
    """A refund; `due_at` is set while it is pending. Amount in minor units."""

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
    """A money entry; `reference`: the refund's for a refund, else the payment's. Amount in minor units."""

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
    """A delivery of an event, with the exact body and the number of attempts."""

    delivery_id: int
    event_id: str
    checkout_id: str
    state: DeliveryState
    due_at: datetime
    attempts: int
    last_answer: str | None
    body: str


class SandboxRefused(Exception):
    """Base class of refusals; `code` is stable, the message is for people."""

    status: ClassVar[int] = 400

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class NotFound(SandboxRefused):
    """There is no such checkout, refund or event."""

    status = 404


class NotPossible(SandboxRefused):
    """The request conflicts with the state of the ledger."""

    status = 409


class NotAcceptable(SandboxRefused):
    """The request is not valid."""

    status = 422


class LedgerInUse(Exception):
    """Another process has the file open; two processes would deliver each webhook twice."""
