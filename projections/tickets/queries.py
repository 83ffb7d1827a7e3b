"""Queries for tickets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from projections.engine.queries import NEWEST, PAGE_ROWS_MAX, ReadModelQueries
from projections.tickets import tables as sql
from projections.tickets.fold import NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A ticket; `place` has the labels at the time of the quote; `state`: valid, void or used."""

    ticket: str
    order_id: str
    line_id: str
    account: str
    performance: str
    event: str
    organizer: str
    place: Mapping[str, Any]
    ticket_type: str
    state: str
    disputed: bool
    gate: str | None
    entered_at: datetime | None
    issued_at: datetime
    position: int


async def list_tickets(
    models: ReadModelQueries, *, account: str, before: int = NEWEST, limit: int = PAGE_ROWS_MAX
) -> Sequence[Ticket]:
    """Return an account's tickets issued before a position, newest first."""
    parameters = {"account": account, "before": before, "limit": min(limit, PAGE_ROWS_MAX)}
    found = await models.fetch([NAME], sql.TICKETS_OF_ACCOUNT, parameters)
    return [Ticket(**row) for row in found.rows]


async def tickets_of_order(models: ReadModelQueries, *, order: str) -> Sequence[Ticket]:
    """Return an order's tickets, in the order of its lines."""
    found = await models.fetch([NAME], sql.TICKETS_OF_ORDER, {"order": order})
    return [Ticket(**row) for row in found.rows]


async def find_ticket(models: ReadModelQueries, *, ticket: str) -> Ticket | None:
    """Return one ticket; None if the read model has no row for it."""
    found = await models.fetch([NAME], sql.TICKET, {"ticket": ticket})
    return Ticket(**found.rows[0]) if found.rows else None
