"""Filters that name one thing. It has to be there, and to be the sender's to ask for: an empty list would read as
"nothing has happened yet" where an id is mistyped or somebody else's.
"""

from collections.abc import Sequence

from fastapi import Request

from api.auth.identity import identity_of
from api.auth.ownership import owner_of_organizer, owner_of_performance
from api.auth.visibility import require_visible_performance
from api.dependencies import services_of
from domain.account import require_account
from domain.errors import NotFound
from domain.values import Role
from domain.venue import require_venue

Findable = tuple[str, Sequence[str]] | None
"""Whose orders may be found: an account's own and those of its organizers; None: anybody's."""


async def require_filtered_venue(request: Request, venue: str | None) -> None:
    """Insist that a venue that is filtered by is there.

    Raises:
        NotFound.
    """
    if venue is not None:
        await services_of(request).handler.query(lambda context: require_venue(context, venue))


async def require_filtered_account(request: Request, account: str) -> None:
    """Insist that an account that is asked about is there.

    Raises:
        NotFound.
    """
    await services_of(request).handler.query(lambda context: require_account(context, account))


async def require_own_organizer(request: Request, organizer: str) -> None:
    """Insist that an organizer that is filtered by is there, and that the sender acts for it.

    Raises:
        NotFound: there is none.
        Forbidden: it is somebody else's.
    """
    await services_of(request).handler.query(lambda context: owner_of_organizer(context, organizer))
    await identity_of(request).require_organizer_role(organizer, Role.ORGANIZER)


async def require_reported_performance(
    request: Request, performance: str | None, organizers: Sequence[str] | None
) -> None:
    """Insist that a performance that a report is filtered by belongs to one of these organizers; None: to any.

    Raises:
        NotFound.
    """
    if performance is None:
        return
    owned = await services_of(request).handler.query(lambda context: owner_of_performance(context, performance))
    if organizers is not None and owned.organizer not in organizers:
        raise NotFound("There is no such performance of this organizer.")


async def require_findable(
    request: Request, findable: Findable, *, performance: str | None, account: str | None
) -> None:
    """Insist that what orders are filtered by is there, and the sender's to ask for.

    Raises:
        NotFound: there is none, a foreign draft, or a foreign account for whom sells nothing.
    """
    if performance is not None and findable is None:
        await services_of(request).handler.query(lambda context: owner_of_performance(context, performance))
    elif performance is not None:
        await require_visible_performance(request, performance)
    if account is None:
        return
    if findable is not None and account != findable[0] and not findable[1]:
        raise NotFound("There is no such account.")
    await require_filtered_account(request, account)
