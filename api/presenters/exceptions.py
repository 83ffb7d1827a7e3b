"""Exceptions as JSON."""

from datetime import datetime

from api.presenters.values import Body, money
from domain.decisions.resolving_exceptions import possible_resolutions
from domain.money_exception import ExceptionKind
from domain.values import order_code
from projections.exceptions.queries import ListedException


def exception_from_row(row: ListedException, now: datetime) -> Body:
    """Return an exception as JSON, from its row."""
    possible = possible_resolutions(ExceptionKind(row.kind), refundable=row.refundable)
    return {
        "exception_id": row.exception,
        "kind": row.kind,
        "status": row.status,
        "owner": row.owner,
        "amount": money(row.amount, row.currency),
        "refundable": money(row.refundable, row.currency) if row.refundable else None,
        "provider": row.provider,
        "provider_entry": row.entry,
        "order_id": row.order_id,
        "order_code": order_code(row.order_id) if row.order_id else None,
        "payment_id": row.payment,
        "refund_id": row.refund,
        "account_id": row.account,
        "performance_id": row.performance,
        "attempts": row.attempts,
        "failure": row.failure,
        "possible": sorted(possible) if row.closed_at is None else [],
        "proposed": {"resolution": row.proposed, "by": row.proposed_by} if row.proposed else None,
        "resolution": row.resolution,
        "reason": row.reason,
        "closed_by": row.closed_by,
        "resolution_refund_id": row.resolution_refund,
        "opened_at": row.opened_at,
        "closed_at": row.closed_at,
        "age_seconds": max(0, int(((row.closed_at or now) - row.opened_at).total_seconds())),
    }
