"""The purchase, with a record of every payment and refund of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from domain.decision import StreamType
from domain.values import Line, OrderCancelReason

PAYMENTS_PER_ORDER_MAX = 10
"""The most attempts to pay that the provider answered."""

PAYMENT_REQUESTS_PER_ORDER_MAX = 100
"""The most attempts to pay in all: attempts that the provider never answered, as in an outage, count only here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlaced:
    """A buyer committed to pay for every line until `expires_at`; `contact` is the id of a personal record."""

    order_code: str
    account: str
    performance: str
    event: str
    organizer: str
    hold: str
    lines: tuple[Line, ...]
    total: int
    currency: str
    contact: str | None
    terms_version: str | None
    policy: str
    locale: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderExtended:
    """The basket's deadline moved."""

    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentOpened:
    """An attempt to pay began."""

    payment: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTaken:
    """Money arrived in the order's currency; the same append decides what it pays for."""

    payment: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOpened:
    """`amount` is committed to a refund until the refund completes or is rejected.

    `lines` is empty for money that pays for no line; it may be in another currency than the order's.
    """

    refund: str
    payment: str | None
    lines: tuple[str, ...]
    amount: int
    currency: str


class RefundOutcome(StrEnum):
    """The final state of a refund."""

    COMPLETED = "completed"
    REJECTED = "rejected"
    PAID_ANOTHER_WAY = "paid_another_way"
    WRITTEN_OFF = "written_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundClosed:
    """The refund ended; its amount is paid out, or no longer committed."""

    refund: str
    outcome: RefundOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedTicket:
    """The ticket issued for one line."""

    line_id: str
    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderConfirmed:
    """Paid, and all seats sold; `payment` is None if the order was free."""

    payment: str | None
    tickets: tuple[OrderedTicket, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderExpired:
    """The deadline passed without a payment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelled:
    """Cancelled before it was confirmed."""

    reason: OrderCancelReason


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLinesCancelled:
    """These lines of a confirmed order lost the right to attend."""

    lines: tuple[str, ...]
    refund: str


OrderEvent = (
    OrderPlaced
    | OrderExtended
    | PaymentOpened
    | PaymentTaken
    | RefundOpened
    | RefundClosed
    | OrderConfirmed
    | OrderExpired
    | OrderCancelled
    | OrderLinesCancelled
)


class OrderStatus(StrEnum):
    """The status of an order; refunds are recorded separately."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRefund:
    """The order's record of one refund; `amount` in minor units of `currency`, `outcome` None while it is open."""

    payment: str | None
    lines: tuple[str, ...]
    amount: int
    currency: str
    outcome: RefundOutcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoOrder:
    """Not placed yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedOrder:
    """The fields of an order that decisions read; amounts in minor units of `currency`."""

    account: str
    performance: str
    event: str
    organizer: str
    hold: str
    lines: tuple[Line, ...]
    total: int
    currency: str
    expires_at: datetime
    contact: str | None
    status: OrderStatus = OrderStatus.PENDING
    payments: tuple[str, ...] = ()
    paid_by: str | None = None
    tickets: Mapping[str, str] = field(default_factory=dict)
    cancelled_lines: frozenset[str] = frozenset()
    refunds: Mapping[str, OrderRefund] = field(default_factory=dict)

    def amount_committed(self, payment: str, *, besides: str | None = None) -> int:
        """Return the sum of a payment's completed and open refunds, except refund `besides`, in minor units."""
        return sum(
            refund.amount
            for name, refund in self.refunds.items()
            if refund.payment == payment and name != besides and refund.outcome in {None, RefundOutcome.COMPLETED}
        )

    def amount_refunded(self, payment: str) -> int:
        """Return the sum of a payment's completed refunds, in minor units."""
        return sum(
            refund.amount
            for refund in self.refunds.values()
            if refund.payment == payment and refund.outcome is RefundOutcome.COMPLETED
        )

    def refundable(self) -> list[Line]:
        """Return the live lines that have no open or completed refund."""
        with_refund = {
            line
            for refund in self.refunds.values()
            if refund.outcome != RefundOutcome.REJECTED
            for line in refund.lines
        }
        return [line for line in self.lines if line.line_id not in with_refund | self.cancelled_lines]


Order = NoOrder | PlacedOrder


def evolve(order: Order, event: OrderEvent) -> Order:
    """Return the order after `event`."""
    if isinstance(event, OrderPlaced):
        return to_placed_order(event)
    assert isinstance(order, PlacedOrder)
    match event:
        case OrderExtended():
            return replace(order, expires_at=event.expires_at)
        case PaymentOpened():
            return replace(order, payments=(*order.payments, event.payment))
        case PaymentTaken():
            return order
        case RefundOpened():
            claim = OrderRefund(payment=event.payment, lines=event.lines, amount=event.amount, currency=event.currency)
            return replace(order, refunds={**order.refunds, event.refund: claim})
        case RefundClosed():
            closed = replace(order.refunds[event.refund], outcome=event.outcome)
            return replace(order, refunds={**order.refunds, event.refund: closed})
        case OrderConfirmed():
            tickets = {ordered.line_id: ordered.ticket for ordered in event.tickets}
            return replace(order, status=OrderStatus.CONFIRMED, paid_by=event.payment, tickets=tickets)
        case OrderExpired():
            return replace(order, status=OrderStatus.EXPIRED)
        case OrderCancelled():
            return replace(order, status=OrderStatus.CANCELLED)
        case OrderLinesCancelled():
            return replace(order, cancelled_lines=order.cancelled_lines | set(event.lines))
        case _:
            assert_never(event)


def to_placed_order(event: OrderPlaced) -> PlacedOrder:
    """Return the order that `event` placed."""
    return PlacedOrder(
        account=event.account,
        performance=event.performance,
        event=event.event,
        organizer=event.organizer,
        hold=event.hold,
        lines=event.lines,
        total=event.total,
        currency=event.currency,
        expires_at=event.expires_at,
        contact=event.contact,
    )


ORDER: StreamType[Order] = StreamType("order", NoOrder(), evolve)
