"""Coming in and going out: register, log in, go on as a guest, refresh, log out; and who am I."""

from fastapi import Request, Response

from api.commands import MinPosition, caught_up, shown
from api.cookies import (
    device_of,
    drop_refresh_token,
    must_have_refresh_token,
    refresh_token_of,
    remember_device,
    set_refresh_token,
)
from api.engine import engine_of
from api.entrance import SESSION_LIFETIME
from api.errors import Unauthenticated
from api.identity import identity_of, visitor
from api.merging import take_guest_along
from api.problems import documented
from api.routing import business_router
from api.schemas.people import Entry, Login, Me, Registration
from api.tokens import ACCESS_LIFETIME

router = business_router("accounts")

REGISTER, LOG_IN = "register", "log in"
SESSION_SECONDS = int(SESSION_LIFETIME.total_seconds())


@router.post("/auth/register", status_code=201, responses={201: {"model": Entry}, **documented(401, 429, 431)})
async def register(request: Request, body: Registration) -> Response:
    """Register, and come in; asking which addresses have an account is slowed down like guessing passwords.

    A guest known by access token becomes the account; one known by session only is taken along, as by a login.
    """
    engine, guest = engine_of(request), await guest_of(request)
    async with engine.attempts.at(f"{REGISTER} {body.email}", engine.clients.of(request)):
        account = await engine.entrance.register(
            email=body.email, password=body.password, name=body.name, account=guest
        )
    if guest is None:
        await take_guest_along(request, account)
    response = await entered(request, account, guest=False, status=201)
    remember_device(request, response, body.email)
    return response


@router.post("/auth/login", responses={200: {"model": Entry}, **documented(401, 429, 431)})
async def log_in(request: Request, body: Login) -> Response:
    """Come in with address and password; a wrong password and an unknown address get the same answer.

    A guest that logs in, known by access token or session, takes baskets, orders and tickets along to the account.
    """
    engine = engine_of(request)
    device = device_of(request, body.email)
    async with engine.attempts.at(f"{LOG_IN} {body.email}", engine.clients.of(request), device=device):
        account = await engine.entrance.log_in(email=body.email, password=body.password)
    await take_guest_along(request, account)
    response = await entered(request, account, guest=False)
    remember_device(request, response, body.email)
    return response


@router.post("/auth/guest", status_code=201, responses={201: {"model": Entry}, **documented(429)})
async def come_as_guest(request: Request) -> Response:
    """Come in without a password; an order then needs an e-mail address, and registering later keeps everything."""
    engine = engine_of(request)
    engine.attempts.guest(engine.clients.of(request))
    account = await engine.entrance.open_guest()
    return await entered(request, account, guest=True, status=201)


@router.post("/auth/refresh", responses={200: {"model": Entry}, **documented(401, 403, 431)})
async def refresh(request: Request) -> Response:
    """Exchange the refresh token, once; a token that comes twice ends its whole session."""
    entrance = engine_of(request).entrance
    continued = await entrance.continue_session(must_have_refresh_token(request))
    if continued is None:
        raise Unauthenticated("The session has ended; log in.")
    account, token = continued
    return handed_over(request, account, token, guest=await entrance.is_guest(account))


@router.post("/auth/logout", status_code=204, responses=documented(403, 431))
async def log_out(request: Request) -> Response:
    """End the session, whether or not there is one."""
    token = refresh_token_of(request)
    if token is not None:
        await engine_of(request).entrance.end_session(token)
    response = Response(status_code=204)
    drop_refresh_token(request, response)
    return response


@router.get("/me", responses={200: {"model": Me}})
async def me(request: Request, min_position: MinPosition = None) -> Response:
    """Show the account that asks, and the roles it holds everywhere; read from the log, so never behind."""
    await caught_up(request, min_position)
    identity = identity_of(request)
    engine = engine_of(request)
    person = await engine.people.find(identity.account)
    found = {
        "account_id": identity.account,
        "guest": await engine.entrance.is_guest(identity.account),
        "email": person and person.email,
        "name": person and person.name,
        "roles": sorted(await identity.roles()),
    }
    return shown(found)


async def guest_of(request: Request) -> str | None:
    """Return the guest account that registers, if one does."""
    identity = visitor(request)
    if identity is None or not await engine_of(request).entrance.is_guest(identity.account):
        return None
    return identity.account


async def entered(request: Request, account: str, *, guest: bool, status: int = 200) -> Response:
    """Open a session for somebody who came in."""
    token = await engine_of(request).entrance.begin_session(account)
    return handed_over(request, account, token, guest=guest, status=status)


def handed_over(request: Request, account: str, token: str, *, guest: bool, status: int = 200) -> Response:
    """Write an access token into the answer and the refresh token into its cookie."""
    access_token = engine_of(request).tokens.issue(account, guest=guest)
    lifetime = int(ACCESS_LIFETIME.total_seconds())
    body = {"account_id": account, "access_token": access_token, "token_type": "bearer", "expires_in": lifetime}
    response = shown(body, status=status, headers={"Cache-Control": "no-store"})
    set_refresh_token(request, response, token, SESSION_SECONDS)
    return response
