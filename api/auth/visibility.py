"""What the sender of a request may see, and for whom they act where the path does not say."""

from fastapi import Request

from api.auth.identity import Identity, identity_of, optional_identity
from api.auth.ownership import Ownership, owner_of_event, owner_of_performance
from api.dependencies import services_of
from api.http.commands import wait_for_position
from domain.errors import Forbidden, Invalid, NotFound
from domain.values import Role
from projections.catalogue import NAME as CATALOGUE
from projections.catalogue import PUBLIC, Viewer, list_organizers

DESK = (Role.SUPPORT, Role.ADMIN)


async def require_visible_event(request: Request, event: str) -> None:
    """Insist that the sender may see an event.

    Raises:
        NotFound: there is none, or it is a draft of somebody else's.
    """
    await require_visible(
        request, await services_of(request).handler.query(lambda context: owner_of_event(context, event))
    )


async def require_visible_performance(request: Request, performance: str) -> None:
    """Insist that the sender may see a performance.

    Raises:
        NotFound: there is none, or its event is a draft of somebody else's.
    """
    look = services_of(request).handler.query
    await require_visible(request, await look(lambda context: owner_of_performance(context, performance)))


async def require_visible_seats(request: Request, performance: str) -> None:
    """Insist, like `require_visible_performance`, that the sender may see a performance, whose seats many look at.

    What was everybody's to see a moment ago still is: of a thousand who ask, one asks the log.

    Raises:
        NotFound: there is none, or its event is a draft of somebody else's.
    """
    services = services_of(request)
    if services.live.is_public(performance):
        return
    owned = await services.handler.query(lambda context: owner_of_performance(context, performance))
    await require_visible(request, owned)
    if owned.visible:
        services.live.mark_public(performance)


async def require_visible(request: Request, owned: Ownership) -> None:
    """Insist that the sender may see a thing: everybody's, or their own organizer's.

    Raises:
        NotFound: they may not.
    """
    if owned.visible:
        return
    identity = optional_identity(request)
    if identity is None or not await identity.has_organizer_role(owned.organizer, Role.ORGANIZER):
        raise NotFound("There is no such thing.")


async def viewer_of(request: Request) -> Viewer:
    """Say whose drafts the sender sees."""
    identity = optional_identity(request)
    if identity is None:
        return PUBLIC
    everybody = await identity.has_role(Role.ADMIN)
    return Viewer(sees_all=everybody, organizers=await organizers_of(request, identity, Role.ORGANIZER))


async def organizers_of(request: Request, identity: Identity, role: Role) -> list[str]:
    """Return the organizers within which the account holds a role: found in a list, each checked in the log."""
    listed = await list_organizers(services_of(request).read_models, account=identity.account, everyone=False)
    return [member.organizer for member in listed if role in await identity.roles_within(member.organizer)]


async def require_organizers(request: Request, identity: Identity, role: Role) -> list[str]:
    """Return the organizers within which the account holds a role, also one that was given a moment ago.

    Raises:
        Forbidden: it holds the role within none.
        Behind: the list of members has not caught up with the log.
    """
    own = await organizers_of(request, identity, role)
    if not own:
        await wait_for_position(request, await services_of(request).store.head(), CATALOGUE)
        own = await organizers_of(request, identity, role)
    if not own:
        raise Forbidden(f"This takes the role {role} within an organizer.")
    return own


async def acting_organizer(request: Request, requested: str | None) -> str:
    """Return the organizer the sender acts for: the one they name, or the only one they have.

    Raises:
        Forbidden: not theirs.
        Invalid: they have none or several, and name none.
    """
    identity = identity_of(request)
    if requested is None:
        admin = await identity.has_role(Role.ADMIN)
        own = await (organizers_of if admin else require_organizers)(request, identity, Role.ORGANIZER)
        if len(own) != 1:
            raise Invalid("Say for which organizer: organizer_id.", organizers=own)
        (requested,) = own
    await identity.require_organizer_role(requested, Role.ORGANIZER)
    return requested


async def owner_filter(request: Request) -> str | None:
    """Return the account whose orders, payments and refunds the sender may see; None: anybody's, for support."""
    identity = identity_of(request)
    if not await identity.has_role(*DESK):
        return identity.account
    await identity.require_role(*DESK)
    return None
