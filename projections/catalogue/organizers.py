"""Queries for organizers and their members."""

from collections.abc import Sequence
from dataclasses import dataclass

from projections.catalogue import query_sql as sql
from projections.catalogue.fold import NAME
from projections.engine.queries import PAGE_ROWS_MAX, ReadModelQueries


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedOrganizer:
    """An organizer, with the roles of one account in it."""

    organizer: str
    name: str
    roles: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An account's roles in one organizer; `name` is the organizer's."""

    organizer: str
    name: str
    account: str
    roles: Sequence[str]


async def list_organizers(
    models: ReadModelQueries, *, account: str, everyone: bool, after: str = "", limit: int = PAGE_ROWS_MAX
) -> Sequence[ListedOrganizer]:
    """Return the organizers of which an account is a member (`everyone`: all organizers), ordered by id."""
    parameters = {"account": account, "everyone": everyone, "after": after, "limit": min(limit, PAGE_ROWS_MAX)}
    found = await models.fetch([NAME], sql.ORGANIZERS, parameters)
    return [ListedOrganizer(**row) for row in found.rows]


async def list_members(models: ReadModelQueries, *, organizer: str) -> Sequence[Member]:
    """Return an organizer's members, ordered by account."""
    found = await models.fetch([NAME], sql.MEMBERS, {"organizer": organizer})
    return [Member(**row) for row in found.rows]
