"""Routes of the most frequent requests: described by FastAPI, but handled without its dependency injection."""

import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, get_args, get_type_hints
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.params import Header
from pydantic import TypeAdapter, ValidationError
from starlette.types import Receive, Scope, Send

from api.auth.access import PREFIX
from api.http.middleware import FastPath
from api.http.problems import problem_response
from api.http.requests.bodies import unreadable
from api.http.routing import GuardedRoute, Handle, guard_handler

ID = r"(?P<\1>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"

Endpoint = Callable[..., Awaitable[Response]]


class FastPathRoute(GuardedRoute):
    """A guarded route whose endpoint takes the request, ids of the path, headers and a JSON `body`.

    Requests with a query, or with an id in another notation, take FastAPI's way to the same endpoint.
    """


def fast_path_of(route: FastPathRoute) -> FastPath:
    """Return the fast path of a route: its method, its path pattern and an ASGI app without the framework's layers."""
    handle = guard_handler(route.access, route.inputs, direct_handler(route.endpoint))

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = route
        request = Request(scope, receive, send)
        try:
            response = await handle(request)
        except Exception as error:
            response = await problem_response(request, error)
            await response(scope, receive, send)
            if response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR:
                raise
        else:
            await response(scope, receive, send)

    path = re.compile(re.sub(r"\{(\w+)\}", ID, route.path))
    return FastPath(method=next(iter(route.methods or ())), path=path, answer=answer)


def direct_handler(endpoint: Endpoint) -> Handle:
    """Return a handler that passes the endpoint's arguments as FastAPI would."""
    hints = get_type_hints(endpoint, include_extras=True)
    headers = {name: name.replace("_", "-") for name, hint in hints.items() if is_header(hint)}
    shape = TypeAdapter(hints["body"]) if "body" in hints else None

    async def handle(request: Request) -> Response:
        arguments: dict[str, Any] = {name: UUID(text) for name, text in request.path_params.items()}
        arguments |= {name: request.headers.get(header) for name, header in headers.items()}
        if shape is not None:
            arguments["body"] = await body_of(request, shape)
        return await endpoint(request, **arguments)

    return handle


def is_header(hint: Any) -> bool:
    """Return whether a parameter is read from a header."""
    return any(isinstance(annotation, Header) for annotation in get_args(hint)[1:])


async def body_of(request: Request, shape: TypeAdapter[Any]) -> Any:
    """Parse and validate a JSON body in one pass.

    Raises:
        RequestValidationError: it is not JSON, or does not match the schema.
    """
    try:
        return shape.validate_json(await request.body())
    except ValidationError as error:
        raise unreadable(error) from error


def fast_router(tag: str) -> APIRouter:
    """Return a router for fast-path routes, under the API's prefix."""
    return APIRouter(prefix=PREFIX, route_class=FastPathRoute, tags=[tag])
