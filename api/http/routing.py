"""The route class of the API: who may is checked first, then the body is read within its limit, then work begins."""

import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute
from starlette.types import Scope

from api.auth.access import ACCESS_OF_ROUTE, PREFIX, Access, access_for, authorize, find_owner
from api.auth.identity import IDENTITY, identify, identity_of
from api.dependencies import services_of
from api.http.bodies import BoundedRequest, spooled
from api.http.deadlines import OutOfTime
from api.http.inputs import READING, RouteInputs
from api.http.problems import problem_responses
from api.openapi.operations import operation_texts
from application.errors import Malformed
from eventstore.errors import OutcomeUnknown, StoreUnavailable

Answer = TypeVar("Answer")
Handle = Callable[[Request], Coroutine[Any, Any, Response]]
TOKEN_SCHEME = "access_token"  # noqa: S105 - the name of a scheme
ENTERING = f"{PREFIX}/auth/"
KEYLESS = (ENTERING, f"{PREFIX}/webhooks/")
EDGE_STATUSES = (408, 413, 414, 431)
"""What the server's edge may refuse before any route: too slow, or too long a body, address or headers."""

NAME_SHOWN_MAX = 50
ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""A NUL in JSON; after an escaped backslash the same letters are just letters."""

PLAINLY_NESTED_MAX = 100
"""Objects and arrays of a body that no reader of JSON takes for nested too deeply, whichever way they are nested."""

IDEMPOTENCY_PARAMETER: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key and body again gets the first answer again, marked `Idempotency-Replayed: true`.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[ -~]+$"},
}


class GuardedRoute(APIRoute):
    """A route that `access.ACCESS` declares."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.access = access_for(sorted(options["methods"]), path)
        problems = problem_responses(*statuses(self.access, path, options["methods"]))
        options["responses"] = {**problems, **(options.get("responses") or {})}
        own_extra = options.get("openapi_extra") or {}
        options["openapi_extra"] = {**openapi_extra(self.access, path, options["methods"]), **own_extra}
        options |= operation_texts(endpoint, self.access, reads=READING.issuperset(options["methods"]))
        options["tags"] = options["tags"][-1:]  # A route's own tag replaces its router's.
        self.reads_raw_body = "requestBody" in own_extra
        super().__init__(path, endpoint, **options)

    @property
    def inputs(self) -> RouteInputs:
        """What the endpoint reads from a request."""
        json_body = self.body_field is not None and not self.reads_raw_body
        return RouteInputs.of(get_flat_params(self.dependant), raw_body=self.reads_raw_body, json_body=json_body)

    def get_route_handler(self) -> Handle:
        """Wrap FastAPI's handling of a request."""
        return guarded(self.access, self.inputs, super().get_route_handler())


def guarded(access: Access, inputs: RouteInputs, handle: Handle) -> Handle:
    """Put the check, the reading of the body and the turnstile before a route's work."""

    async def run(request: Request) -> Response:
        refuse_nul(request.scope)
        inputs.refuse_other_inputs(request)
        services = services_of(request)
        bounded = BoundedRequest(request.scope, request.receive, access.bytes_max)
        if not access.public:
            identity = identify(bounded)
            bounded.scope[IDENTITY] = identity
            if identity.guest and request.method in READING:
                await with_deadline(bounded, access, identity.require_unmerged())
            if access.member_roles:
                inputs.read_ids(bounded.path_params)
            if not access.for_any_account:
                await with_deadline(bounded, access, authorize(services, access, identity, bounded.path_params))
        inputs.read_ids(bounded.path_params)
        bounded.scope[ACCESS_OF_ROUTE] = access
        if access.large:
            return await in_large(bounded)
        body = await bounded.body()
        refuse_nul_in(body)
        refuse_duplicate_names(body)
        inputs.refuse_other_body(bounded, body)
        return await with_deadline(bounded, access, work(bounded))

    async def in_large(request: BoundedRequest) -> Response:
        queue, client = services_of(request).large_bodies, await owner_of(request)
        async with queue.place(client), spooled(request) as body:
            request.state.spooled = body
            return await with_deadline(request, access, work(request))

    async def work(request: Request) -> Response:
        engine = services_of(request)
        if not engine.concurrency_limit.try_enter():
            await engine.concurrency_limit.enter(engine.clients.of(request))
        try:
            return await handle(request)
        finally:
            engine.concurrency_limit.leave()

    return run


async def owner_of(request: Request) -> str:
    """Return whom a large body is counted for: the organizer that the path names, else the sender."""
    owned = await find_owner(services_of(request), request.path_params)
    return identity_of(request).account if owned is None else owned.organizer


async def with_deadline(request: Request, access: Access, work: Awaitable[Answer]) -> Answer:
    """Do what a request asks for in the time it has.

    Raises:
        OutcomeUnknown, StoreUnavailable: it takes longer, or the process stops; the first where something may change.
    """
    services = services_of(request)
    try:
        return await services.deadlines.within(access.seconds_max or services.api_settings.request_seconds_max, work)
    except OutOfTime:
        if request.method in READING or request.scope["path"].startswith(ENTERING):
            raise StoreUnavailable("No answer came in time.") from None
        raise OutcomeUnknown("No verdict came in time.") from None


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
    if b"\\" in body and ESCAPED_NUL.search(body):
        raise Malformed("The body holds a NUL character.")


def refuse_duplicate_names(body: bytes) -> None:
    """Refuse JSON whose objects give one name two values: which of them counts would have to be guessed at.

    What is no JSON is refused where it is read.

    Raises:
        Malformed: names it, or the body is nested too deeply.
    """

    def once(pairs: list[tuple[str, Any]]) -> None:
        names = {name for name, _ in pairs}
        if len(names) < len(pairs):
            twice = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
            raise Malformed(f"The body gives {twice[:NAME_SHOWN_MAX]!r} twice; give each field once.")

    try:
        if body and not has_unique_names(body):
            json.loads(body, object_pairs_hook=once)
    except RecursionError:
        raise Malformed("The body is nested too deeply.") from None
    except ValueError:
        return


def has_unique_names(body: bytes) -> bool:
    """Tell quickly that plain JSON gives no name twice; False: it may.

    A parser keeps one value of a name, so what is written again has fewer quotes if there were two.
    """
    if b"\\" in body or body.count(b"{") + body.count(b"[") > PLAINLY_NESTED_MAX:
        return False
    try:
        kept = orjson.dumps(orjson.loads(body))
    except orjson.JSONDecodeError:
        return False
    return b"\\" not in kept and kept.count(b'"') == body.count(b'"')


def openapi_extra(access: Access, path: str, methods: set[str] | list[str]) -> dict[str, Any]:
    """Return what OpenAPI says about a route beside what FastAPI finds out: who may, and how it is sent twice."""
    found: dict[str, Any] = {}
    if not access.public:
        found |= {"security": [{TOKEN_SCHEME: []}], "x-roles": list(access.roles)}
    if not READING.issuperset(methods) and not path.startswith(KEYLESS):
        found["parameters"] = [IDEMPOTENCY_PARAMETER]
    return found


def statuses(access: Access, path: str, methods: set[str] | list[str]) -> list[int]:
    """Return the errors that a route can answer with."""
    found = [*EDGE_STATUSES, 422, 500, 503]
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
