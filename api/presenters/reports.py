"""Sales reports as JSON."""

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from api.presenters.values import Body, money
from audit.account_report import PurchaseTotals
from projections.sales.queries import Sale

COUNTS = ("sold", "returned")
AMOUNTS = ("gross", "returned_gross", "refunded", "disputes_lost")


class Figures(Protocol):
    """A row of any report."""

    @property
    def currency(self) -> str: ...


def figures(row: Figures) -> Body:
    """Return the figures that every row has as JSON."""
    return {
        **{name: getattr(row, name) for name in COUNTS},
        **{name: money(getattr(row, name), row.currency) for name in AMOUNTS},
    }


def sale_json(sale: Sale) -> Body:
    """Return one row of the sales report as JSON."""
    return {
        "organizer_id": sale.organizer,
        "performance_id": sale.performance,
        "day": sale.day,
        "category": sale.category,
        "ticket_type": sale.ticket_type,
        **figures(sale),
    }


def purchase_json(bought: PurchaseTotals) -> Body:
    """Return an account's purchases of one performance as JSON."""
    return {
        "organizer_id": bought.organizer,
        "performance_id": bought.performance,
        "orders": bought.orders,
        "confirmed": bought.confirmed,
        **figures(bought),
    }


def totals(rows: Sequence[Figures]) -> list[Body]:
    """Return the sums of all rows per currency as JSON."""
    sums: dict[str, Counter[str]] = {}
    for row in rows:
        summed = sums.setdefault(row.currency, Counter())
        summed.update({name: getattr(row, name) for name in (*COUNTS, *AMOUNTS)})
    return [
        {
            **{name: summed[name] for name in COUNTS},
            **{name: money(summed[name], currency) for name in AMOUNTS},
        }
        for currency, summed in sorted(sums.items())
    ]
