"""From the streams of orders, payments, refunds and holds to rows: what a batch begins, then what it moves or ends.

What begins in a batch is written once, as it stands at the batch's end: in a rebuild's long ranges that is nearly all.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from projections.engine.model import ProjectedEvent, ReadModel, WriteStep
from projections.my_orders import tables as sql

NAME = "my_orders"
NOBODY = ""
"""The owner of what support has ended; null leaves an owner as it was."""

Row = dict[str, Any]
Rows = list[Row]

ORDER_ENDS: Mapping[str, str] = {"OrderExpired": "expired", "OrderCancelled": "cancelled"}
ORDER_MOVES = frozenset({"OrderExtended", "OrderConfirmed", *ORDER_ENDS})
PAYMENT_STATUS: Mapping[str, str] = {
    "PaymentActionRequired": "action_required",
    "PaymentCaptured": "captured",
    "PaymentFailed": "failed",
    "PaymentExpired": "expired",
    "PaymentCancelled": "cancelled",
    "PaymentSettled": "settled",
}
DISPUTE_STEPS = frozenset({"DisputeOpened", "DisputeWon", "DisputeLost"})
PAYMENT_MOVES = frozenset({*PAYMENT_STATUS, *DISPUTE_STEPS})
REFUND_STATUS: Mapping[str, str] = {
    "RefundApproved": "approved",
    "RefundRejected": "rejected",
    "RefundSubmitted": "submitted",
    "RefundCompleted": "completed",
    "RefundFailed": "failed",
    "RefundRetried": "approved",
}
REFUND_MOVES = frozenset({*REFUND_STATUS, "RefundClosedManually"})
HOLD_ENDS = frozenset({"HoldOrdered", "HoldReleased", "HoldExpired"})
NAMES = frozenset(
    {
        "OrderPlaced",
        *ORDER_MOVES,
        "OrderLinesCancelled",
        "PaymentRequested",
        *PAYMENT_MOVES,
        "RefundRequested",
        *REFUND_MOVES,
        "HoldPlaced",
        "HoldExtended",
        *HOLD_ENDS,
        "GuestMerged",
    }
)


def fold(events: Sequence[ProjectedEvent]) -> Sequence[WriteStep]:
    """Write the batch: of each thing what begins, before what moves or ends."""
    by_name: dict[str, list[ProjectedEvent]] = defaultdict(list)
    for event in events:
        by_name[event.name].append(event)
    return [
        *order_steps(by_name, events),
        *payment_steps(by_name, events),
        *refund_steps(by_name, events),
        *hold_steps(by_name),
        *(
            WriteStep(statement, merged_guests(by_name["GuestMerged"]))
            for statement in (sql.MERGE_ORDERS, sql.MERGE_HOLDS)
        ),
    ]


def order_steps(by_name: Mapping[str, list[ProjectedEvent]], events: Sequence[ProjectedEvent]) -> list[WriteStep]:
    """Orders: placed, then where their deadlines, statuses, tickets and lines stand."""
    placed = to_rows(by_name["OrderPlaced"], "order_id")
    moves = (event for event in events if event.name in ORDER_MOVES)
    return [
        WriteStep(sql.PLACE_ORDERS, placed),
        WriteStep(sql.MOVE_ORDERS, updates_for_existing(placed, moves, order_update, key="order_id")),
        WriteStep(sql.CANCEL_LINES, to_rows(by_name["OrderLinesCancelled"], "order_id")),
    ]


def order_update(event: ProjectedEvent) -> Row:
    """Return what one event changes about its order; one that had expired may still be confirmed by late money."""
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
    """Return the deadline that moved."""
    return {"expires_at": event.data["expires_at"]}


def payment_steps(by_name: Mapping[str, list[ProjectedEvent]], events: Sequence[ProjectedEvent]) -> list[WriteStep]:
    """Payments: requested, then where they stand."""
    requested = to_rows(by_name["PaymentRequested"], "payment")
    moves = (event for event in events if event.name in PAYMENT_MOVES)
    return [
        WriteStep(sql.REQUEST_PAYMENTS, requested),
        WriteStep(sql.MOVE_PAYMENTS, updates_for_existing(requested, moves, payment_update, key="payment")),
    ]


def payment_update(event: ProjectedEvent) -> Row:
    """Return what one event changes about its payment."""
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
    """Refunds: requested, then where they stand."""
    requested = to_rows(by_name["RefundRequested"], "refund")
    moves = (event for event in events if event.name in REFUND_MOVES)
    return [
        WriteStep(sql.REQUEST_REFUNDS, requested),
        WriteStep(sql.MOVE_REFUNDS, updates_for_existing(requested, moves, refund_update, key="refund")),
    ]


def refund_update(event: ProjectedEvent) -> Row:
    """Return what one event changes about its refund."""
    if event.name == "RefundClosedManually":
        return {"status": event.data["outcome"], "owner": NOBODY}
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
            return {**status, "completed_at": event.recorded_at, "owner": NOBODY}
        case "RefundFailed":
            owner = {"owner": event.data["owner"]} if event.data["owner"] is not None else {}
            return {**status, "failure": event.data["reason"], **owner}
        case "RefundRetried":
            return {**status, "owner": NOBODY}
        case _:
            return status


def hold_steps(by_name: Mapping[str, list[ProjectedEvent]]) -> list[WriteStep]:
    """Baskets: placed, moved, gone. One that was an order from the start, or is gone again, is never listed."""
    ended = {event.key for name in HOLD_ENDS for event in by_name[name]}
    placed = to_rows(
        (event for event in by_name["HoldPlaced"] if event.data["order"] is None and event.key not in ended), "hold"
    )
    before = ended.difference(event.key for event in by_name["HoldPlaced"])
    return [
        WriteStep(sql.PLACE_HOLDS, placed),
        WriteStep(sql.MOVE_HOLD_DEADLINES, updates_for_existing(placed, by_name["HoldExtended"], deadline, key="hold")),
        WriteStep(sql.END_HOLDS, [{"hold": hold} for hold in sorted(before)]),
    ]


def merged_guests(events: Iterable[ProjectedEvent]) -> Rows:
    """Return the guests that logged in, each with the account that has what was theirs; none begins anything later."""
    return [{"guest": event.key, "account": event.data["into"]} for event in events]


def to_rows(events: Iterable[ProjectedEvent], key: str) -> Rows:
    """Return one row for each event: what it says, what it is about, where and when it was recorded."""
    return [{**event.data, key: event.key, "position": event.position, "at": event.recorded_at} for event in events]


def updates_for_existing(
    begun: Rows, moves: Iterable[ProjectedEvent], move: Callable[[ProjectedEvent], Row], *, key: str
) -> Rows:
    """Move the rows that begin in this batch; return what moves of every other, one row for each thing."""
    here: dict[str, Row] = {row[key]: row for row in begun}
    besides: dict[str, Row] = {}
    for event in moves:
        row = here.get(event.key)
        if row is None:
            row = besides.setdefault(event.key, {key: event.key})
        row.update(move(event))
    return list(besides.values())


MY_ORDERS = ReadModel(name=NAME, version=1, schema=sql.SCHEMA, event_names=NAMES, fold=fold)
