"""The exceptions: subject, attempts, owner and resolution of each exception about money."""

from collections.abc import Mapping, Sequence
from typing import Any

from projections.engine.model import ProjectedEvent, ReadModel, WriteStep
from projections.exceptions import tables as sql

NAME = "exceptions"

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
