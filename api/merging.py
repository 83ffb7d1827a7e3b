"""A guest that logs in takes baskets, orders and quota along to the account."""

from functools import partial

from fastapi import Request

from api.cookies import refresh_token_of
from api.engine import Engine, engine_of
from api.entrance import by_itself
from api.errors import ForeignOrigin, Unauthenticated
from api.identity import visitor
from domain.buyer import BUYER_QUOTA
from domain.errors import Rejected
from domain.merging import PERFORMANCES_PER_MERGE_MAX, MergeGuest, merge_guest

PERFORMANCES_READ_MAX = 10_000
MOVED = "BuyerQuotaMoved"


async def take_guest_along(request: Request, account: str) -> None:
    """Merge the guest that logs in into the account; a guest that never took a seat stays as it is.

    The first command ends what the guest can do, so that the quota that is left for those after it grows no more. What
    cannot be merged is no reason to refuse the login.
    """
    engine, guest = engine_of(request), await guest_logging_in(request)
    if guest is None:
        return
    while left := await performances_left(engine, guest):
        command = MergeGuest(guest=guest, account=account, performances=tuple(left[:PERFORMANCES_PER_MERGE_MAX]))
        try:
            await engine.handler.handle(partial(merge_guest, command=command), by_itself(account))
        except Rejected:
            return


async def performances_left(engine: Engine, guest: str) -> list[str]:
    """Return the performances of which a guest took quota that has not moved."""
    prefix = BUYER_QUOTA.stream(guest, "")
    latest = await engine.store.read_latest(prefix, limit=PERFORMANCES_READ_MAX)
    return [event.stream.removeprefix(prefix) for event in latest if event.name != MOVED]


async def guest_logging_in(request: Request) -> str | None:
    """Return the guest that an access token or, where there is no valid one, the session's cookie names."""
    entrance = engine_of(request).entrance
    try:
        identity = visitor(request)
    except Unauthenticated:
        identity = None
    if identity is not None:
        return identity.account if await entrance.is_guest(identity.account) else None
    try:
        token = refresh_token_of(request)
    except ForeignOrigin:
        return None
    return None if token is None else await entrance.guest_of_session(token)
