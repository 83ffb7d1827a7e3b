"""The refresh token's cookie: unreadable to scripts, sent to `/api/v1/auth` only, and never from another site.

`SameSite=Strict` keeps other sites from using it; where a browser says which page asks (`Origin`), that is checked too.
"""

from urllib.parse import urlsplit

from fastapi import Request, Response

from api.engine import engine_of
from api.errors import ForeignOrigin, Unauthenticated

NAME = "seatledger_refresh"
PATH = "/api/v1/auth"


def refresh_token_of(request: Request) -> str | None:
    """Return the refresh token that came along.

    Raises:
        ForeignOrigin: a page of another site sent it.
    """
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc not in own_hosts(request):
        raise ForeignOrigin("This was sent by another site's page.")
    return request.cookies.get(NAME)


def must_have_refresh_token(request: Request) -> str:
    """Return the refresh token that came along.

    Raises:
        Unauthenticated: none did.
        ForeignOrigin: a page of another site sent it.
    """
    token = refresh_token_of(request)
    if token is None:
        raise Unauthenticated("There is no session here; log in.")
    return token


def own_hosts(request: Request) -> set[str]:
    """Return the hosts, ports included, that our own pages are served from."""
    return {request.headers.get("host", ""), urlsplit(engine_of(request).terms.public_url).netloc}


def set_refresh_token(request: Request, response: Response, token: str, seconds: int) -> None:
    """Give the browser a refresh token."""
    response.set_cookie(
        NAME, token, max_age=seconds, path=PATH, secure=secure(request), httponly=True, samesite="strict"
    )


def drop_refresh_token(request: Request, response: Response) -> None:
    """Take the refresh token back."""
    response.delete_cookie(NAME, path=PATH, secure=secure(request), httponly=True, samesite="strict")


def secure(request: Request) -> bool:
    """Say whether the outside reaches us by https only."""
    return engine_of(request).terms.public_url.startswith("https:")
