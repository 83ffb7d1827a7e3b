"""Calculations on a disputed payment: the amount left, the amount that may be refunded, the tickets it paid for."""

from collections.abc import Sequence
from typing import Any

from domain.decision import DecisionContext
from domain.dispute import DisputeStatus
from domain.errors import PaymentDisputed
from domain.order import PlacedOrder, RefundOutcome
from domain.payment import PAYMENT, RequestedPayment
from domain.pricing import refundable_amount
from domain.ticket import TICKET, TicketDisputed


def require_undisputed(context: DecisionContext, order: PlacedOrder, *, amount: int, refund: str | None = None) -> None:
    """Refuse to refund money that is disputed, or lost to a dispute.

    Args:
        amount: in minor units; 0 is never refused.
        refund: the refund to leave out of the sum, if it is recorded on the order already.

    Raises:
        PaymentDisputed: a dispute is open, or less than `amount` is left.
    """
    payment_id = order.paid_by
    payment = context.read(PAYMENT, payment_id) if payment_id and amount > 0 else None
    if payment_id is None or not isinstance(payment, RequestedPayment) or not payment.disputed:
        return
    if not has_money_left(payment, order, payment_id, amount=amount, refund=refund):
        raise PaymentDisputed("The buyer's bank disputes this payment or took it back; its money cannot be refunded.")


def has_money_left(
    payment: RequestedPayment, order: PlacedOrder, payment_id: str, *, amount: int, refund: str | None
) -> bool:
    """Return whether `amount` is left of a payment after the other refunds and the disputes lost."""
    if not payment.disputed:
        return True
    if payment.dispute_open or lost_elsewhere(payment):
        return False
    return amount <= money_left(payment, order, payment_id, refund=refund)


def lost_elsewhere(payment: RequestedPayment) -> bool:
    """Return whether a dispute was lost in another currency, so that the amount left is unknown."""
    lost = (dispute for dispute in payment.disputes.values() if dispute.status is DisputeStatus.LOST)
    return any(dispute.currency != own_currency(payment) for dispute in lost)


def money_left(payment: RequestedPayment, order: PlacedOrder, payment_id: str, *, refund: str | None) -> int:
    """Return the amount of a payment left after the other refunds and the disputes lost, in minor units."""
    return payment.captured - payment.lost - order.amount_committed(payment_id, besides=refund)


def amount_ended_unpaid(order: PlacedOrder, payment_id: str) -> int:
    """Return the price of the lines cancelled without a refund because a dispute had taken their money."""
    ended = [
        line
        for refund in order.refunds.values()
        if refund.payment == payment_id and not refund.amount and refund.outcome is RefundOutcome.COMPLETED
        for line in refund.lines
    ]
    return refundable_amount([line for line in order.lines if line.line_id in ended])


def amount_overdrawn(payment: RequestedPayment, order: PlacedOrder, payment_id: str, lost: int) -> int:
    """Return by how much refunds and `lost` exceed the amount captured, in minor units."""
    return max(0, order.amount_refunded(payment_id) + lost - (payment.captured or payment.amount))


def own_currency(payment: RequestedPayment) -> str:
    """Return the currency of the capture, or before it, of the request."""
    return payment.captured_currency or payment.currency


def disputed_ticket_events(payment_id: str, payment: RequestedPayment, tickets: Sequence[str]) -> dict[str, list[Any]]:
    """Return the events that mark tickets as disputed; none unless their payment is disputed."""
    if not payment.disputed:
        return {}
    return {TICKET.stream(ticket): [TicketDisputed(payment=payment_id)] for ticket in tickets}
