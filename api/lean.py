"""The route class of the busiest route: described by FastAPI, but handled straight from bytes to endpoint."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, get_type_hints

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from api.access import PREFIX
from api.errors import Malformed
from api.problems import answered
from api.routing import GuardedRoute, Handle, guarded

JSON_TYPES = ("application/json", "+json")

Endpoint = Callable[[Request, Any], Awaitable[Response]]


class LeanRoute(GuardedRoute):
    """A guarded route whose endpoint takes the request and a `body`, and nothing else.

    The body is read from JSON and checked in one pass; no dependencies are looked for.
    """

    def get_route_handler(self) -> Handle:
        """Handle a request without FastAPI's own machinery."""
        return guarded(self.access, reading_body(self.endpoint, TypeAdapter(get_type_hints(self.endpoint)["body"])))


def lane_of(route: LeanRoute) -> tuple[tuple[str, str], ASGIApp]:
    """Return (method, path) of a lean route, and what answers there without the layers before a route."""
    handle = route.get_route_handler()

    async def lane(scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"], scope["path_params"] = route, {}
        request = Request(scope, receive, send)
        try:
            response = await handle(request)
        except Exception as error:
            response = await answered(request, error)
            await response(scope, receive, send)
            if response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR:
                raise
        else:
            await response(scope, receive, send)

    return (next(iter(route.methods or ())), route.path), lane


def reading_body(endpoint: Endpoint, shape: TypeAdapter[Any]) -> Handle:
    """Return a handler that reads the body, as FastAPI would, and calls the endpoint."""

    async def handle(request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not kind.endswith(JSON_TYPES):
            raise Malformed("Send JSON, with Content-Type: application/json.")
        try:
            body = shape.validate_json(await request.body())
        except ValidationError as error:
            faults = error.errors(include_url=False, include_context=False, include_input=False)
            raise RequestValidationError([{**fault, "loc": ("body", *fault["loc"])} for fault in faults]) from error
        return await endpoint(request, body)

    return handle


def lean_router(tag: str) -> APIRouter:
    """Return a router for lean routes, under the API's prefix."""
    return APIRouter(prefix=PREFIX, route_class=LeanRoute, tags=[tag])
