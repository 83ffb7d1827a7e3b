"""The tickets: owner, place and state of each ticket, for the screens of customers and support."""

from collections.abc import Mapping, Sequence
from typing import Any

from projections.engine.model import ProjectedEvent, ReadModel, WriteStep
from projections.tickets import tables as sql

NAME = "tickets"
ENTRIES = frozenset({"EntryRecorded", "EntryReverted"})

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
