"""Refunds as JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from api.presenters.summaries import performance_summary
from api.presenters.values import Body, id_of, money
from domain.refund import RefundRequested, RefundStatus
from domain.values import order_code
from projections.catalogue import PerformanceSummary
from projections.my_orders import Refund


def refund_from_events(events: Sequence[tuple[str, Any]], at: datetime) -> Body:
    """Return a refund as JSON, from the events that requested it."""
    ((stream, requested),) = (pair for pair in events if type(pair[1]) is RefundRequested)
    return {
        "refund_id": id_of(stream),
        "order_id": requested.order,
        "order_code": order_code(requested.order),
        "payment_id": requested.payment,
        "status": RefundStatus.REQUESTED,
        "lines": requested.lines,
        "amount": money(requested.amount, requested.currency),
        "reason": requested.reason,
        "reason_text": requested.reason_text,
        "requested_by": requested.requested_by,
        "requested_at": at,
        **dict.fromkeys(("decided_by", "decided_at", "rejection", "completed_at", "failure")),
    }


def refund_from_row(refund: Refund) -> Body:
    """Return a refund as JSON, from its row."""
    return {
        "refund_id": refund.refund,
        "order_id": refund.order_id,
        "order_code": None if refund.order_id is None else order_code(refund.order_id),
        "payment_id": refund.payment,
        "status": refund.status,
        "lines": refund.lines,
        "amount": money(refund.amount, refund.currency),
        "reason": refund.reason,
        "reason_text": refund.reason_text,
        "requested_by": refund.requested_by,
        "requested_at": refund.requested_at,
        "decided_by": refund.decided_by,
        "decided_at": refund.decided_at,
        "rejection": refund.rejection,
        "completed_at": refund.completed_at,
        "failure": refund.failure,
    }


def refund_with_performance(refund: Refund, summary: PerformanceSummary | None) -> Body:
    """Return a refund with the summary of its performance as JSON."""
    return {**refund_from_row(refund), "performance_id": refund.performance, **performance_summary(summary)}
