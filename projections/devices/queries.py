"""Queries for devices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from projections.devices import tables as sql
from projections.devices.fold import NAME
from projections.engine.queries import NEWEST, PAGE_ROWS_MAX, ReadModelQueries


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
