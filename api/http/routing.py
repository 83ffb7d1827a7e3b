"""The route class of the API: checks access first, then reads the body within its limit, then runs the endpoint."""

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
from api.http.deadlines import OutOfTime
from api.http.problems import problem_responses
from api.http.requests.bodies import BoundedRequest, spool_body
from api.http.requests.inputs import READING, RouteInputs
from api.openapi.operations import operation_texts
from application.errors import Malformed
from eventstore.errors import OutcomeUnknown, StoreUnavailable

Answer = TypeVar("Answer")
Handle = Callable[[Request], Coroutine[Any, Any, Response]]
TOKEN_SCHEME = "access_token"  # noqa: S105 - the name of a scheme
AUTH_PREFIX = f"{PREFIX}/auth/"
WITHOUT_IDEMPOTENCY_KEY = (AUTH_PREFIX, f"{PREFIX}/webhooks/")
EDGE_STATUSES = (408, 413, 414, 431)
"""Statuses of refusals before any route: too slow, or a body, URL or header beyond its limit."""

NAME_SHOWN_MAX = 50
ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""An escaped NUL in JSON; after an escaped backslash the same characters are plain text."""

NESTING_MAX = 100
"""Number of objects and arrays below which no JSON parser refuses the nesting depth."""

IDEMPOTENCY_PARAMETER: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "For retries: the same key and body get the first answer, with `Idempotency-Replayed: true`.",
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
        """The inputs that the endpoint reads from a request."""
        json_body = self.body_field is not None and not self.reads_raw_body
        return RouteInputs.of(get_flat_params(self.dependant), raw_body=self.reads_raw_body, json_body=json_body)

    def get_route_handler(self) -> Handle:
        """Return FastAPI's handler, wrapped by the checks."""
        return guard_handler(self.access, self.inputs, super().get_route_handler())


def guard_handler(access: Access, inputs: RouteInputs, handle: Handle) -> Handle:
    """Return a handler that runs all checks before the endpoint.

    The order: inputs, access, the body within its limit, a slot of the concurrency limit.
    """

    async def run(request: Request) -> Response:
        refuse_nul(request.scope)
        inputs.refuse_other_inputs(request)
        bounded = BoundedRequest(request.scope, request.receive, access.bytes_max)
        if not access.public:
            await identify_and_authorize(bounded, access, inputs)
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
        async with queue.slot(client), spool_body(request) as body:
            request.state.spooled = body
            return await with_deadline(request, access, work(request))

    async def work(request: Request) -> Response:
        services = services_of(request)
        if not services.concurrency_limit.try_enter():
            await services.concurrency_limit.enter(services.clients.of(request))
        try:
            return await handle(request)
        finally:
            services.concurrency_limit.leave()

    return run


async def identify_and_authorize(request: Request, access: Access, inputs: RouteInputs) -> None:
    """Identify the sender and check its access.

    Raises:
        Unauthenticated, GuestHasLoggedIn: the token is missing or invalid, or the guest was merged into an account.
        Forbidden, NotFound: the sender lacks the role.
    """
    identity = request.scope[IDENTITY] = identify(request)
    if identity.guest and request.method in READING:
        await with_deadline(request, access, identity.require_unmerged())
    if access.member_roles:
        inputs.read_ids(request.path_params)
    if not access.for_any_account:
        await with_deadline(request, access, authorize(services_of(request), access, identity, request.path_params))


async def owner_of(request: Request) -> str:
    """Return the owner that a large body counts for: the organizer of the path, else the sender."""
    owned = await find_owner(services_of(request), request.path_params)
    return identity_of(request).account if owned is None else owned.organizer


async def with_deadline(request: Request, access: Access, work: Awaitable[Answer]) -> Answer:
    """Await the work of a request within its time limit.

    Raises:
        OutcomeUnknown, StoreUnavailable: the limit has passed, or the process stops; the first if the request may
            change
            something.
    """
    services = services_of(request)
    try:
        return await services.deadlines.within(access.seconds_max or services.api_settings.request_seconds_max, work)
    except OutOfTime:
        if request.method in READING or request.scope["path"].startswith(AUTH_PREFIX):
            raise StoreUnavailable("The request exceeded its time limit.") from None
        raise OutcomeUnknown("The command exceeded its time limit; its outcome is unknown.") from None


def refuse_nul(scope: Scope) -> None:
    """Refuse a NUL character in the URL.

    Raises:
        Malformed: there is one.
    """
    if "\0" in scope["path"] or b"%00" in scope["query_string"]:
        raise Malformed("The URL contains a NUL character.")


def refuse_nul_in(body: bytes) -> None:
    """Refuse a NUL character in a JSON body, because database columns cannot store it.

    Raises:
        Malformed: there is one.
    """
    if b"\\" in body and ESCAPED_NUL.search(body):
        raise Malformed("The body contains a NUL character.")


def refuse_duplicate_names(body: bytes) -> None:
    """Refuse JSON objects with duplicate names, because their meaning is ambiguous.

    Invalid JSON is refused later, by the parser.

    Raises:
        Malformed: a name is duplicate, or the body is nested too deeply.
    """

    def reject_duplicates(pairs: list[tuple[str, Any]]) -> None:
        names = {name for name, _ in pairs}
        if len(names) < len(pairs):
            duplicate = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
            raise Malformed(f"The body has the field {duplicate[:NAME_SHOWN_MAX]!r} more than once.")

    try:
        if body and not has_unique_names(body):
            json.loads(body, object_pairs_hook=reject_duplicates)
    except RecursionError:
        raise Malformed("The body is nested too deeply.") from None
    except ValueError:
        return


def has_unique_names(body: bytes) -> bool:
    """Return whether plain JSON certainly has no duplicate names; False: it may have some.

    A parser keeps one value per name, so JSON that is parsed and written again has fewer quotes if a name was
    duplicate.
    """
    if b"\\" in body or body.count(b"{") + body.count(b"[") > NESTING_MAX:
        return False
    try:
        kept = orjson.dumps(orjson.loads(body))
    except orjson.JSONDecodeError:
        return False
    return b"\\" not in kept and kept.count(b'"') == body.count(b'"')


def openapi_extra(access: Access, path: str, methods: set[str] | list[str]) -> dict[str, Any]:
    """Return the parts of an operation's description that FastAPI does not derive: roles and the Idempotency-Key."""
    found: dict[str, Any] = {}
    if not access.public:
        found |= {"security": [{TOKEN_SCHEME: []}], "x-roles": list(access.roles)}
    if not READING.issuperset(methods) and not path.startswith(WITHOUT_IDEMPOTENCY_KEY):
        found["parameters"] = [IDEMPOTENCY_PARAMETER]
    return found


def statuses(access: Access, path: str, methods: set[str] | list[str]) -> list[int]:
    """Return the error statuses that a route can answer with."""
    found = [*EDGE_STATUSES, 422, 500, 503]
    if not access.public:
        found += [401, 403]
    if "{" in path:
        found.append(404)
    if not READING.issuperset(methods):
        found.append(409)
    return sorted(found)


def business_router(tag: str) -> APIRouter:
    """Return a router for the routes of one noun, under the API's prefix."""
    return APIRouter(prefix=PREFIX, route_class=GuardedRoute, tags=[tag])


def operations_router(tag: str) -> APIRouter:
    """Return a router for routes outside the API's prefix."""
    return APIRouter(route_class=GuardedRoute, tags=[tag])
