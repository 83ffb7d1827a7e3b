"""The registered devices (scanners) of the organizers, including revoked ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from projections.devices import tables as sql
from projections.engine.model import ProjectedEvent, ReadModel, WriteStep
from projections.engine.queries import ReadModelQueries

NAME = "devices"
PAGE_ROWS_MAX = 101
"""One more than a page shows: the extra row means that there is another page."""

NEWEST = 2**63 - 1


def fold(events: Sequence[ProjectedEvent]) -> Sequence[WriteStep]:
    """Return the statements of a batch; devices are inserted before they are revoked."""

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
    """A registered device; empty `performances` means all performances of the organizer."""

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
    """Return the devices of some organizers (None: all) registered before a position, newest first."""
    parameters = {
        "everyone": organizers is None,
        "organizers": list(organizers or ()),
        "before": before,
        "limit": min(limit, PAGE_ROWS_MAX),
    }
    found = await models.fetch([NAME], sql.LIST_DEVICES, parameters)
    return [Device(**row) for row in found.rows]


async def count_working(models: ReadModelQueries, *, organizer: str, now: datetime) -> int:
    """Count the devices of an organizer that are neither revoked nor past `works_until`."""
    found = await models.fetch([NAME], sql.COUNT_WORKING, {"organizer": organizer, "now": now})
    return int(found.rows[0]["working"])
