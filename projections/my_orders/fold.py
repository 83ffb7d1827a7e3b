"""Fold of orders, payments, refunds and holds: a batch's new rows are inserted, then existing rows are updated.

A new row is inserted once, with its values at the end of the batch: in the long ranges of a rebuild that is nearly all.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from projections.engine.model import ProjectedEvent, ReadModel, WriteStep
from projections.my_orders import tables as sql

NAME = "my_orders"
NO_OWNER = ""
"""Clears an owner; null keeps it."""

Row = dict[str, Any]
Rows = list[Row]

ORDER_ENDS: Mapping[str, str] = {"OrderExpired": "expired", "OrderCancelled": "cancelled"}
ORDER_UPDATES = frozenset({"OrderExtended", "OrderConfirmed", *ORDER_ENDS})
PAYMENT_STATUS: Mapping[str, str] = {
    "PaymentActionRequired": "action_required",
    "PaymentCaptured": "captured",
    "PaymentFailed": "failed",
    "PaymentExpired": "expired",
    "PaymentCancelled": "cancelled",
    "PaymentSettled": "settled",
}
DISPUTE_STEPS = frozenset({"DisputeOpened", "DisputeWon", "DisputeLost"})
PAYMENT_UPDATES = frozenset({*PAYMENT_STATUS, *DISPUTE_STEPS})
REFUND_STATUS: Mapping[str, str] = {
    "RefundApproved": "approved",
    "RefundRejected": "rejected",
    "RefundSubmitted": "submitted",
    "RefundCompleted": "completed",
    "RefundFailed": "failed",
    "RefundRetried": "approved",
}
REFUND_UPDATES = frozenset({*REFUND_STATUS, "RefundClosedManually"})
HOLD_ENDS = frozenset({"HoldOrdered", "HoldReleased", "HoldExpired"})
NAMES = frozenset(
    {
        "OrderPlaced",
        *ORDER_UPDATES,
        "OrderLinesCancelled",
        "PaymentRequested",
        *PAYMENT_UPDATES,
        "RefundRequested",
        *REFUND_UPDATES,
        "HoldPlaced",
        "HoldExtended",
        *HOLD_ENDS,
        "GuestMerged",
    }
)


def fold(events: Sequence[ProjectedEvent]) -> Sequence[WriteStep]:
    """Return the statements of a batch; inserts precede updates and deletes of the same table."""
    by_name: dict[str, list[ProjectedEvent]] = defaultdict(list)
    for event in events:
        by_name[event.name].append(event)
    return [
        *order_steps(by_name, events),
        *payment_steps(by_name, events),
        *refund_steps(by_name, events),
        *hold_steps(by_name),
        *(
            WriteStep(statement, merge_guest_rows(by_name["GuestMerged"]))
            for statement in (sql.MERGE_ORDERS, sql.MERGE_HOLDS)
        ),
    ]


def order_steps(by_name: Mapping[str, list[ProjectedEvent]], events: Sequence[ProjectedEvent]) -> list[WriteStep]:
    """Return the statements that insert, update and cancel lines of orders."""
    placed = to_rows(by_name["OrderPlaced"], "order_id")
    updates = (event for event in events if event.name in ORDER_UPDATES)
    return [
        WriteStep(sql.PLACE_ORDERS, placed),
        WriteStep(sql.MOVE_ORDERS, updates_for_existing(placed, updates, order_update, key="order_id")),
        WriteStep(sql.CANCEL_LINES, to_rows(by_name["OrderLinesCancelled"], "order_id")),
    ]


def order_update(event: ProjectedEvent) -> Row:
    """Return the columns that one event changes in its order; a late payment may confirm an expired order."""
    match event.name:
        case "OrderExtended":
            return deadline(event)
        case "OrderConfirmed":
            tickets = {ticket["line_id"]: ticket["ticket"] for ticket in event.data["tickets"]}
            paid_by = event.data["payment"]
            return {"status": "confirmed", "paid_by": paid_by, "tickets": tickets, "confirmed_at": event.recorded_at}
        case _:
            return {"status": ORDER_ENDS[event.name]}


def deadline(event: ProjectedEvent) -> Row:
    """Return the columns that a changed deadline sets."""
    return {"expires_at": event.data["expires_at"]}


def payment_steps(by_name: Mapping[str, list[ProjectedEvent]], events: Sequence[ProjectedEvent]) -> list[WriteStep]:
    """Return the statements that insert and update payments."""
    requested = to_rows(by_name["PaymentRequested"], "payment")
    updates = (event for event in events if event.name in PAYMENT_UPDATES)
    return [
        WriteStep(sql.REQUEST_PAYMENTS, requested),
        WriteStep(sql.MOVE_PAYMENTS, updates_for_existing(requested, updates, payment_update, key="payment")),
    ]


def payment_update(event: ProjectedEvent) -> Row:
    """Return the columns that one event changes in its payment."""
    data = event.data
    match event.name:
        case "PaymentCaptured":
            return {"status": "captured", "captured": data["amount"], "captured_currency": data["currency"]}
        case "PaymentFailed":
            return {"status": "failed", "failure": data["reason"]}
        case "DisputeOpened" | "DisputeWon" | "DisputeLost":
            return {"dispute": data["overall"]}
        case "PaymentSettled":
            owner = {"owner": data["owner"]} if data["owner"] is not None else {}
            return {"status": "settled", "outcome": data["outcome"], **owner}
        case _:
            return {"status": PAYMENT_STATUS[event.name]}


def refund_steps(by_name: Mapping[str, list[ProjectedEvent]], events: Sequence[ProjectedEvent]) -> list[WriteStep]:
    """Return the statements that insert and update refunds."""
    requested = to_rows(by_name["RefundRequested"], "refund")
    updates = (event for event in events if event.name in REFUND_UPDATES)
    return [
        WriteStep(sql.REQUEST_REFUNDS, requested),
        WriteStep(sql.MOVE_REFUNDS, updates_for_existing(requested, updates, refund_update, key="refund")),
    ]


def refund_update(event: ProjectedEvent) -> Row:
    """Return the columns that one event changes in its refund."""
    if event.name == "RefundClosedManually":
        return {"status": event.data["outcome"], "owner": NO_OWNER}
    status = {"status": REFUND_STATUS[event.name]}
    match event.name:
        case "RefundSubmitted":
            return {**status, "attempt": event.data["attempt"]}
        case "RefundApproved":
            return {**status, "decided_by": event.data["by"], "decided_at": event.recorded_at}
        case "RefundRejected":
            rejection = event.data["reason_text"]
            return {**status, "decided_by": event.data["by"], "decided_at": event.recorded_at, "rejection": rejection}
        case "RefundCompleted":
            return {**status, "completed_at": event.recorded_at, "owner": NO_OWNER}
        case "RefundFailed":
            owner = {"owner": event.data["owner"]} if event.data["owner"] is not None else {}
            return {**status, "failure": event.data["reason"], **owner}
        case "RefundRetried":
            return {**status, "owner": NO_OWNER}
        case _:
            return status


def hold_steps(by_name: Mapping[str, list[ProjectedEvent]]) -> list[WriteStep]:
    """Return the statements on holds; a hold that was ordered at once or ended in the batch gets no row."""
    ended = {event.key for name in HOLD_ENDS for event in by_name[name]}
    placed = to_rows(
        (event for event in by_name["HoldPlaced"] if event.data["order"] is None and event.key not in ended), "hold"
    )
    ended_before = ended.difference(event.key for event in by_name["HoldPlaced"])
    return [
        WriteStep(sql.PLACE_HOLDS, placed),
        WriteStep(sql.MOVE_HOLD_DEADLINES, updates_for_existing(placed, by_name["HoldExtended"], deadline, key="hold")),
        WriteStep(sql.END_HOLDS, [{"hold": hold} for hold in sorted(ended_before)]),
    ]


def merge_guest_rows(events: Iterable[ProjectedEvent]) -> Rows:
    """Return guest and account for each guest merged into an account; a merged guest has no later events."""
    return [{"guest": event.key, "account": event.data["into"]} for event in events]


def to_rows(events: Iterable[ProjectedEvent], key: str) -> Rows:
    """Return one row per event: its data, its key, its position and its time (`at`)."""
    return [{**event.data, key: event.key, "position": event.position, "at": event.recorded_at} for event in events]


def updates_for_existing(
    new_rows: Rows, updates: Iterable[ProjectedEvent], to_update: Callable[[ProjectedEvent], Row], *, key: str
) -> Rows:
    """Apply updates to the batch's new rows in place; return the updates of existing rows, one row per key."""
    new_by_key: dict[str, Row] = {row[key]: row for row in new_rows}
    existing: dict[str, Row] = {}
    for event in updates:
        row = new_by_key.get(event.key)
        if row is None:
            row = existing.setdefault(event.key, {key: event.key})
        row.update(to_update(event))
    return list(existing.values())


MY_ORDERS = ReadModel(name=NAME, version=1, schema=sql.SCHEMA, event_names=NAMES, fold=fold)
