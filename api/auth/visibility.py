"""Visibility of resources, and the organizer that the sender acts for where the path does not name one."""

from fastapi import Request

from api.auth.identity import Identity, identity_of, optional_identity
from api.auth.ownership import Ownership, owner_of_event, owner_of_performance
from api.dependencies import services_of
from api.http.commands import wait_for_position
from domain.errors import Forbidden, Invalid, NotFound
from domain.values import Role
from projections.catalogue import NAME as CATALOGUE
from projections.catalogue import PUBLIC, Viewer, list_organizers

SUPPORT_ROLES = (Role.SUPPORT, Role.ADMIN)


async def require_visible_event(request: Request, event: str) -> None:
    """Require that the sender may see an event.

    Raises:
        NotFound: no such event, or it is a draft of another organizer.
    """
    await require_visible(
        request, await services_of(request).handler.query(lambda context: owner_of_event(context, event))
    )


async def require_visible_performance(request: Request, performance: str) -> None:
    """Require that the sender may see a performance.

    Raises:
        NotFound: no such performance, or its event is a draft of another organizer.
    """
    query = services_of(request).handler.query
    await require_visible(request, await query(lambda context: owner_of_performance(context, performance)))


async def require_visible_seats(request: Request, performance: str) -> None:
    """Require that the sender may see the seats of a performance, for frequent requests.

    A performance that was public within the last second is not checked again: of a thousand requests one reads the log.

    Raises:
        NotFound: no such performance, or its event is a draft of another organizer.
    """
    services = services_of(request)
    if services.live.is_public(performance):
        return
    owned = await services.handler.query(lambda context: owner_of_performance(context, performance))
    await require_visible(request, owned)
    if owned.visible:
        services.live.mark_public(performance)


async def require_visible(request: Request, owned: Ownership) -> None:
    """Require that a resource is public or belongs to an organizer of the sender.

    Raises:
        NotFound: neither.
    """
    if owned.visible:
        return
    identity = optional_identity(request)
    if identity is None or not await identity.has_organizer_role(owned.organizer, Role.ORGANIZER):
        raise NotFound("There is no such resource.")


async def viewer_of(request: Request) -> Viewer:
    """Return which drafts the sender may see."""
    identity = optional_identity(request)
    if identity is None:
        return PUBLIC
    sees_all = await identity.has_role(Role.ADMIN)
    return Viewer(sees_all=sees_all, organizers=await organizers_of(request, identity, Role.ORGANIZER))


async def organizers_of(request: Request, identity: Identity, role: Role) -> list[str]:
    """Return the organizers within which the account holds a role: found in the read model, each checked in the log."""
    listed = await list_organizers(services_of(request).read_models, account=identity.account, everyone=False)
    return [member.organizer for member in listed if role in await identity.roles_within(member.organizer)]


async def require_organizers(request: Request, identity: Identity, role: Role) -> list[str]:
    """Return the organizers within which the account holds a role, including roles granted just now.

    Raises:
        Forbidden: there is none.
        Behind: the read model of members has not reached the log.
    """
    own = await organizers_of(request, identity, role)
    if not own:
        await wait_for_position(request, await services_of(request).store.head(), CATALOGUE)
        own = await organizers_of(request, identity, role)
    if not own:
        raise Forbidden(f"This requires the role {role} within an organizer.")
    return own


async def acting_organizer(request: Request, requested: str | None) -> str:
    """Return the organizer that the sender acts for: the requested one, or its only one.

    Raises:
        Forbidden: the sender has no role in it.
        Invalid: none is requested, and the sender has none or several.
    """
    identity = identity_of(request)
    if requested is None:
        admin = await identity.has_role(Role.ADMIN)
        own = await (organizers_of if admin else require_organizers)(request, identity, Role.ORGANIZER)
        if len(own) != 1:
            raise Invalid("Several organizers, or none, are possible; send organizer_id.", organizers=own)
        (requested,) = own
    await identity.require_organizer_role(requested, Role.ORGANIZER)
    return requested


async def owner_filter(request: Request) -> str | None:
    """Return the account whose orders, payments and refunds the sender may see; None for support and admins: all."""
    identity = identity_of(request)
    if not await identity.has_role(*SUPPORT_ROLES):
        return identity.account
    await identity.require_role(*SUPPORT_ROLES)
    return None
