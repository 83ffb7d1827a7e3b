"""Registration, login, guest accounts, sessions and the sender's own account."""

from fastapi import Request, Response

from api.auth.cookies import (
    device_of,
    drop_refresh_token,
    refresh_token_of,
    remember_device,
    require_refresh_token,
    set_refresh_token,
)
from api.auth.identity import identity_of, optional_identity
from api.dependencies import services_of
from api.http.commands import MinPosition, json_response, wait_for_position
from api.http.problems import problem_responses
from api.http.routing import business_router
from api.queries.guest_merging import merge_logged_in_guest
from api.schemas.people import Login, Me, Registration, TokenResponse
from application.access_tokens import ACCESS_LIFETIME
from application.accounts import SESSION_LIFETIME
from application.errors import Unauthenticated

router = business_router("auth")

REGISTER, LOG_IN = "register", "log in"
SESSION_SECONDS = int(SESSION_LIFETIME.total_seconds())


@router.post(
    "/auth/register", status_code=201, responses={201: {"model": TokenResponse}, **problem_responses(401, 429, 431)}
)
async def register_account(request: Request, body: Registration) -> Response:
    """Register an account.

    Creates an account, opens a session and sets the refresh token's cookie. A guest that sends its access token keeps
    its account id, holds, orders and tickets; a guest known by its session alone is merged into the new account, as by
    a login. Attempts are rate-limited per address and client, so that registered addresses cannot be enumerated.
    """
    services, guest = services_of(request), await guest_of(request)
    async with services.login_rate_limit.attempt(f"{REGISTER} {body.email}", services.clients.of(request)):
        account = await services.accounts.register(
            email=body.email, password=body.password, name=body.name, account=guest
        )
    if guest is None:
        await merge_logged_in_guest(request, account)
    response = await token_response(request, account, guest=False, status=201)
    remember_device(request, response, body.email)
    return response


@router.post("/auth/login", responses={200: {"model": TokenResponse}, **problem_responses(401, 429, 431)})
async def log_in(request: Request, body: Login) -> Response:
    """Log in with address and password.

    Opens a session and sets the refresh token's cookie. A guest that is known by access token or session is merged into
    the account: its holds, orders and tickets become the account's. An unknown address and a wrong password get the
    same answer (`wrong_credentials`); failures are rate-limited.
    """
    services = services_of(request)
    device = device_of(request, body.email)
    async with services.login_rate_limit.attempt(f"{LOG_IN} {body.email}", services.clients.of(request), device=device):
        account = await services.accounts.authenticate(email=body.email, password=body.password)
    await merge_logged_in_guest(request, account)
    response = await token_response(request, account, guest=False)
    remember_device(request, response, body.email)
    return response


@router.post("/auth/guest", status_code=201, responses={201: {"model": TokenResponse}, **problem_responses(429)})
async def create_guest(request: Request) -> Response:
    """Create a guest account.

    Creates an account without password and opens a session. An order of a guest needs a `contact`. Registering or
    logging in later keeps everything that the guest has. Rate-limited per client.
    """
    services = services_of(request)
    services.login_rate_limit.record_guest(services.clients.of(request))
    account = await services.accounts.open_guest()
    return await token_response(request, account, guest=True, status=201)


@router.post("/auth/refresh", responses={200: {"model": TokenResponse}, **problem_responses(401, 403, 431)})
async def refresh_session(request: Request) -> Response:
    """Exchange the refresh token for new tokens.

    Reads the refresh token from its cookie, replaces it and returns a new access token. A refresh token is valid once:
    its second use ends the whole session.
    """
    accounts = services_of(request).accounts
    session = await accounts.refresh_session(require_refresh_token(request))
    if session is None:
        raise Unauthenticated("The session has ended; log in.")
    account, token = session
    return with_refresh_cookie(request, account, token, guest=await accounts.is_guest(account))


@router.post(
    "/auth/logout",
    status_code=204,
    responses={204: {"description": "The session has ended."}, **problem_responses(403, 431)},
)
async def log_out(request: Request) -> Response:
    """End the session.

    Revokes the refresh token and removes its cookie. Succeeds without a session too.
    """
    token = refresh_token_of(request)
    if token is not None:
        await services_of(request).accounts.revoke_session(token)
    response = Response(status_code=204)
    drop_refresh_token(request, response)
    return response


@router.get("/me", responses={200: {"model": Me}})
async def get_own_account(request: Request, min_position: MinPosition = None) -> Response:
    """Get the sender's own account.

    Returns the account and the roles that it holds globally; `GET /organizers` lists the roles within organizers. Read
    from the log, so always current.
    """
    await wait_for_position(request, min_position)
    identity = identity_of(request)
    services = services_of(request)
    person = await services.people.find(identity.account)
    body = {
        "account_id": identity.account,
        "guest": await services.accounts.is_guest(identity.account),
        "email": person and person.email,
        "name": person and person.name,
        "roles": sorted(await identity.roles()),
    }
    return json_response(body)


async def guest_of(request: Request) -> str | None:
    """Return the guest account that sends a registration; None for other senders."""
    identity = optional_identity(request)
    if identity is None or not await services_of(request).accounts.is_guest(identity.account):
        return None
    return identity.account


async def token_response(request: Request, account: str, *, guest: bool, status: int = 200) -> Response:
    """Open a session for an account and return the response with its tokens."""
    token = await services_of(request).accounts.open_session(account)
    return with_refresh_cookie(request, account, token, guest=guest, status=status)


def with_refresh_cookie(request: Request, account: str, token: str, *, guest: bool, status: int = 200) -> Response:
    """Return a response with an access token in its body and the refresh token in its cookie."""
    access_token = services_of(request).tokens.issue(account, guest=guest)
    lifetime = int(ACCESS_LIFETIME.total_seconds())
    body = {"account_id": account, "access_token": access_token, "token_type": "bearer", "expires_in": lifetime}
    response = json_response(body, status=status, headers={"Cache-Control": "no-store"})
    set_refresh_token(request, response, token, SESSION_SECONDS)
    return response
