"""From the streams of orders, payments, refunds and holds to rows: what a batch begins, then what it moves or ends."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from projections.model import Fact, ReadModel, Step
from projections.sql import my_orders as sql

NAME = "my_orders"

Row = Mapping[str, Any]
Rows = list[Row]

ORDER_ENDS: Mapping[str, str] = {"OrderExpired": "expired", "OrderCancelled": "cancelled"}
PAYMENT_STATUS: Mapping[str, str] = {
    "PaymentActionRequired": "action_required",
    "PaymentCaptured": "captured",
    "PaymentFailed": "failed",
    "PaymentExpired": "expired",
    "PaymentSettled": "settled",
}
PAYMENT_MOVES = frozenset({*PAYMENT_STATUS, "PaymentCheckoutOpened", "PaymentReconciled"})
REFUND_STATUS: Mapping[str, str] = {
    "RefundApproved": "approved",
    "RefundRejected": "rejected",
    "RefundSubmitted": "submitted",
    "RefundCompleted": "completed",
    "RefundFailed": "failed",
}
HOLD_ENDS = frozenset({"HoldOrdered", "HoldReleased", "HoldExpired"})
NAMES = frozenset(
    {
        "OrderPlaced",
        "OrderExtended",
        "OrderConfirmed",
        "OrderLinesCancelled",
        *ORDER_ENDS,
        "PaymentRequested",
        *PAYMENT_MOVES,
        "RefundRequested",
        *REFUND_STATUS,
        "HoldPlaced",
        "HoldExtended",
        *HOLD_ENDS,
    }
)


def fold(facts: Sequence[Fact]) -> Sequence[Step]:
    """Write the batch. Each statement touches columns of its own, so only the order of facts within one matters."""
    by_name: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_name[fact.name].append(fact)
    return [*order_steps(by_name, facts), *payment_steps(by_name, facts), *refund_steps(facts), *hold_steps(by_name)]


def order_steps(by_name: Mapping[str, list[Fact]], facts: Sequence[Fact]) -> list[Step]:
    """Orders: placed, then where their deadlines, statuses, tickets and lines stand."""
    ended = {fact.key: ORDER_ENDS[fact.name] for fact in facts if fact.name in ORDER_ENDS}
    return [
        Step(sql.PLACE_ORDERS, began(by_name["OrderPlaced"], "order_id")),
        Step(sql.MOVE_ORDER_DEADLINES, latest(by_name["OrderExtended"], "order_id")),
        Step(sql.END_ORDERS, [{"order_id": order, "status": status} for order, status in ended.items()]),
        # An order that had expired may still be confirmed by late money, never the other way round.
        Step(sql.CONFIRM_ORDERS, [confirmed(fact) for fact in by_name["OrderConfirmed"]]),
        Step(sql.CANCEL_LINES, began(by_name["OrderLinesCancelled"], "order_id")),
    ]


def confirmed(fact: Fact) -> Row:
    """Name the ticket of each line."""
    tickets = {ticket["line_id"]: ticket["ticket"] for ticket in fact.data["tickets"]}
    return {"order_id": fact.key, "payment": fact.data["payment"], "tickets": tickets, "at": fact.recorded_at}


def payment_steps(by_name: Mapping[str, list[Fact]], facts: Sequence[Fact]) -> list[Step]:
    """Payments: requested, then where they stand."""
    moved: dict[str, dict[str, Any]] = {}
    for fact in facts:
        if fact.name in PAYMENT_MOVES:
            moved.setdefault(fact.key, {"payment": fact.key}).update(payment_move(fact))
    return [
        Step(sql.REQUEST_PAYMENTS, began(by_name["PaymentRequested"], "payment")),
        Step(sql.MOVE_PAYMENTS, list(moved.values())),
    ]


def payment_move(fact: Fact) -> Row:
    """Return what one fact changes about its payment."""
    data = fact.data
    match fact.name:
        case "PaymentCheckoutOpened":
            return {"checkout_url": data["checkout_url"]}
        case "PaymentReconciled":
            return {"owner": data["owner"]}
        case "PaymentCaptured":
            return {"status": "captured", "captured": data["amount"]}
        case "PaymentSettled":
            owner = {"owner": data["owner"]} if data["owner"] is not None else {}
            return {"status": "settled", "outcome": data["outcome"], **owner}
        case _:
            return {"status": PAYMENT_STATUS[fact.name]}


def refund_steps(facts: Sequence[Fact]) -> list[Step]:
    """Refunds: requested, then where they stand."""
    requested = [fact for fact in facts if fact.name == "RefundRequested"]
    moved: dict[str, dict[str, Any]] = {}
    for fact in facts:
        if fact.name in REFUND_STATUS:
            moved.setdefault(fact.key, {"refund": fact.key}).update(refund_move(fact))
    return [
        Step(sql.REQUEST_REFUNDS, began(requested, "refund")),
        Step(sql.MOVE_REFUNDS, list(moved.values())),
    ]


def refund_move(fact: Fact) -> Row:
    """Return what one fact changes about its refund."""
    status = {"status": REFUND_STATUS[fact.name]}
    match fact.name:
        case "RefundSubmitted":
            return {**status, "attempt": fact.data["attempt"]}
        case "RefundFailed" if fact.data["owner"] is not None:
            return {**status, "owner": fact.data["owner"]}
        case _:
            return status


def hold_steps(by_name: Mapping[str, list[Fact]]) -> list[Step]:
    """Baskets: placed, moved, gone. One that was an order from the start is never listed."""
    open_holds = [fact for fact in by_name["HoldPlaced"] if fact.data["order"] is None]
    gone: Rows = [{"hold": fact.key} for name in sorted(HOLD_ENDS) for fact in by_name[name]]
    return [
        Step(sql.PLACE_HOLDS, began(open_holds, "hold")),
        Step(sql.MOVE_HOLD_DEADLINES, latest(by_name["HoldExtended"], "hold")),
        Step(sql.END_HOLDS, gone),
    ]


def began(facts: Sequence[Fact], key: str) -> Rows:
    """Return one row for each fact: what it says, what it is about, where and when it was recorded."""
    return [{**fact.data, key: fact.key, "position": fact.position, "at": fact.recorded_at} for fact in facts]


def latest(facts: Sequence[Fact], key: str) -> Rows:
    """Return one row for each thing: what was said about it last."""
    said: dict[str, Mapping[str, Any]] = {fact.key: {**fact.data, key: fact.key} for fact in facts}
    return list(said.values())


MY_ORDERS = ReadModel(name=NAME, version=1, schema=sql.SCHEMA, names=NAMES, fold=fold)
