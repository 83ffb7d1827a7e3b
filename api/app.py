"""Builds the application: declared routes, error handlers, the outer middleware and the OpenAPI document."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response

from api.auth.access import ACCESS, PREFIX, RoutesUndeclared
from api.dependencies import Services
from api.http.fast_path import FastPathRoute, fast_path_of
from api.http.middleware import OuterMiddleware
from api.http.problems import handlers
from api.http.routing import GuardedRoute
from api.openapi.docs_page import OPENAPI_PATH, OpenapiPage, docs_pages
from api.openapi.document import complete_document
from api.openapi.tags import INFO
from api.routes import ROUTERS

Pages = Mapping[str, tuple[bytes, str]]

NO_PAGES: Pages = {}
TITLE = "Seatledger"
VERSION = "0.1.0"
SUMMARY = "Sells seats: no seat twice, no money lost, every seat explains itself."


class ServicesApp(FastAPI):
    """The application, with the services of its routes."""

    services: Services


def make_app(services: Services, *, routers: Iterable[APIRouter] = ROUTERS, pages: Pages = NO_PAGES) -> ServicesApp:
    """Build the application.

    Args:
        routers: the routes.
        pages: static pages without access control: path → content and its media type.

    Raises:
        RoutesUndeclared: a route has no access rule, or an access rule has no route.
    """
    routes = [route for router in routers for route in router.routes]
    check_declared(routes)
    app = ServicesApp(
        title=TITLE,
        version=VERSION,
        summary=SUMMARY,
        description=INFO,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        openapi_url=None,  # `OpenapiPage` serves it
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers=handlers(),
    )
    app.router.routes[:0] = routes
    for path, (content, media_type) in {**docs_pages(), **pages}.items():
        app.add_route(path, static(content, media_type), include_in_schema=False)
    app.services = services
    fast_paths = [fast_path_of(route) for route in routes if isinstance(route, FastPathRoute)]
    app.middleware_stack = OuterMiddleware(
        app.build_middleware_stack(), metrics=services.metrics, deadlines=services.deadlines, fast_paths=fast_paths
    )
    app.openapi = complete_document(app.openapi)  # type: ignore[method-assign] # FastAPI's documented extension point
    app.add_route(OPENAPI_PATH, OpenapiPage(app.openapi).serve, include_in_schema=False)
    return app


def static(content: bytes, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint with a constant response."""

    async def serve(_: Request) -> Response:
        return Response(content, media_type=media_type, headers={"Cache-Control": "no-cache"})

    return serve


def check_declared(routes: Iterable[Any]) -> None:
    """Check that access rules and routes match.

    Raises:
        RoutesUndeclared: they do not.
    """
    found: set[tuple[str, str]] = set()
    for route in routes:
        if not isinstance(route, GuardedRoute):
            raise RoutesUndeclared(f"{route} is not guarded; create it by a router of api.http.routing.")
        found |= {(method, route.path.removeprefix(PREFIX)) for method in route.methods or ()}
    missing = sorted(ACCESS.keys() - found)
    if missing:
        raise RoutesUndeclared(f"These access rules have no route: {missing}.")
