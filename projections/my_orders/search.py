"""Orders as those who answer for a shop look for them: by code, person, seat, ticket, payment, state or performance."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from projections.engine.queries import ReadModelQueries
from projections.my_orders.fold import NAME
from projections.my_orders.queries import NEWEST, PAGE_ROWS_MAX, Orders, with_money
from projections.my_orders.tables import FIND_ORDERS


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTerms:
    """What a search text may mean: an order found matches one of these.

    `codes`: order codes; `orders`: order ids; `accounts`, `contacts`: people; `label`: a part of a seat's label, in
    lower case, looked for only within one performance.
    """

    codes: Sequence[str] = ()
    orders: Sequence[str] = ()
    accounts: Sequence[str] = ()
    contacts: Sequence[str] = ()
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """Which orders are asked for; every condition that is set must hold.

    `account_or_organizers`: only this account's orders and those of these organizers; None: anybody's.
    """

    account_or_organizers: tuple[str, Sequence[str]] | None
    terms: OrderTerms | None = None
    status: str | None = None
    performance: str | None = None
    account: str | None = None


async def find_orders(
    models: ReadModelQueries, wanted: OrderFilter, *, now: datetime, before: int = NEWEST, limit: int = PAGE_ROWS_MAX
) -> Orders:
    """Return the orders that fit at `now`, newest first, placed before a position."""
    terms = wanted.terms or OrderTerms()
    owner, organizers = wanted.account_or_organizers or (None, [])
    parameters = {
        "owner": owner,
        "organizers": list(organizers),
        "status": wanted.status,
        "now": now,
        "performance": wanted.performance,
        "account": wanted.account,
        "searching": wanted.terms is not None,
        "codes": list(terms.codes),
        "orders": list(terms.orders),
        "accounts": list(terms.accounts),
        "contacts": list(terms.contacts),
        "label": terms.label if wanted.performance else None,
        "before": before,
        "limit": min(limit, PAGE_ROWS_MAX),
    }
    return with_money(await models.fetch([NAME], FIND_ORDERS, parameters))
