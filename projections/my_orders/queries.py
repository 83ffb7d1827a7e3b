"""Queries for orders, payments, refunds and holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from projections.engine.queries import NEWEST, PAGE_ROWS_MAX, ReadModelQueries, Row, Rows
from projections.my_orders import query_sql as sql
from projections.my_orders.fold import NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One attempt to pay; amounts in minor units. `owner`: who must resolve it; None if nothing is open."""

    payment: str
    order_id: str
    account: str
    provider: str
    status: str
    failure: str | None
    amount: int
    captured: int
    captured_currency: str | None
    dispute: str | None
    currency: str
    outcome: str | None
    owner: str | None
    expires_at: datetime
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """A refund; `amount` in minor units; `lines`: line ids of the order.

    `requested_by`, `decided_by`: an account or the name of a rule; `reason_text`, `rejection`: reasons as free text.
    """

    refund: str
    order_id: str | None
    payment: str | None
    account: str | None
    organizer: str | None
    performance: str | None
    status: str
    lines: Sequence[str]
    amount: int
    currency: str
    reason: str
    reason_text: str | None
    attempts: int
    failure: str | None
    owner: str | None
    requested_by: str | None
    requested_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    rejection: str | None
    completed_at: datetime | None
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order. `lines`: as quoted; `tickets`: line id → ticket; `cancelled`: line ids; `total` in minor units."""

    order_id: str
    order_code: str
    account: str
    performance: str
    event: str
    organizer: str
    contact: str | None
    status: str
    total: int
    currency: str
    lines: Sequence[Mapping[str, Any]]
    tickets: Mapping[str, str]
    cancelled: Sequence[str]
    paid_by: str | None
    expires_at: datetime
    placed_at: datetime
    confirmed_at: datetime | None
    position: int
    payments: Sequence[Payment]
    refunds: Sequence[Refund]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A live hold that is not ordered yet."""

    hold: str
    account: str
    performance: str
    event: str
    lines: Sequence[Mapping[str, Any]]
    total: int
    currency: str
    expires_at: datetime
    position: int


Item = TypeVar("Item", Payment, Refund, Hold)


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """Orders, as of `position`."""

    position: int
    orders: Sequence[Order]


async def list_orders(
    models: ReadModelQueries, *, account: str, before: int = NEWEST, limit: int = PAGE_ROWS_MAX
) -> Orders:
    """Return an account's orders placed before a position, newest first."""
    found = await models.fetch(
        [NAME], sql.ORDERS_OF_ACCOUNT, {"account": account, "before": before, "limit": min(limit, PAGE_ROWS_MAX)}
    )
    return to_orders(found)


async def find_order(models: ReadModelQueries, *, order: str) -> Order | None:
    """Return one order; None if the read model has no row for it."""
    found = await models.fetch([NAME], sql.ORDER, {"order": order})
    orders = to_orders(found).orders
    return orders[0] if orders else None


async def find_orders_by_code(models: ReadModelQueries, *, code: str) -> Orders:
    """Return the orders with a short code; nearly always one."""
    found = await models.fetch([NAME], sql.ORDERS_BY_CODE, {"code": code})
    return to_orders(found)


def to_orders(found: Rows) -> Orders:
    """Convert rows to orders; the payments and refunds of each are ordered oldest first."""
    return Orders(position=found.position, orders=[order_of(row) for row in found.rows])


def order_of(row: Row) -> Order:
    """Convert a row to an order."""
    payments = [Payment(**with_times(payment)) for payment in row["payments"] or ()]
    refunds = [Refund(**with_times(refund)) for refund in row["refunds"] or ()]
    return Order(**{**row, "payments": payments, "refunds": refunds})


def with_times(row: Mapping[str, Any]) -> Row:
    """Return a row that was read as JSON, with its times (`*_at`) parsed."""
    return {
        name: datetime.fromisoformat(value) if value is not None and name.endswith("_at") else value
        for name, value in row.items()
    }


async def list_refunds(
    models: ReadModelQueries, *, status: str | None = None, after: int = 0, limit: int = PAGE_ROWS_MAX
) -> Sequence[Refund]:
    """Return refunds with a status (None: any) requested after a position, oldest first."""
    parameters = {"status": status, "after": after, "limit": min(limit, PAGE_ROWS_MAX)}
    statement = sql.REFUNDS if status is None else sql.REFUNDS_BY_STATUS
    return to_items(Refund, (await models.fetch([NAME], statement, parameters)).rows)


async def list_refunds_of(
    models: ReadModelQueries, *, account: str, status: str | None = None, after: int = 0, limit: int = PAGE_ROWS_MAX
) -> Sequence[Refund]:
    """Return the refunds of an account's orders with a status (None: any) after a position, oldest first."""
    parameters = {"account": account, "status": status, "after": after, "limit": min(limit, PAGE_ROWS_MAX)}
    return to_items(Refund, (await models.fetch([NAME], sql.REFUNDS_OF_ACCOUNT, parameters)).rows)


async def list_holds(
    models: ReadModelQueries, *, account: str, now: datetime, before: int = NEWEST, limit: int = PAGE_ROWS_MAX
) -> Sequence[Hold]:
    """Return an account's holds that are live at `now`, not ordered and placed before a position, newest first."""
    parameters = {"account": account, "now": now, "before": before, "limit": min(limit, PAGE_ROWS_MAX)}
    return to_items(Hold, (await models.fetch([NAME], sql.HOLDS_OF_ACCOUNT, parameters)).rows)


async def is_booked(models: ReadModelQueries, *, event: str, now: datetime) -> bool:
    """Return whether an event has an order, or a hold that is live at `now`."""
    found = await models.fetch([NAME], sql.BOOKED, {"event": event, "now": now})
    return bool(found.rows[0]["booked"])


def to_items(kind: type[Item], rows: Sequence[Row]) -> list[Item]:
    """Convert each row to an item."""
    return [kind(**row) for row in rows]
