"""Our cookies, the refresh token's and the device's: unreadable to scripts, and sent to `/api/v1/auth` only.

`SameSite=Strict` keeps other sites from using it; where a browser says which page asks (`Origin`), that is checked too.

The header is searched for one pattern and nothing in it is unquoted: the standard library's parser takes quadratic time
before Python 3.11.10 and 3.12.6 (CVE-2024-7592).
"""

import re
from urllib.parse import urlsplit

from fastapi import Request, Response

from api.auth.known_devices import VALUE_LENGTH
from api.dependencies import services_of
from application.errors import ForeignOrigin, HeaderTooLarge, Unauthenticated

NAME = "seatledger_refresh"
DEVICE_NAME = "seatledger_device"
DEVICE_SECONDS = 365 * 86_400
PATH = "/api/v1/auth"
COOKIE_BYTES_MAX = 4 * 1024
DEVICE_COOKIE = re.compile(rf"(?:^|; ?){DEVICE_NAME}=([A-Za-z0-9_-]{{{VALUE_LENGTH}}})(?:;|$)")
COOKIE = re.compile(rf"(?:^|; ?){NAME}=([A-Za-z0-9_-]{{43}})(?:;|$)")


def refresh_token_of(request: Request) -> str | None:
    """Return the refresh token that came along.

    Raises:
        ForeignOrigin: a page of another site sent it.
        HeaderTooLarge: the cookies are longer than `COOKIE_BYTES_MAX`.
    """
    origin = request.headers.get("origin")
    if origin is not None and host_in(origin) not in own_hosts(request):
        raise ForeignOrigin("This was sent by another site's page.")
    return cookie_in(request.headers.getlist("cookie"))


def cookie_in(headers: list[str], pattern: re.Pattern[str] = COOKIE) -> str | None:
    """Return a cookie's value from the `Cookie` headers; None if it is absent or not of its form.

    Raises:
        HeaderTooLarge: the headers are longer than `COOKIE_BYTES_MAX` together.
    """
    if sum(map(len, headers)) > COOKIE_BYTES_MAX:
        raise HeaderTooLarge("Cookie", COOKIE_BYTES_MAX)
    found = next(filter(None, map(pattern.search, headers)), None)
    return found and found[1]


def require_refresh_token(request: Request) -> str:
    """Return the refresh token that came along.

    Raises:
        Unauthenticated: none did.
        ForeignOrigin, HeaderTooLarge: as `refresh_token_of` says.
    """
    token = refresh_token_of(request)
    if token is None:
        raise Unauthenticated("There is no session here; log in.")
    return token


def host_in(origin: str) -> str | None:
    """Return the host, port included, that an `Origin` names; None if it names none."""
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None


def own_hosts(request: Request) -> set[str | None]:
    """Return the hosts, ports included, that our own pages are served from."""
    return {request.headers.get("host"), urlsplit(services_of(request).api_settings.public_url).netloc} - {None, ""}


def set_refresh_token(request: Request, response: Response, token: str, seconds: int) -> None:
    """Give the browser a refresh token."""
    response.set_cookie(
        NAME, token, max_age=seconds, path=PATH, secure=uses_https(request), httponly=True, samesite="strict"
    )


def drop_refresh_token(request: Request, response: Response) -> None:
    """Take the refresh token back."""
    response.delete_cookie(NAME, path=PATH, secure=uses_https(request), httponly=True, samesite="strict")


def device_of(request: Request, account: str) -> str:
    """Return the name of the device that a request comes from; empty if it has not logged in to this account.

    Args:
        account: the account's address.

    Raises:
        HeaderTooLarge: the cookies are longer than `COOKIE_BYTES_MAX`.
    """
    value = cookie_in(request.headers.getlist("cookie"), DEVICE_COOKIE)
    return services_of(request).devices.read(value, account)


def remember_device(request: Request, response: Response, account: str) -> None:
    """Give the device that has logged in its cookie, unless it has one for this account."""
    if not device_of(request, account):
        value = services_of(request).devices.new_value(account)
        response.set_cookie(
            DEVICE_NAME,
            value,
            max_age=DEVICE_SECONDS,
            path=PATH,
            secure=uses_https(request),
            httponly=True,
            samesite="strict",
        )


def uses_https(request: Request) -> bool:
    """Say whether the outside reaches us by https only."""
    return services_of(request).api_settings.public_url.startswith("https:")
