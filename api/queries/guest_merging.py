"""Merging a guest into the account it logs in to: holds, orders and quota."""

from functools import partial

from fastapi import Request

from api.auth.cookies import refresh_token_of
from api.auth.identity import optional_identity
from api.dependencies import Services, services_of
from application.accounts import self_context
from application.errors import ForeignOrigin, Unauthenticated
from domain.buyer_quota import BUYER_QUOTA
from domain.decisions.merging import PERFORMANCES_PER_MERGE_MAX, MergeGuest, merge_guest
from domain.errors import Rejected

PERFORMANCES_READ_MAX = 10_000
MOVED = "BuyerQuotaMoved"


async def merge_logged_in_guest(request: Request, account: str) -> None:
    """Merge the guest that logs in into the account; a guest without any seat is not merged.

    The first command ends the guest's rights, so that the remaining quota does not grow. A refused merge does not
    refuse the login.
    """
    services, guest = services_of(request), await guest_logging_in(request)
    if guest is None:
        return
    while remaining := await performances_left(services, guest):
        command = MergeGuest(guest=guest, account=account, performances=tuple(remaining[:PERFORMANCES_PER_MERGE_MAX]))
        try:
            await services.handler.handle(partial(merge_guest, command=command), self_context(account))
        except Rejected:
            return


async def performances_left(services: Services, guest: str) -> list[str]:
    """Return the performances for which a guest has quota that was not moved."""
    prefix = BUYER_QUOTA.stream(guest, "")
    latest = await services.store.read_latest(prefix, limit=PERFORMANCES_READ_MAX)
    return [event.stream.removeprefix(prefix) for event in latest if event.name != MOVED]


async def guest_logging_in(request: Request) -> str | None:
    """Return the guest of the access token or, without a valid one, of the session's cookie."""
    accounts = services_of(request).accounts
    try:
        identity = optional_identity(request)
    except Unauthenticated:
        identity = None
    if identity is not None:
        return identity.account if await accounts.is_guest(identity.account) else None
    try:
        token = refresh_token_of(request)
    except ForeignOrigin:
        return None
    return None if token is None else await accounts.revoke_guest_session(token)
