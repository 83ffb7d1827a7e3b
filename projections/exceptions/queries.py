"""Queries for exceptions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from projections.engine.queries import PAGE_ROWS_MAX, ReadModelQueries
from projections.exceptions import tables as sql
from projections.exceptions.fold import NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedException:
    """One exception; amounts in minor units; `entry`: number in the ledger of `provider`.

    `proposed`: the resolution that the first of two approvers proposed.
    """

    exception: str
    kind: str
    status: str
    owner: str
    provider: str
    amount: int
    currency: str
    refundable: int
    order_id: str | None
    payment: str | None
    refund: str | None
    account: str | None
    organizer: str | None
    performance: str | None
    entry: int | None
    attempts: int
    failure: str | None
    proposed: str | None
    proposed_by: str | None
    resolution: str | None
    reason: str | None
    closed_by: str | None
    resolution_refund: str | None
    opened_at: datetime
    closed_at: datetime | None
    position: int


async def list_exceptions(
    models: ReadModelQueries,
    *,
    status: str | None = None,
    kind: str | None = None,
    after: int = 0,
    limit: int = PAGE_ROWS_MAX,
) -> Sequence[ListedException]:
    """Return exceptions with a status and a kind (None: any), opened after a position, oldest first."""
    parameters = {"status": status, "kind": kind, "after": after, "limit": min(limit, PAGE_ROWS_MAX)}
    statement = sql.EXCEPTIONS if status is None else sql.EXCEPTIONS_BY_STATUS
    found = await models.fetch([NAME], statement, parameters)
    return [ListedException(**row) for row in found.rows]


async def exceptions_of_order(models: ReadModelQueries, *, order: str) -> Sequence[ListedException]:
    """Return the exceptions of an order, oldest first."""
    parameters = {"order": order, "limit": PAGE_ROWS_MAX}
    return [ListedException(**row) for row in (await models.fetch([NAME], sql.EXCEPTIONS_OF_ORDER, parameters)).rows]
