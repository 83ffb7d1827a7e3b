"""The outermost layer: security headers, metrics, and fast paths around the framework's layers."""

import asyncio
import re
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from http.client import INTERNAL_SERVER_ERROR

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.deadlines import ARRIVED_AT, Deadlines
from api.http.metrics import Metrics
from api.http.problems import problem_of
from api.openapi.docs_page import DOCS_PATH, DOCS_POLICY
from eventstore.clock import ticks
from eventstore.errors import OutcomeUnknown

PAGE_POLICY = b"default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
PART_BYTES = 64 * 1024
"""Size of a part of a response; the next part waits until the client has received most of the previous ones."""

UNMATCHED = "unmatched"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FastPath:
    """An ASGI app for one method and path pattern, without query. The pattern's groups are the path parameters."""

    method: str
    path: re.Pattern[str]
    answer: ASGIApp


class OuterMiddleware:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, deadlines: Deadlines, fast_paths: Iterable[FastPath]) -> None:
        self._app = app
        self._metrics = metrics
        self._deadlines = deadlines
        self._fast_paths: dict[str, list[FastPath]] = defaultdict(list)
        for path in fast_paths:
            self._fast_paths[path.method].append(path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request: select the app, add headers, record metrics."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0
        scope[ARRIVED_AT] = ticks()
        started_at = time.perf_counter()

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *HEADERS, policy(scope["path"])]
            elif len(message.get("body", b"")) > PART_BYTES and not message.get("more_body"):
                await send_in_parts(message["body"], send)
                return
            await send(message)

        self._metrics.in_flight += 1
        try:
            await self._select_app(scope)(scope, receive, send_with_headers)
        except asyncio.CancelledError:
            if status or not self._deadlines.stopping:
                raise
            await problem_of(OutcomeUnknown("The process is stopping."))(scope, receive, send_with_headers)
        finally:
            self._metrics.in_flight -= 1
            route = getattr(scope.get("route"), "path", UNMATCHED)
            method = scope["method"] if scope["method"] in METHODS else UNMATCHED
            self._metrics.record_request(
                method, route, status or INTERNAL_SERVER_ERROR, time.perf_counter() - started_at
            )

    def _select_app(self, scope: Scope) -> ASGIApp:
        """Return the fast path that matches a request, else the framework's app."""
        if not scope["query_string"]:
            for fast_path in self._fast_paths.get(scope["method"], ()):
                found = fast_path.path.fullmatch(scope["path"])
                if found is not None:
                    scope["path_params"] = found.groupdict()
                    return fast_path.answer
        return self._app


async def send_in_parts(body: bytes, send: Send) -> None:
    """Send a body in parts of `PART_BYTES`, so that a slow client occupies the memory of one part."""
    for begin in range(0, len(body), PART_BYTES):
        end = begin + PART_BYTES
        await send({"type": "http.response.body", "body": body[begin:end], "more_body": end < len(body)})


def policy(path: str) -> tuple[bytes, bytes]:
    """Return the content security policy of a path."""
    return b"content-security-policy", DOCS_POLICY if path == DOCS_PATH else PAGE_POLICY
