"""What the screens ask about orders, payments, refunds and baskets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from projections.engine.queries import ReadModelQueries, Row, Rows
from projections.my_orders import tables as sql
from projections.my_orders.fold import NAME

PAGE_ROWS_MAX = 101
"""One more than a page shows, which tells whether another page follows."""

NEWEST = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One attempt to pay; amounts in minor units. `owner` must look at it, if set."""

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
    """Money going back, in minor units; `lines` are line ids of the order.

    `requested_by`, `decided_by`: an account or the name of a rule; `reason_text`, `rejection`: why, in words.
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
    """One purchase. `lines` as they were quoted; `tickets`: line id → ticket; `cancelled`: line ids."""

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
    """A basket that is not an order yet."""

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
    """Orders, true at `position`."""

    position: int
    orders: Sequence[Order]


async def list_orders(
    models: ReadModelQueries, *, account: str, before: int = NEWEST, limit: int = PAGE_ROWS_MAX
) -> Orders:
    """Return an account's orders, newest first, placed before a position."""
    found = await models.fetch(
        [NAME], sql.ORDERS_OF_ACCOUNT, {"account": account, "before": before, "limit": min(limit, PAGE_ROWS_MAX)}
    )
    return with_money(found)


async def find_order(models: ReadModelQueries, *, order: str) -> Order | None:
    """Return one order, if the read model knows it."""
    found = await models.fetch([NAME], sql.ORDER, {"order": order})
    orders = with_money(found).orders
    return orders[0] if orders else None


async def find_orders_by_code(models: ReadModelQueries, *, code: str) -> Orders:
    """Return the orders a person may mean by a short code; nearly always one."""
    found = await models.fetch([NAME], sql.ORDERS_BY_CODE, {"code": code})
    return with_money(found)


def with_money(found: Rows) -> Orders:
    """Return orders with their payments and refunds, oldest first."""
    return Orders(position=found.position, orders=[order_of(row) for row in found.rows])


def order_of(row: Row) -> Order:
    """Return the order of a row."""
    payments = [Payment(**with_times(paid)) for paid in row["payments"] or ()]
    refunds = [Refund(**with_times(back)) for back in row["refunds"] or ()]
    return Order(**{**row, "payments": payments, "refunds": refunds})


def with_times(written: Mapping[str, Any]) -> Row:
    """Return a row that came as JSON with its times."""
    return {
        name: datetime.fromisoformat(value) if value is not None and name.endswith("_at") else value
        for name, value in written.items()
    }


async def list_refunds(
    models: ReadModelQueries, *, status: str | None = None, after: int = 0, limit: int = PAGE_ROWS_MAX
) -> Sequence[Refund]:
    """Return refunds in one status (None: in any), oldest first, requested after a position."""
    parameters = {"status": status, "after": after, "limit": min(limit, PAGE_ROWS_MAX)}
    statement = sql.REFUNDS if status is None else sql.REFUNDS_BY_STATUS
    return items(Refund, (await models.fetch([NAME], statement, parameters)).rows)


async def list_refunds_of(
    models: ReadModelQueries, *, account: str, status: str | None = None, after: int = 0, limit: int = PAGE_ROWS_MAX
) -> Sequence[Refund]:
    """Return the refunds of an account's orders in one status (None: in any), oldest first, after a position."""
    parameters = {"account": account, "status": status, "after": after, "limit": min(limit, PAGE_ROWS_MAX)}
    return items(Refund, (await models.fetch([NAME], sql.REFUNDS_OF_ACCOUNT, parameters)).rows)


async def list_holds(
    models: ReadModelQueries, *, account: str, now: datetime, before: int = NEWEST, limit: int = PAGE_ROWS_MAX
) -> Sequence[Hold]:
    """Return an account's baskets that live at `now` and are not orders yet, newest first."""
    parameters = {"account": account, "now": now, "before": before, "limit": min(limit, PAGE_ROWS_MAX)}
    return items(Hold, (await models.fetch([NAME], sql.HOLDS_OF_ACCOUNT, parameters)).rows)


async def is_booked(models: ReadModelQueries, *, event: str, now: datetime) -> bool:
    """Say whether anything of an event was ever ordered or lies in a live basket."""
    found = await models.fetch([NAME], sql.BOOKED, {"event": event, "now": now})
    return bool(found.rows[0]["booked"])


def items(kind: type[Item], rows: Sequence[Row]) -> list[Item]:
    """Return one item for each row."""
    return [kind(**row) for row in rows]
