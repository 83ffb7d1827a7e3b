"""The registered scanners of every organizer, and which of them are revoked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from projections.devices import tables as sql
from projections.engine.model import ProjectedEvent, ReadModel, WriteStep
from projections.engine.queries import ReadModelQueries

NAME = "devices"
PAGE_ROWS_MAX = 101
"""One more than a page shows, which tells whether another page follows."""

NEWEST = 2**63 - 1


def fold(events: Sequence[ProjectedEvent]) -> Sequence[WriteStep]:
    """Write the batch: a scanner is registered before it is revoked."""

    def rows(name: str) -> list[Mapping[str, Any]]:
        return [
            {**event.data, "device": event.key, "position": event.position} for event in events if event.name == name
        ]

    return [WriteStep(sql.REGISTER, rows("DeviceRegistered")), WriteStep(sql.REVOKE, rows("DeviceRevoked"))]


DEVICES = ReadModel(
    name=NAME,
    version=1,
    schema=sql.SCHEMA,
    event_names=frozenset({"DeviceRegistered", "DeviceRevoked"}),
    fold=fold,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A registered scanner; no `performances`: all of the organizer's."""

    device: str
    organizer: str
    label: str
    performances: Sequence[str]
    works_from: datetime | None
    works_until: datetime | None
    revoked: bool
    position: int


async def list_devices(
    models: ReadModelQueries, *, organizers: Sequence[str] | None, before: int = NEWEST, limit: int = PAGE_ROWS_MAX
) -> Sequence[Device]:
    """Return the scanners of some organizers (None: of all), newest first, registered before a position."""
    parameters = {
        "everyone": organizers is None,
        "organizers": list(organizers or ()),
        "before": before,
        "limit": min(limit, PAGE_ROWS_MAX),
    }
    found = await models.fetch([NAME], sql.LIST_DEVICES, parameters)
    return [Device(**row) for row in found.rows]


async def count_working(models: ReadModelQueries, *, organizer: str, now: datetime) -> int:
    """Count the scanners of an organizer that are neither revoked nor past their hours."""
    found = await models.fetch([NAME], sql.COUNT_WORKING, {"organizer": organizer, "now": now})
    return int(found.rows[0]["working"])
