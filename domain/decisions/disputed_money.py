"""What is left of a payment beside its disputes and refunds, what may still go back, and which tickets it pays for."""

from collections.abc import Sequence
from typing import Any

from domain.decision import DecisionContext
from domain.errors import PaymentDisputed
from domain.order import PlacedOrder, RefundOutcome
from domain.payment import PAYMENT, DisputeStatus, RequestedPayment
from domain.pricing import refundable_amount
from domain.ticket import TICKET, TicketDisputed


def require_undisputed(context: DecisionContext, order: PlacedOrder, *, amount: int, refund: str | None = None) -> None:
    """Refuse to send money back that is disputed, or lost to a dispute; `refund`: the one that it is about.

    Raises:
        PaymentDisputed: a dispute is open, or too little of the money is left.
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
    """Return whether a disputed payment still holds an amount beside the other refunds and what is lost."""
    if not payment.disputed:
        return True
    if payment.dispute_open or lost_elsewhere(payment):
        return False
    return amount <= money_left(payment, order, payment_id, refund=refund)


def lost_elsewhere(payment: RequestedPayment) -> bool:
    """Return whether a dispute was lost in another currency, so that nobody can tell what is left."""
    lost = (dispute for dispute in payment.disputes.values() if dispute.status is DisputeStatus.LOST)
    return any(dispute.currency != own_currency(payment) for dispute in lost)


def money_left(payment: RequestedPayment, order: PlacedOrder, payment_id: str, *, refund: str | None) -> int:
    """Return what a payment holds beside the other refunds and what is lost, in minor units."""
    return payment.captured - payment.lost - order.amount_committed(payment_id, besides=refund)


def amount_ended_unpaid(order: PlacedOrder, payment_id: str) -> int:
    """Return what the lines cost that ended without money because a dispute had taken it, in minor units."""
    ended = [
        line
        for refund in order.refunds.values()
        if refund.payment == payment_id and not refund.amount and refund.outcome is RefundOutcome.COMPLETED
        for line in refund.lines
    ]
    return refundable_amount([line for line in order.lines if line.line_id in ended])


def amount_overdrawn(payment: RequestedPayment, order: PlacedOrder, payment_id: str, lost: int) -> int:
    """Return by how much more money left than came in, in minor units."""
    return max(0, order.amount_refunded(payment_id) + lost - (payment.captured or payment.amount))


def own_currency(payment: RequestedPayment) -> str:
    """Return the currency in which the payment came in, or was asked for."""
    return payment.captured_currency or payment.currency


def disputed_ticket_events(payment_id: str, payment: RequestedPayment, tickets: Sequence[str]) -> dict[str, list[Any]]:
    """Mark the tickets that a disputed payment has just paid for."""
    if not payment.disputed:
        return {}
    return {TICKET.stream(ticket): [TicketDisputed(payment=payment_id)] for ticket in tickets}
