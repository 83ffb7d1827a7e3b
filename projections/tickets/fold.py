"""The tickets: owner, place and state of each ticket, for the screens of customers and support."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from projections.engine.model import ProjectedEvent, ReadModel, WriteStep
from projections.engine.queries import ReadModelQueries
from projections.tickets import tables as sql

NAME = "tickets"
ENTRIES = frozenset({"EntryRecorded", "EntryReverted"})
PAGE_ROWS_MAX = 101
"""One more than a page shows: the extra row means that there is another page."""

NEWEST = 2**63 - 1
DISPUTES: Mapping[str, bool] = {"TicketDisputed": True, "TicketDisputeWon": False}


def fold(events: Sequence[ProjectedEvent]) -> Sequence[WriteStep]:
    """Return the statements of a batch; tickets are inserted before they are updated, and a void ticket stays void."""

    def rows(name: str) -> list[Mapping[str, Any]]:
        return [
            {**event.data, "ticket": event.key, "at": event.recorded_at, "position": event.position}
            for event in events
            if event.name == name
        ]

    last = last_entries(events)
    return [
        WriteStep(sql.ISSUE, rows("TicketIssued")),
        WriteStep(sql.VOID, rows("TicketVoided")),
        WriteStep(sql.ENTER, [row for row in last if row["entered"]]),
        WriteStep(sql.REVERT, [row for row in last if not row["entered"]]),
        WriteStep(sql.MARK_DISPUTED, disputes(events)),
        WriteStep(sql.MERGE, [{"guest": row["ticket"], "account": row["into"]} for row in rows("GuestMerged")]),
    ]


def last_entries(events: Sequence[ProjectedEvent]) -> list[Mapping[str, Any]]:
    """Return the last entry or reverted entry of each ticket in a batch."""
    last: dict[str, Mapping[str, Any]] = {}
    for event in events:
        if event.name in ENTRIES:
            entered = event.name == "EntryRecorded"
            last[event.key] = {**event.data, "ticket": event.key, "at": event.recorded_at, "entered": entered}
    return list(last.values())


def disputes(events: Sequence[ProjectedEvent]) -> list[Mapping[str, Any]]:
    """Return, for each ticket with a dispute event in the batch, whether it is disputed at the end."""
    last = {event.key: DISPUTES[event.name] for event in events if event.name in DISPUTES}
    return [{"ticket": ticket, "disputed": disputed} for ticket, disputed in last.items()]


TICKETS = ReadModel(
    name=NAME,
    version=1,
    schema=sql.SCHEMA,
    event_names=frozenset({"TicketIssued", "TicketVoided", *ENTRIES, "GuestMerged", *DISPUTES}),
    fold=fold,
)


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
