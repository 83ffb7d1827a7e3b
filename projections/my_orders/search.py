"""Search for orders by code, id, person, seat label, state or performance."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from projections.engine.queries import NEWEST, PAGE_ROWS_MAX, ReadModelQueries
from projections.my_orders.fold import NAME
from projections.my_orders.queries import Orders, to_orders
from projections.my_orders.query_sql import FIND_ORDERS


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTerms:
    """The meanings of a search text; an order matches if one of them does.

    `codes`: order codes; `orders`: order ids; `accounts`, `contacts`: ids of people; `label`: part of a seat label in
    lower case, applied only together with a performance.
    """

    codes: Sequence[str] = ()
    orders: Sequence[str] = ()
    accounts: Sequence[str] = ()
    contacts: Sequence[str] = ()
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """Conditions on orders; all that are set must hold.

    `account_or_organizers`: orders of this account or of these organizers; None for all orders.
    """

    account_or_organizers: tuple[str, Sequence[str]] | None
    terms: OrderTerms | None = None
    status: str | None = None
    performance: str | None = None
    account: str | None = None


async def find_orders(
    models: ReadModelQueries, query: OrderFilter, *, now: datetime, before: int = NEWEST, limit: int = PAGE_ROWS_MAX
) -> Orders:
    """Return the orders that match at `now` and were placed before a position, newest first."""
    terms = query.terms or OrderTerms()
    owner, organizers = query.account_or_organizers or (None, [])
    parameters = {
        "owner": owner,
        "organizers": list(organizers),
        "status": query.status,
        "now": now,
        "performance": query.performance,
        "account": query.account,
        "searching": query.terms is not None,
        "codes": list(terms.codes),
        "orders": list(terms.orders),
        "accounts": list(terms.accounts),
        "contacts": list(terms.contacts),
        "label": terms.label if query.performance else None,
        "before": before,
        "limit": min(limit, PAGE_ROWS_MAX),
    }
    return to_orders(await models.fetch([NAME], FIND_ORDERS, parameters))
