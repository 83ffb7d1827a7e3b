"""The route class of the API: who may is checked first, then the body is read within its limit, then work begins."""

from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope

from api.access import PREFIX, Access, admit, declared
from api.engine import engine_of
from api.errors import BodyTooLarge, Malformed
from api.identity import identify
from api.problems import documented

Handle = Callable[[Request], Coroutine[Any, Any, Response]]
READING = frozenset({"GET", "HEAD"})
TOKEN_SCHEME = "access_token"  # noqa: S105 - the name of a scheme
KEYLESS = (f"{PREFIX}/auth/", f"{PREFIX}/webhooks/")
IDEMPOTENCY_PARAMETER: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key and body again gets the first answer again, marked `Idempotency-Replayed: true`.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[ -~]+$"},
}


class BoundedRequest(Request):
    """A request whose body has a limit, and whose JSON is read strictly."""

    def __init__(self, scope: Scope, receive: Receive, bytes_max: int) -> None:
        super().__init__(scope, receive)
        self._bytes_max = bytes_max

    @property
    def cookies(self) -> dict[str, str]:
        """Return nothing: the framework asks on every request, and parsing would take quadratic time; see `cookies`."""
        return {}

    async def body(self) -> bytes:
        """Read the whole body, once.

        Raises:
            BodyTooLarge: it is longer than the route takes.
        """
        if not hasattr(self, "_body"):
            self._refuse_beyond(self._announced())
            parts: list[bytes] = []
            read = 0
            async for part in self.stream():
                read += len(part)
                self._refuse_beyond(read)
                parts.append(part)
            self._body = b"".join(parts)
        return self._body

    async def json(self) -> Any:
        """Parse the body; NaN, numbers beyond a double and lone surrogates are not JSON here.

        Raises:
            json.JSONDecodeError: it is not JSON.
        """
        return orjson.loads(await self.body())

    def _announced(self) -> int:
        length = self.headers.get("content-length", "0")
        return int(length) if length.isdecimal() else 0

    def _refuse_beyond(self, length: int) -> None:
        if length > self._bytes_max:
            raise BodyTooLarge(self._bytes_max)


class GuardedRoute(APIRoute):
    """A route that `access.ACCESS` declares."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.access = declared(sorted(options["methods"]), path)
        problems = documented(*statuses(self.access, path, options["methods"]))
        options["responses"] = {**problems, **(options.get("responses") or {})}
        options["openapi_extra"] = {
            **described(self.access, path, options["methods"]),
            **(options.get("openapi_extra") or {}),
        }
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Handle:
        """Wrap FastAPI's handling of a request."""
        return guarded(self.access, super().get_route_handler())


def guarded(access: Access, handle: Handle) -> Handle:
    """Put the check, the reading of the body and the turnstile before a route's work."""

    async def run(request: Request) -> Response:
        refuse_nul(request.scope)
        engine = engine_of(request)
        bounded = BoundedRequest(request.scope, request.receive, access.bytes_max)
        if not access.public:
            identity = identify(bounded)
            bounded.state.identity = identity
            await admit(engine, access, identity, bounded.path_params)
        bounded.state.access = access
        refuse_nul_in(await bounded.body())
        async with engine.admission:
            return await handle(bounded)

    return run


def refuse_nul(scope: Scope) -> None:
    """Refuse a NUL in the address.

    Raises:
        Malformed: there is one.
    """
    if "\0" in scope["path"] or b"%00" in scope["query_string"]:
        raise Malformed("The address holds a NUL character.")


def refuse_nul_in(body: bytes) -> None:
    """Refuse a NUL in a text of a JSON body, which no database column could hold.

    Raises:
        Malformed: there is one.
    """
    if b"\\u0000" in body:
        raise Malformed("The body holds a NUL character.")


def described(access: Access, path: str, methods: set[str] | list[str]) -> dict[str, Any]:
    """Return what OpenAPI says about a route beside what FastAPI finds out: who may, and how it is sent twice."""
    found: dict[str, Any] = {}
    if not access.public:
        found |= {"security": [{TOKEN_SCHEME: []}], "x-roles": list(access.roles)}
    if not READING.issuperset(methods) and not path.startswith(KEYLESS):
        found["parameters"] = [IDEMPOTENCY_PARAMETER]
    return found


def statuses(access: Access, path: str, methods: set[str] | list[str]) -> list[int]:
    """Return the errors that a route can answer with."""
    found = [413, 422, 500, 503]
    if not access.public:
        found += [401, 403]
    if "{" in path:
        found.append(404)
    if not READING.issuperset(methods):
        found.append(409)
    return sorted(found)


def business_router(tag: str) -> APIRouter:
    """Return a router for one noun's routes, under the API's prefix."""
    return APIRouter(prefix=PREFIX, route_class=GuardedRoute, tags=[tag])


def operations_router(tag: str) -> APIRouter:
    """Return a router for the routes outside the API's prefix."""
    return APIRouter(route_class=GuardedRoute, tags=[tag])
