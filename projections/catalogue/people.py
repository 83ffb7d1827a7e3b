"""What the screens ask about organizers and their members."""

from collections.abc import Sequence
from dataclasses import dataclass

from projections.catalogue.folding import NAME
from projections.reading import ReadModels
from projections.sql import catalogue as sql

PAGE_ROWS_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Organizer:
    """The legal seller of events."""

    organizer: str
    name: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """What an account may do within one organizer called `name`."""

    organizer: str
    name: str
    account: str
    roles: Sequence[str]


async def list_organizers(
    models: ReadModels, *, organizers: Sequence[str] | None = None, after: int = 0, limit: int = PAGE_ROWS_MAX
) -> Sequence[Organizer]:
    """Return organizers (None: all), in the order they joined, after a position."""
    asked = {
        "organizers": None if organizers is None else list(organizers),
        "after": after,
        "limit": min(limit, PAGE_ROWS_MAX),
    }
    found = await models.fetch([NAME], sql.ORGANIZERS, asked)
    return [Organizer(**row) for row in found.rows]


async def memberships(models: ReadModels, *, account: str) -> Sequence[Member]:
    """Return the organizers an account acts for."""
    found = await models.fetch([NAME], sql.MEMBERSHIPS, {"account": account})
    return [Member(**row) for row in found.rows]


async def list_members(models: ReadModels, *, organizer: str) -> Sequence[Member]:
    """Return an organizer's members, by account."""
    found = await models.fetch([NAME], sql.MEMBERS, {"organizer": organizer})
    return [Member(**row) for row in found.rows]
