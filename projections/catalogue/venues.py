"""Queries for venues and their layouts."""

from collections.abc import Sequence
from dataclasses import dataclass

from projections.catalogue import query_sql as sql
from projections.catalogue.fold import NAME
from projections.catalogue.text_search import spellings
from projections.engine.queries import PAGE_ROWS_MAX, ReadModelQueries


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """A venue; `time_zone` is an IANA name, `country` an ISO 3166-1 alpha-2 code."""

    venue: str
    organizer: str
    name: str
    address: str
    city: str
    country: str
    time_zone: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A published layout of a venue, without its document."""

    layout: str
    venue: str
    organizer: str
    version: int
    name: str
    seats: int
    document_sha256: str
    position: int


async def list_venues(
    models: ReadModelQueries, *, city: str | None = None, after: int = 0, limit: int = PAGE_ROWS_MAX
) -> Sequence[Venue]:
    """Return venues (of a city, in any spelling) opened after a position, oldest first."""
    parameters = {
        "venue": None,
        "city": None if city is None else spellings(city),
        "after": after,
        "limit": min(limit, PAGE_ROWS_MAX),
    }
    found = await models.fetch([NAME], sql.VENUES, parameters)
    return [Venue(**row) for row in found.rows]


async def find_venue(models: ReadModelQueries, *, venue: str) -> Venue | None:
    """Return one venue; None if the read model has no row for it."""
    found = await models.fetch([NAME], sql.VENUES, {"venue": venue, "city": None, "after": 0, "limit": 1})
    return Venue(**found.rows[0]) if found.rows else None


async def layouts_of_venue(models: ReadModelQueries, *, venue: str) -> Sequence[Layout]:
    """Return a venue's layouts, ordered by version."""
    found = await models.fetch([NAME], sql.LAYOUTS_OF_VENUE, {"venue": venue})
    return [Layout(**row) for row in found.rows]


async def find_layout(models: ReadModelQueries, *, layout: str) -> Layout | None:
    """Return one layout; None if the read model has no row for it."""
    found = await models.fetch([NAME], sql.LAYOUT, {"layout": layout})
    return Layout(**found.rows[0]) if found.rows else None
