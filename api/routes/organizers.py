"""Organizers and their members."""

from uuid import UUID

from fastapi import Request, Response
from uuid_utils.compat import uuid7

from api.auth.identity import identity_of
from api.dependencies import services_of
from api.http.commands import MinPosition, command_response, execute_command, json_response, wait_for_position
from api.http.pagination import PAGE_MAX, Limit, split_page
from api.http.routing import business_router
from api.presenters.values import Body
from api.schemas.people import MemberResult, Members, OrganizerFounded, OrganizerRequest, Organizers, RolesRequest
from domain import organizer as organizers
from domain.account import require_account
from domain.decision import Changes, DecisionContext
from domain.organizer import ORGANIZER
from domain.ports.personal_data import Person
from domain.values import Role
from projections.catalogue import NAME, list_organizers

router = business_router("organizers")


@router.post("/organizers", status_code=201, responses={201: {"model": OrganizerFounded}})
async def create_organizer(request: Request, body: OrganizerRequest) -> Response:
    """Create an organizer.

    Creates the organizer; `PUT /organizers/{organizer_id}/members/{account_id}` adds its members.
    """
    organizer = str(uuid7())
    outcome = await execute_command(request, lambda context: organizers.found_organizer(context, organizer, body.name))
    ((stream, founded),) = outcome.events
    organizer_id = stream.removeprefix(f"{ORGANIZER.prefix}-")
    return command_response(outcome, {"organizer_id": organizer_id, "name": founded.name}, status=201)


@router.get("/organizers", responses={200: {"model": Organizers}})
async def list_own_organizers(
    request: Request,
    limit: Limit = PAGE_MAX,
    cursor: UUID | None = None,
    min_position: MinPosition = None,
) -> Response:
    """List the sender's organizers.

    Lists the organizers of which the sender is a member, with its roles there; an admin gets all organizers.
    """
    await wait_for_position(request, min_position, NAME)
    identity = identity_of(request)
    rows = await list_organizers(
        services_of(request).read_models,
        account=identity.account,
        everyone=await identity.has_role(Role.ADMIN),
        after=str(cursor or ""),
        limit=limit + 1,
    )
    page, last = split_page(rows, limit)
    items = [{"organizer_id": row.organizer, "name": row.name, "roles": sorted(row.roles)} for row in page]
    return json_response({"items": items, "next": None if last is None else last.organizer})


@router.get("/organizers/{organizer_id}/members", responses={200: {"model": Members}})
async def list_members(
    request: Request,
    organizer_id: UUID,
    limit: Limit = PAGE_MAX,
    cursor: UUID | None = None,
    min_position: MinPosition = None,
) -> Response:
    """List the members of an organizer.

    Lists the members with their roles, ordered by account id. Read from the log, so always current.
    """
    await wait_for_position(request, min_position)
    services, after = services_of(request), str(cursor or "")
    state = await services.handler.query(lambda context: organizers.require_organizer(context, str(organizer_id)))
    accounts = sorted(account for account in state.members if account > after)
    page = accounts[:limit]
    items = [member_json(account, state.members[account], await services.people.find(account)) for account in page]
    return json_response({"items": items, "next": page[-1] if len(accounts) > limit else None})


def member_json(account: str, roles: frozenset[Role], person: Person | None) -> Body:
    """Return a member of an organizer as JSON."""
    return {
        "account_id": account,
        "email": person and person.email,
        "name": person and person.name,
        "roles": sorted(roles),
    }


@router.put("/organizers/{organizer_id}/members/{account_id}", responses={200: {"model": MemberResult}})
async def set_member_roles(request: Request, organizer_id: UUID, account_id: UUID, body: RolesRequest) -> Response:
    """Set the roles of an organizer's member.

    Replaces all roles that the account holds within the organizer, from its next request on. An empty list ends the
    membership.
    """
    organizer, account, roles = str(organizer_id), str(account_id), frozenset(body.roles)

    def decide(context: DecisionContext) -> Changes:
        require_account(context, account)
        return organizers.change_member(context, organizer, account, roles)

    outcome = await execute_command(request, decide)
    return command_response(outcome, {"organizer_id": organizer, "account_id": account, "roles": sorted(roles)})
