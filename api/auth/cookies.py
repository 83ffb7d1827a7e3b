"""The cookies of the refresh token and of the device: inaccessible to scripts, sent to `/api/v1/auth` only.

`SameSite=Strict` prevents use by other sites; where the browser sends an `Origin`, it is checked too. The header is
searched by one pattern and not unquoted, because the standard library's parser takes quadratic time before Python
3.11.10 and 3.12.6 (CVE-2024-7592).
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
    """Return the request's refresh token; None without one.

    Raises:
        ForeignOrigin: a page of another site sent the request.
        HeaderTooLarge: the cookies exceed `COOKIE_BYTES_MAX`.
    """
    origin = request.headers.get("origin")
    if origin is not None and host_in(origin) not in own_hosts(request):
        raise ForeignOrigin("The request was sent by a page of another site.")
    return cookie_in(request.headers.getlist("cookie"))


def cookie_in(headers: list[str], pattern: re.Pattern[str] = COOKIE) -> str | None:
    """Return a cookie's value from the `Cookie` headers; None if it is absent or malformed.

    Raises:
        HeaderTooLarge: the headers exceed `COOKIE_BYTES_MAX` together.
    """
    if sum(map(len, headers)) > COOKIE_BYTES_MAX:
        raise HeaderTooLarge("Cookie", COOKIE_BYTES_MAX)
    found = next(filter(None, map(pattern.search, headers)), None)
    return found and found[1]


def require_refresh_token(request: Request) -> str:
    """Return the request's refresh token.

    Raises:
        Unauthenticated: there is none.
        ForeignOrigin, HeaderTooLarge: as for `refresh_token_of`.
    """
    token = refresh_token_of(request)
    if token is None:
        raise Unauthenticated("There is no session; log in.")
    return token


def host_in(origin: str) -> str | None:
    """Return the host and port of an `Origin`; None if it has none."""
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None


def own_hosts(request: Request) -> set[str | None]:
    """Return the hosts and ports that serve the shop's own pages."""
    return {request.headers.get("host"), urlsplit(services_of(request).api_settings.public_url).netloc} - {None, ""}


def set_refresh_token(request: Request, response: Response, token: str, seconds: int) -> None:
    """Set the refresh token's cookie."""
    response.set_cookie(
        NAME, token, max_age=seconds, path=PATH, secure=uses_https(request), httponly=True, samesite="strict"
    )


def drop_refresh_token(request: Request, response: Response) -> None:
    """Delete the refresh token's cookie."""
    response.delete_cookie(NAME, path=PATH, secure=uses_https(request), httponly=True, samesite="strict")


def device_of(request: Request, account: str) -> str:
    """Return the name of the device that sent a request; empty if it has not logged in to this account.

    Args:
        account: the account's address.

    Raises:
        HeaderTooLarge: the cookies exceed `COOKIE_BYTES_MAX`.
    """
    value = cookie_in(request.headers.getlist("cookie"), DEVICE_COOKIE)
    return services_of(request).devices.read(value, account)


def remember_device(request: Request, response: Response, account: str) -> None:
    """Set the device cookie, unless the device has one for this account."""
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
    """Return whether the public URL uses https."""
    return services_of(request).api_settings.public_url.startswith("https:")
