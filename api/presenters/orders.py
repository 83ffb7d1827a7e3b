"""Holds, orders and payments as JSON."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from api.presenters.refunds import refund_from_row
from api.presenters.summaries import performance_summary
from api.presenters.values import Body, PlainLine, id_of, line_json, lines_json, money, to_plain_json
from api.queries.order_details import OrderDetails
from domain.hold import EndedHold, HoldPlaced, OpenHold
from domain.order import OrderConfirmed, OrderPlaced, OrderStatus
from domain.payment import AWAITING_BUYER, PaymentStatus, RequestedPayment
from domain.values import order_code
from projections import my_orders
from projections.catalogue import PerformanceSummary

Recorded = Sequence[tuple[str, Any]]


def hold_from_events(events: Recorded) -> Body:
    """Return a hold as JSON, from the events that created it."""
    ((stream, placed),) = (pair for pair in events if type(pair[1]) is HoldPlaced)
    return {**hold_facts(id_of(stream), placed), "expires_at": placed.expires_at}


def hold_facts(hold: str, known: HoldPlaced | OpenHold) -> Body:
    """Return a hold's places and quote as JSON."""
    return {
        "hold_id": hold,
        "performance_id": known.performance,
        "event_id": known.event,
        "expires_at": known.expires_at,
        "quote": {
            "lines": lines_json(to_plain_json(known.lines), known.currency),
            "total": money(known.total, known.currency),
        },
    }


def hold_from_state(hold: str, known: OpenHold | EndedHold, summary: PerformanceSummary, now: datetime) -> Body:
    """Return a hold at `now` as JSON; a lapsed hold reads the same before and after its release is recorded."""
    state = known.lapsed if isinstance(known, EndedHold) else known
    assert state is not None, "a released basket is not shown"
    lapsed = isinstance(known, EndedHold) or (state.order is None and state.expires_at <= now)
    status = "lapsed" if lapsed else "ordered" if state.order else "open"
    return {
        **hold_facts(hold, state),
        "status": status,
        "order_id": state.order,
        "extended": state.extended,
        **performance_summary(summary),
    }


def hold_from_row(hold: my_orders.Hold, summary: PerformanceSummary | None) -> Body:
    """Return a hold as JSON, from its row."""
    return {
        "hold_id": hold.hold,
        "performance_id": hold.performance,
        "event_id": hold.event,
        "expires_at": hold.expires_at,
        "quote": {"lines": lines_json(hold.lines, hold.currency), "total": money(hold.total, hold.currency)},
        **performance_summary(summary),
    }


def order_from_events(events: Recorded) -> Body:
    """Return an order as JSON, from the events that placed it."""
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


def order_status(status: str, expires_at: datetime, now: datetime) -> str:
    """Return the status of an order at `now`; an order past its payment deadline is expired before this is recorded."""
    return OrderStatus.EXPIRED if status == OrderStatus.PENDING and expires_at <= now else status


def order_from_state(order: OrderDetails, now: datetime, urls: Mapping[str, str]) -> Body:
    """Return an order at `now` as JSON.

    Args:
        order: the order with its payments and refunds.
        now: the current time.
        urls: URLs of open checkouts, by payment.
    """
    state = order.state
    lines = [
        order_line(line, state.currency, state.tickets.get(line["line_id"]), cancelled=state.cancelled_lines)
        for line in to_plain_json(state.lines)
    ]
    return {
        "order_id": order.order,
        "order_code": order_code(order.order),
        "hold_id": state.hold,
        "account_id": state.account,
        "performance_id": state.performance,
        "event_id": state.event,
        "organizer_id": state.organizer,
        "status": order_status(state.status, state.expires_at, now),
        "total": money(state.total, state.currency),
        "placed_at": order.placed_at,
        "confirmed_at": order.confirmed_at,
        "expires_at": state.expires_at,
        "lines": lines,
        "lines_cancelled": none_some_or_all(len(state.cancelled_lines), len(state.lines)),
        "paid_by": state.paid_by,
        "payments": [
            payment_from_state(payment, known, now, urls.get(payment)) for payment, known in order.payments.items()
        ],
        "refunds": [refund_from_row(refund) for refund in order.refunds],
        **performance_summary(order.summary),
    }


def none_some_or_all(part: int, whole: int) -> str:
    """Return whether none, some or all of the lines are in the set."""
    return "none" if part == 0 else "all" if part == whole else "some"


def order_line(
    line: PlainLine, currency: str, ticket: str | None, *, cancelled: Sequence[str] | frozenset[str]
) -> Body:
    """Return one line of an order as JSON."""
    return {**line_json(line, currency), "ticket_id": ticket, "cancelled": line["line_id"] in cancelled}


def order_from_row(order: my_orders.Order, summary: PerformanceSummary | None, now: datetime) -> Body:
    """Return an order at `now` as JSON, from its row."""
    return {
        "order_id": order.order_id,
        "order_code": order.order_code,
        "account_id": order.account,
        "performance_id": order.performance,
        "event_id": order.event,
        "organizer_id": order.organizer,
        "status": order_status(order.status, order.expires_at, now),
        "total": money(order.total, order.currency),
        "placed_at": order.placed_at,
        "confirmed_at": order.confirmed_at,
        "expires_at": order.expires_at,
        "lines": [
            order_line(line, order.currency, order.tickets.get(line["line_id"]), cancelled=order.cancelled)
            for line in order.lines
        ],
        "lines_cancelled": none_some_or_all(len(order.cancelled), len(order.lines)),
        "paid_by": order.paid_by,
        "payments": [payment_from_row(payment, now) for payment in order.payments],
        "refunds": [refund_from_row(refund) for refund in order.refunds],
        **performance_summary(summary),
    }


def payment_status(status: str, expires_at: datetime, now: datetime) -> str:
    """Return the status of a payment at `now`; a checkout past its deadline is expired before this is recorded."""
    return PaymentStatus.EXPIRED if status in AWAITING_BUYER and expires_at <= now else status


def payment_from_state(payment: str, state: RequestedPayment, now: datetime, url: str | None) -> Body:
    """Return a payment at `now` as JSON; `url` is its open checkout."""
    captured = money(state.captured, state.captured_currency) if state.captured_currency else None
    return {
        "payment_id": payment,
        "order_id": state.order,
        "provider": state.provider,
        "status": payment_status(state.status, state.expires_at, now),
        "failure": state.failure,
        "amount": money(state.amount, state.currency),
        "captured": captured,
        "dispute": state.dispute_status,
        "checkout_url": url,
        "outcome": state.outcome,
        "expires_at": state.expires_at,
    }


def payment_from_row(payment: my_orders.Payment, now: datetime) -> Body:
    """Return a payment at `now` as JSON, from its row."""
    return {
        "payment_id": payment.payment,
        "order_id": payment.order_id,
        "provider": payment.provider,
        "status": payment_status(payment.status, payment.expires_at, now),
        "failure": payment.failure,
        "amount": money(payment.amount, payment.currency),
        "captured": money(payment.captured, payment.captured_currency) if payment.captured_currency else None,
        "dispute": payment.dispute,
        "checkout_url": None,
        "outcome": payment.outcome,
        "expires_at": payment.expires_at,
    }
