"""The exceptions: subject, attempts, owner and resolution of each exception about money."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from projections.engine.model import ProjectedEvent, ReadModel, WriteStep
from projections.engine.queries import ReadModelQueries
from projections.exceptions import tables as sql

NAME = "exceptions"
PAGE_ROWS_MAX = 101
"""One more than a page shows: the extra row means that there is another page."""

CLEARED = ""
"""Clears a column; null keeps its value."""

REOPENED: Mapping[str, str] = {
    "status": "open",
    "proposed": CLEARED,
    "proposed_by": CLEARED,
    "resolution": CLEARED,
    "reason": CLEARED,
    "closed_by": CLEARED,
    "resolution_refund": CLEARED,
}
"""The columns that change when an exception is opened again."""


def fold(events: Sequence[ProjectedEvent]) -> Sequence[WriteStep]:
    """Return the statements of a batch: insert the opened exceptions, then update each exception once."""
    opened = [
        {**event.data, "exception": event.key, "at": event.recorded_at, "position": event.position}
        for event in events
        if event.name == "ExceptionOpened"
    ]
    updates: dict[str, dict[str, Any]] = {}
    for event in events:
        updates.setdefault(event.key, {"exception": event.key}).update(to_update(event))
    return [WriteStep(sql.OPEN, opened), WriteStep(sql.MOVE, list(updates.values()))]


def to_update(event: ProjectedEvent) -> Mapping[str, Any]:
    """Return the columns that one event changes in its exception's row."""
    data = event.data
    match event.name:
        case "ExceptionOpened":
            return REOPENED
        case "ExceptionResolutionProposed":
            return {"proposed": data["resolution"], "proposed_by": data["by"]}
        case _:
            return {
                "status": "closed",
                "resolution": data["resolution"],
                "reason": data["reason"],
                "closed_by": data["by"],
                "resolution_refund": data["refund"],
                "closed_at": event.recorded_at,
            }


EXCEPTIONS = ReadModel(
    name=NAME,
    version=1,
    schema=sql.SCHEMA,
    event_names=frozenset({"ExceptionOpened", "ExceptionResolutionProposed", "ExceptionClosed"}),
    fold=fold,
)


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
