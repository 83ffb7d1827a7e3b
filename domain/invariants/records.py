"""The records of the invariants' ledger: one event, seat, ticket, order, payment, refund or exception."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from domain import money_exception as exceptions
from domain import payment as payments
from domain.values import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """One event of a command, with its stream and the time it was recorded."""

    stream: str
    event: Any
    recorded_at: datetime
    command_id: UUID | None = None


@dataclass(slots=True)
class SeatRecord:
    """The claim on a seat: none, a hold until a deadline, an order with a ticket, or a block."""

    hold: str | None = None
    deadline: datetime | None = None
    order: str | None = None
    ticket: str | None = None
    blocked: bool = False

    def claimed(self) -> bool:
        """Return whether the seat has a claim."""
        return bool(self.hold or self.order or self.blocked)


@dataclass(slots=True)
class TicketRecord:
    """The seat and state of a ticket; `entry`: the scan that used it, None if it was reverted."""

    seat: str
    performance: str
    void: bool = False
    entry: str | None = None


@dataclass(slots=True)
class OrderRecord:
    """The lines of an order, its confirmation, and the ids of its refunds."""

    performance: str
    hold: str
    lines: dict[str, Line]
    confirmed_by: str | None = None
    confirmed: bool = False
    refunds: set[str] = field(default_factory=set)


@dataclass(slots=True)
class PaymentRecord:
    """The captured money of a payment, the decision on it, and its disputes."""

    order: str
    currency: str
    awaits_buyer: bool = True
    captured: int | None = None
    captured_at: datetime | None = None
    outcome: payments.PaymentOutcome | None = None
    disputes_open: set[str] = field(default_factory=set)
    lost: int = 0


@dataclass(slots=True)
class RefundRecord:
    """A refund, until it is completed, rejected or closed manually."""

    payment: str | None
    lines: tuple[str, ...]
    amount: int
    explained: bool = False
    rejected: bool = False
    completed: bool = False
    account: str | None = None
    requested_by: str | None = None
    exception: str | None = None


@dataclass(slots=True)
class ExceptionRecord:
    """An exception: its subject, its owner, and whether it is open."""

    kind: exceptions.ExceptionKind
    owner: str
    amount: int
    refundable: int
    payment: str | None
    refund: str | None
    account: str | None
    open: bool = True
