"""Registered accounts and their global roles, for admins."""

from collections.abc import Mapping, Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from api.dependencies import services_of
from api.http.commands import MinPosition, command_response, execute_command, json_response, wait_for_position
from api.http.pagination import TextCursor, cursor_of, values_in
from api.http.routing import business_router
from api.schemas.people import Accounts, RolesRequest, RolesResult
from domain.account import ACCOUNT, OpenAccount, change_roles
from domain.decision import DecisionContext
from domain.values import Role

PAGE_MAX = 100
SEARCH_LENGTH_MAX = 100

router = business_router("accounts")


@router.get("/accounts", responses={200: {"model": Accounts}})
async def list_accounts(
    request: Request,
    q: Annotated[str, Query(max_length=SEARCH_LENGTH_MAX)] = "",
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE_MAX,
    cursor: TextCursor = None,
    min_position: MinPosition = None,
) -> Response:
    """List registered accounts.

    Finds accounts by a part of name or address (`q`), ordered by address. Roles are read from the log.
    """
    await wait_for_position(request, min_position)
    services = services_of(request)
    page = await services.people.search(q, after=address_of_cursor(cursor), limit=limit)
    ids = [person.account for person in page.people]
    roles = await services.handler.query(lambda context: roles_of(context, ids))
    items = [
        {"account_id": person.account, "email": person.email, "name": person.name, "roles": roles[person.account]}
        for person in page.people
    ]
    return json_response({"items": items, "next": None if page.next_cursor is None else cursor_of(page.next_cursor)})


def address_of_cursor(cursor: str | None) -> str | None:
    """Return the address that a cursor stands for.

    Raises:
        Malformed: the cursor was not issued by this API.
    """
    return None if cursor is None else values_in(cursor, 1)[0]


@router.put("/accounts/{account_id}/roles", responses={200: {"model": RolesResult}})
async def set_account_roles(request: Request, account_id: UUID, body: RolesRequest) -> Response:
    """Set the global roles of an account.

    Replaces all global roles of the account from its next request on; `customer` is always held. The last admin cannot
    lose the role (`last_holder`).
    """
    wanted = frozenset(body.roles) - {Role.CUSTOMER}
    outcome = await execute_command(request, lambda context: change_roles(context, str(account_id), wanted))
    return command_response(outcome, {"account_id": str(account_id), "roles": sorted(wanted | {Role.CUSTOMER})})


def roles_of(context: DecisionContext, accounts: Sequence[str]) -> Mapping[str, list[Role]]:
    """Return the global roles of each account, customer included."""
    states = context.read_many(ACCOUNT, [(account,) for account in accounts])
    return {
        account: sorted({Role.CUSTOMER, *(state.roles if isinstance(state, OpenAccount) else ())})
        for account, state in zip(accounts, states, strict=True)
    }
