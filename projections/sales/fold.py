"""The sales: what was sold, returned and refunded each day, by performance, category and ticket type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from projections.engine.model import ProjectedEvent, ReadModel, WriteStep
from projections.engine.queries import ReadModelQueries, Rows
from projections.sales import tables as sql

NAME = "sales"
FIGURES = ("sold", "returned", "gross", "returned_gross", "refunded", "disputes_lost")
PAGE_ROWS_MAX = 101
"""One more than a page shows, which tells whether another page follows."""


Row = Mapping[str, Any]


def fold(events: Sequence[ProjectedEvent]) -> Sequence[WriteStep]:
    """Write the batch: what orders, refunds and days are told by is remembered first; each event is counted once."""
    orders = [cached_order(event) for event in events if event.name == "OrderPlaced"]
    refunds = [{**event.data, "order_id": event.key} for event in events if event.name == "RefundOpened"]
    counts = count_events(events)
    return [
        WriteStep(sql.CACHE_TIME_ZONES, [time_zone_row(event) for event in events if event.name in VENUES]),
        WriteStep(
            sql.CACHE_PERFORMANCES, [venue_row(event) for event in events if event.name == "PerformanceScheduled"]
        ),
        WriteStep(sql.CACHE_ORDERS, orders),
        WriteStep(sql.CACHE_REFUNDS, refunds),
        WriteStep(sql.ADD_SOLD, counts.sold),
        WriteStep(sql.ADD_RETURNED, counts.returned),
        WriteStep(sql.ADD_REFUNDED, counts.refunded),
        WriteStep(sql.ADD_LOST, counts.lost),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The events that sales are counted from: whose lines, on which day."""

    sold: Sequence[Row]
    returned: Sequence[Row]
    refunded: Sequence[Row]
    lost: Sequence[Row]


def count_events(events: Sequence[ProjectedEvent]) -> Counts:
    """Find what is counted."""
    return Counts(
        sold=[with_day(event) for event in events if event.name == "OrderConfirmed"],
        returned=[with_day(event) for event in events if event.name == "OrderLinesCancelled"],
        refunded=[
            with_day(event) for event in events if event.name == "RefundClosed" and event.data["outcome"] == "completed"
        ],
        lost=[loss(event) for event in events if event.name in LOSSES],
    )


def cached_order(event: ProjectedEvent) -> Row:
    """Return what later events of the order do not repeat."""
    data = event.data
    return {
        "order_id": event.key,
        "organizer": data["organizer"],
        "performance": data["performance"],
        "currency": data["currency"],
        "lines": [cached_line(line) for line in data["lines"]],
    }


def cached_line(line: Mapping[str, Any]) -> Row:
    """Return what a line is counted by."""
    return {
        "line_id": line["line_id"],
        "category": line["place"]["category"],
        "ticket_type": line["ticket_type"],
        "gross": line["gross"],
        "refundable": sum(component["gross"] for component in line["components"] if component["refundable"]),
    }


def with_day(event: ProjectedEvent) -> Row:
    """Return whose lines are counted, and what tells the day."""
    return {**event.data, "order_id": event.key, "position": event.position, "recorded_at": event.recorded_at}


def loss(event: ProjectedEvent) -> Row:
    """Return what a dispute took from an order, or what came back."""
    return {
        **with_day(event),
        "order_id": event.data["order"],
        "lost": LOSSES[event.name] * event.data[LOST_IN[event.name]],
    }


def time_zone_row(event: ProjectedEvent) -> Row:
    """Return the time zone that days at a venue have from here on."""
    return {"venue": event.key, "since": event.position, "time_zone": event.data["details"]["time_zone"]}


def venue_row(event: ProjectedEvent) -> Row:
    """Return where a performance is given."""
    return {"performance": event.key, "venue": event.data["venue"]}


VENUES = frozenset({"VenueOpened", "VenueChanged"})
LOSSES: Mapping[str, int] = {"DisputeLost": 1, "DisputeWon": -1}
LOST_IN: Mapping[str, str] = {"DisputeLost": "amount", "DisputeWon": "recovered"}
COUNTED = frozenset({"OrderConfirmed", "OrderLinesCancelled", "RefundClosed", *LOSSES})
NAMES = COUNTED | VENUES | {"PerformanceScheduled", "OrderPlaced", "RefundOpened"}

SALES = ReadModel(name=NAME, version=1, schema=sql.SCHEMA, event_names=NAMES, fold=fold)


class SalesKey(NamedTuple):
    """What figures are counted by; a page begins after one."""

    organizer: str
    performance: str
    day: date
    category: str
    ticket_type: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesTotal:
    """All figures in one currency; amounts in minor units."""

    currency: str
    sold: int
    returned: int
    gross: int
    returned_gross: int
    refunded: int
    disputes_lost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale(SalesTotal):
    """One day's figures of a category and ticket type; the day is the venue's.

    `gross`: of the lines sold; `returned_gross`: of the lines that ended since; `refunded`: money that has gone back;
    `disputes_lost`: money that banks took back, less what was won later. Money beside the lines (too late, too much, or
    lost to a dispute) stands under no category; what came too late or too much was never gross.
    """

    organizer: str
    performance: str
    day: date
    category: str
    ticket_type: str

    @property
    def key(self) -> SalesKey:
        """What it is counted by."""
        return SalesKey(self.organizer, self.performance, self.day, self.category, self.ticket_type, self.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sales:
    """Figures that are true at `position`: the sums of all that was wanted, and a page of the rows."""

    position: int
    sums: Sequence[SalesTotal]
    sales: Sequence[Sale]


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesFilter:
    """Whose figures somebody wants (None: all), of which days of the venue, both included, and which page of them."""

    organizers: Sequence[str] | None = None
    performance: str | None = None
    since: date | None = None
    until: date | None = None
    after: SalesKey | None = None
    limit: int = PAGE_ROWS_MAX

    @property
    def parameters(self) -> Row:
        """The parameters of a query."""
        after = self.after._asdict() if self.after else dict.fromkeys(SalesKey._fields)
        return {
            "organizers": None if self.organizers is None else list(self.organizers),
            "performance": self.performance,
            "since": self.since,
            "until": self.until,
            "limit": self.limit,
            **{f"after_{name}": value for name, value in after.items()},
        }


async def report_sales(models: ReadModelQueries, wanted: SalesFilter) -> Sales:
    """Return figures by performance, day, category and ticket type."""
    return sales_in(await models.fetch([NAME], sql.SALES, wanted.parameters))


def sales_in(found: Rows, *, position: int | None = None) -> Sales:
    """Return the figures in the rows of a query, true at a position."""
    sums, sales = [], []
    for row in found.rows:
        figures = {name: row[name] for name in (*SalesKey._fields, *FIGURES)}
        if row["summed"]:
            sums.append(SalesTotal(**{name: figures[name] for name in ("currency", *FIGURES)}))
        else:
            sales.append(Sale(**figures))
    return Sales(position=found.position if position is None else position, sums=sums, sales=sales)
