"""Holds, orders, payments and refunds as answers show them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from api.presenters.values import Body, PlainLine, id_of, money, plain, shown_line, shown_lines
from domain.hold import HoldPlaced, OpenHold
from domain.order import OrderConfirmed, OrderPlaced, OrderStatus, PlacedOrder
from domain.payment import RequestedPayment
from domain.refund import RefundRequested, RefundStatus, RequestedRefund
from domain.values import order_code
from projections import my_orders

Recorded = Sequence[tuple[str, Any]]


def placed_hold(events: Recorded) -> Body:
    """Show a basket from the events that filled it."""
    ((stream, placed),) = (pair for pair in events if type(pair[1]) is HoldPlaced)
    return {**hold_facts(id_of(stream), placed), "expires_at": placed.expires_at}


def hold_facts(hold: str, known: HoldPlaced | OpenHold) -> Body:
    """Show a basket's places and its promised price."""
    return {
        "hold_id": hold,
        "performance_id": known.performance,
        "event_id": known.event,
        "expires_at": known.expires_at,
        "quote": {
            "lines": shown_lines(plain(known.lines), known.currency),
            "total": money(known.total, known.currency),
        },
    }


def hold_now(hold: str, state: OpenHold, now: datetime) -> Body:
    """Show a basket as it stands at `now`."""
    status = "ordered" if state.order else "lapsed" if state.expires_at <= now else "open"
    return {**hold_facts(hold, state), "status": status, "order_id": state.order, "extended": state.extended}


def listed_hold(hold: my_orders.Hold) -> Body:
    """Show a basket from its row."""
    return {
        "hold_id": hold.hold,
        "performance_id": hold.performance,
        "event_id": hold.event,
        "expires_at": hold.expires_at,
        "quote": {"lines": shown_lines(hold.lines, hold.currency), "total": money(hold.total, hold.currency)},
    }


def placed_order(events: Recorded) -> Body:
    """Show an order from the events that placed it."""
    order, code, placed = "", "", None
    status = OrderStatus.PENDING
    for stream, event in events:
        if type(event) is OrderPlaced:
            order, code, placed = id_of(stream), event.order_code, event
        elif type(event) is OrderConfirmed:
            status = OrderStatus.CONFIRMED
    assert placed is not None
    return {
        "order_id": order,
        "order_code": code,
        "hold_id": placed.hold,
        "status": status,
        "total": money(placed.total, placed.currency),
        "expires_at": placed.expires_at,
    }


def order_now(
    order: str,
    state: PlacedOrder,
    payments: Mapping[str, RequestedPayment],
    refunds: Mapping[str, RequestedRefund],
) -> Body:
    """Show an order as it stands."""
    lines = [
        order_line(line, state.currency, state.tickets.get(line["line_id"]), cancelled=state.cancelled_lines)
        for line in plain(state.lines)
    ]
    return {
        "order_id": order,
        "order_code": order_code(order),
        "hold_id": state.hold,
        "account_id": state.account,
        "performance_id": state.performance,
        "event_id": state.event,
        "organizer_id": state.organizer,
        "status": state.status,
        "total": money(state.total, state.currency),
        "expires_at": state.expires_at,
        "lines": lines,
        "paid_by": state.paid_by,
        "payments": [payment_now(payment, known) for payment, known in payments.items()],
        "refunds": [refund_now(refund, known) for refund, known in refunds.items()],
    }


def order_line(
    line: PlainLine, currency: str, ticket: str | None, *, cancelled: Sequence[str] | frozenset[str]
) -> Body:
    """Show one line of an order."""
    return {**shown_line(line, currency), "ticket_id": ticket, "cancelled": line["line_id"] in cancelled}


def listed_order(order: my_orders.Order) -> Body:
    """Show an order from its row."""
    return {
        "order_id": order.order_id,
        "order_code": order.order_code,
        "account_id": order.account,
        "performance_id": order.performance,
        "event_id": order.event,
        "organizer_id": order.organizer,
        "status": order.status,
        "total": money(order.total, order.currency),
        "expires_at": order.expires_at,
        "lines": [
            order_line(line, order.currency, order.tickets.get(line["line_id"]), cancelled=order.cancelled)
            for line in order.lines
        ],
        "paid_by": order.paid_by,
        "payments": [listed_payment(payment) for payment in order.payments],
        "refunds": [listed_refund(refund) for refund in order.refunds],
    }


def payment_now(payment: str, state: RequestedPayment) -> Body:
    """Show a payment as it stands."""
    captured = money(state.captured, state.captured_currency) if state.captured_currency else None
    return {
        "payment_id": payment,
        "order_id": state.order,
        "provider": state.provider,
        "status": state.status,
        "amount": money(state.amount, state.currency),
        "captured": captured,
        "dispute": state.dispute.status if state.dispute else None,
        "checkout_url": state.checkout_url,
        "outcome": state.outcome,
        "expires_at": state.expires_at,
    }


def listed_payment(payment: my_orders.Payment) -> Body:
    """Show a payment from its row."""
    return {
        "payment_id": payment.payment,
        "order_id": payment.order_id,
        "provider": payment.provider,
        "status": payment.status,
        "amount": money(payment.amount, payment.currency),
        "captured": money(payment.captured, payment.captured_currency) if payment.captured_currency else None,
        "dispute": payment.dispute,
        "checkout_url": payment.checkout_url,
        "outcome": payment.outcome,
        "expires_at": payment.expires_at,
    }


def requested_refund(events: Recorded) -> Body:
    """Show a refund from the events that asked for it."""
    ((stream, asked),) = (pair for pair in events if type(pair[1]) is RefundRequested)
    return {
        "refund_id": id_of(stream),
        "order_id": asked.order,
        "payment_id": asked.payment,
        "status": RefundStatus.REQUESTED,
        "lines": asked.lines,
        "amount": money(asked.amount, asked.currency),
        "reason": asked.reason,
    }


def refund_now(refund: str, state: RequestedRefund) -> Body:
    """Show a refund as it stands."""
    return {
        "refund_id": refund,
        "order_id": state.order,
        "payment_id": state.payment,
        "status": state.status,
        "lines": state.lines,
        "amount": money(state.amount, state.currency),
        "reason": state.reason,
    }


def listed_refund(refund: my_orders.Refund) -> Body:
    """Show a refund from its row."""
    return {
        "refund_id": refund.refund,
        "order_id": refund.order_id,
        "payment_id": refund.payment,
        "status": refund.status,
        "lines": refund.lines,
        "amount": money(refund.amount, refund.currency),
        "reason": refund.reason,
    }
