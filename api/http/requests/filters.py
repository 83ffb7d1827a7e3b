"""Checks of filters that name one thing.

The thing must exist and the sender must be allowed to see it. Otherwise a mistyped id would give an empty list, which
reads as "nothing has happened yet".
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
"""The orders that a search may find: those of an account and of its organizers; None: all."""


async def require_filtered_venue(request: Request, venue: str | None) -> None:
    """Require that the venue of a filter exists.

    Raises:
        NotFound: no such venue.
    """
    if venue is not None:
        await services_of(request).handler.query(lambda context: require_venue(context, venue))


async def require_filtered_account(request: Request, account: str) -> None:
    """Require that the requested account exists.

    Raises:
        NotFound: no such account.
    """
    await services_of(request).handler.query(lambda context: require_account(context, account))


async def require_own_organizer(request: Request, organizer: str) -> None:
    """Require that the organizer of a filter exists and that the sender acts for it.

    Raises:
        NotFound: no such organizer.
        Forbidden: the sender has no role in it.
    """
    await services_of(request).handler.query(lambda context: owner_of_organizer(context, organizer))
    await identity_of(request).require_organizer_role(organizer, Role.ORGANIZER)


async def require_reported_performance(
    request: Request, performance: str | None, organizers: Sequence[str] | None
) -> None:
    """Require that the performance of a filter belongs to one of the organizers; None: to any.

    Raises:
        NotFound: no such performance, or it belongs to another organizer.
    """
    if performance is None:
        return
    owned = await services_of(request).handler.query(lambda context: owner_of_performance(context, performance))
    if organizers is not None and owned.organizer not in organizers:
        raise NotFound("There is no such performance of this organizer.")


async def require_findable(
    request: Request, findable: Findable, *, performance: str | None, account: str | None
) -> None:
    """Require that the performance and account of an order filter exist and that the sender may search by them.

    Raises:
        NotFound: no such performance or account, a draft of another organizer, or another account and the sender has no
            organizer.
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
