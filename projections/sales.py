"""The sales: what was sold, returned and refunded each day, by performance, category and ticket type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from projections.model import Fact, ReadModel, Step
from projections.reading import ReadModels
from projections.sql import sales as sql

NAME = "sales"
ROWS_MAX = 10_000

Row = Mapping[str, Any]


def fold(facts: Sequence[Fact]) -> Sequence[Step]:
    """Write the batch: orders and refunds are remembered before they are counted, and counted once."""
    named: dict[str, list[Fact]] = {name: [] for name in NAMES}
    for fact in facts:
        named[fact.name].append(fact)
    completed = [fact for fact in named["RefundClosed"] if fact.data["outcome"] == "completed"]
    return [
        Step(sql.REMEMBER_ORDERS, [remembered_order(fact) for fact in named["OrderPlaced"]]),
        Step(sql.REMEMBER_REFUNDS, [{**fact.data, "order_id": fact.key} for fact in named["RefundOpened"]]),
        Step(sql.ADD_SOLD, [counted(fact) for fact in named["OrderConfirmed"]]),
        Step(sql.ADD_RETURNED, [counted(fact) for fact in named["OrderLinesCancelled"]]),
        Step(sql.ADD_REFUNDED, [counted(fact) for fact in completed]),
    ]


def remembered_order(fact: Fact) -> Row:
    """Return what later events of the order do not repeat."""
    data = fact.data
    return {
        "order_id": fact.key,
        "organizer": data["organizer"],
        "performance": data["performance"],
        "currency": data["currency"],
        "lines": [remembered_line(line) for line in data["lines"]],
    }


def remembered_line(line: Mapping[str, Any]) -> Row:
    """Return what a line is counted by."""
    return {
        "line_id": line["line_id"],
        "category": line["place"]["category"],
        "ticket_type": line["ticket_type"],
        "gross": line["gross"],
        "refundable": sum(component["gross"] for component in line["components"] if component["refundable"]),
    }


def counted(fact: Fact) -> Row:
    """Return whose lines are counted, and on which day."""
    return {**fact.data, "order_id": fact.key, "day": fact.recorded_at.date()}


NAMES = frozenset({"OrderPlaced", "OrderConfirmed", "OrderLinesCancelled", "RefundOpened", "RefundClosed"})

SALES = ReadModel(name=NAME, version=1, schema=sql.SCHEMA, names=NAMES, fold=fold)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """One day's figures of a category and ticket type; amounts in minor units.

    `gross`: of the lines sold; `returned_gross`: of the lines that ended since; `refunded`: money that has gone back.
    Money that came beside the lines (too late, too much) and went back stands under no category and was never gross.
    """

    organizer: str
    performance: str
    day: date
    category: str
    ticket_type: str
    currency: str
    sold: int
    returned: int
    gross: int
    returned_gross: int
    refunded: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sales:
    """Figures that are true at `position`."""

    position: int
    sales: Sequence[Sale]


async def report_sales(
    models: ReadModels,
    *,
    organizers: Sequence[str] | None = None,
    performance: str | None = None,
    since: date | None = None,
    until: date | None = None,
) -> Sales:
    """Return the figures of organizers (None: all) by performance, day, category and ticket type.

    Args:
        since, until: the first and the last day (UTC), both included.
    """
    asked = {
        "organizers": None if organizers is None else list(organizers),
        "performance": performance,
        "since": since,
        "until": until,
        "limit": ROWS_MAX,
    }
    found = await models.fetch([NAME], sql.SALES, asked)
    return Sales(position=found.position, sales=[Sale(**row) for row in found.rows])
