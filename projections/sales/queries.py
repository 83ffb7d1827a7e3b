"""Queries for sales figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from projections.engine.queries import PAGE_ROWS_MAX, ReadModelQueries, Rows
from projections.sales import tables as sql
from projections.sales.fold import NAME, Row

FIGURES = ("sold", "returned", "gross", "returned_gross", "refunded", "disputes_lost")


class SalesKey(NamedTuple):
    """The key of a row of figures; also the cursor of a page."""

    organizer: str
    performance: str
    day: date
    category: str
    ticket_type: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesTotal:
    """Figures in one currency; amounts in minor units."""

    currency: str
    sold: int
    returned: int
    gross: int
    returned_gross: int
    refunded: int
    disputes_lost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale(SalesTotal):
    """Figures of one performance, day, category and ticket type; days are in the venue's time zone.

    `gross`: of the lines sold; `returned_gross`: of lines cancelled later; `refunded`: completed refunds;
    `disputes_lost`: money that banks withheld, less money won back. Money that belongs to no line (late or excess
    payments, disputes) has an empty category and ticket type, and is never part of `gross`.
    """

    organizer: str
    performance: str
    day: date
    category: str
    ticket_type: str

    @property
    def key(self) -> SalesKey:
        """The key of the row."""
        return SalesKey(self.organizer, self.performance, self.day, self.category, self.ticket_type, self.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sales:
    """Figures as of `position`: the sums of all selected rows, one per currency, and one page of the rows."""

    position: int
    sums: Sequence[SalesTotal]
    sales: Sequence[Sale]


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesFilter:
    """Selects rows of figures; None means no condition.

    `since`, `until`: days in the venue's time zone, both included. `after`: key of the last row of the page before.
    """

    organizers: Sequence[str] | None = None
    performance: str | None = None
    since: date | None = None
    until: date | None = None
    after: SalesKey | None = None
    limit: int = PAGE_ROWS_MAX

    @property
    def parameters(self) -> Row:
        """The parameters of the SQL query."""
        after = self.after._asdict() if self.after else dict.fromkeys(SalesKey._fields)
        return {
            "organizers": None if self.organizers is None else list(self.organizers),
            "performance": self.performance,
            "since": self.since,
            "until": self.until,
            "limit": self.limit,
            **{f"after_{name}": value for name, value in after.items()},
        }


async def report_sales(models: ReadModelQueries, selection: SalesFilter) -> Sales:
    """Return the selected figures by performance, day, category and ticket type."""
    return sales_in(await models.fetch([NAME], sql.SALES, selection.parameters))


def sales_in(found: Rows, *, position: int | None = None) -> Sales:
    """Convert the rows of a query to figures, as of a position (None: the query's own)."""
    sums, sales = [], []
    for row in found.rows:
        figures = {name: row[name] for name in (*SalesKey._fields, *FIGURES)}
        if row["summed"]:
            sums.append(SalesTotal(**{name: figures[name] for name in ("currency", *FIGURES)}))
        else:
            sales.append(Sale(**figures))
    return Sales(position=found.position if position is None else position, sums=sums, sales=sales)
