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
    orders = [remembered_order(fact) for fact in facts if fact.name == "OrderPlaced"]
    refunds = [{**fact.data, "order_id": fact.key} for fact in facts if fact.name == "RefundOpened"]
    counts = counted(facts)
    return [
        Step(sql.REMEMBER_ORDERS, orders),
        Step(sql.REMEMBER_REFUNDS, refunds),
        Step(sql.ADD_SOLD, counts.sold),
        Step(sql.ADD_RETURNED, counts.returned),
        Step(sql.ADD_REFUNDED, counts.refunded),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The events that sales are counted from: whose lines, on which day."""

    sold: Sequence[Row]
    returned: Sequence[Row]
    refunded: Sequence[Row]


def counted(facts: Sequence[Fact]) -> Counts:
    """Find what is counted."""
    return Counts(
        sold=[dated(fact) for fact in facts if fact.name == "OrderConfirmed"],
        returned=[dated(fact) for fact in facts if fact.name == "OrderLinesCancelled"],
        refunded=[dated(fact) for fact in facts if fact.name == "RefundClosed" and fact.data["outcome"] == "completed"],
    )


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


def dated(fact: Fact) -> Row:
    """Return whose lines are counted, and on which day."""
    return {**fact.data, "order_id": fact.key, "day": fact.recorded_at.date()}


COUNTED = frozenset({"OrderConfirmed", "OrderLinesCancelled", "RefundClosed"})
NAMES = COUNTED | {"OrderPlaced", "RefundOpened"}

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Whose figures somebody wants (None: all), and of which days (UTC), both included."""

    organizers: Sequence[str] | None = None
    performance: str | None = None
    since: date | None = None
    until: date | None = None

    @property
    def asked(self) -> Row:
        """The parameters of a query."""
        return {
            "organizers": None if self.organizers is None else list(self.organizers),
            "performance": self.performance,
            "since": self.since,
            "until": self.until,
            "limit": ROWS_MAX,
        }


async def report_sales(models: ReadModels, wish: Wish) -> Sales:
    """Return figures by performance, day, category and ticket type."""
    found = await models.fetch([NAME], sql.SALES, wish.asked)
    return Sales(position=found.position, sales=[Sale(**row) for row in found.rows])
