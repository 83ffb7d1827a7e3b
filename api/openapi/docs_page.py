"""The page at /docs: the OpenAPI document in Swagger UI, served without third parties."""

import asyncio
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from typing import Any

import orjson
from fastapi import Request, Response

OPENAPI_PATH = "/openapi.json"
DOCS_PATH = "/docs"
DOCS_POLICY = (
    b"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; "
    b"base-uri 'none'; form-action 'self'"
)
SCRIPT, STYLE, START = (f"{DOCS_PATH}/{name}" for name in ("swagger-ui-bundle.js", "swagger-ui.css", "start.js"))

PAGE = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Seatledger API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{STYLE}">
<div id="api"></div>
<noscript>This page needs JavaScript; the document it shows is at <a href="/openapi.json">/openapi.json</a>.</noscript>
<script src="{SCRIPT}"></script>
<script src="{START}"></script>
</html>
"""
START_SCRIPT = """SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#api", deepLinking: true, filter: true, persistAuthorization: false,
});
"""


@cache
def docs_pages() -> Mapping[str, tuple[bytes, str]]:
    """Return the files of the page: path → content and media type."""
    swagger = resources.files("fastapi_swagger.resources")
    return {
        DOCS_PATH: (PAGE.encode(), "text/html; charset=utf-8"),
        START: (START_SCRIPT.encode(), "text/javascript; charset=utf-8"),
        SCRIPT: (swagger.joinpath("swagger-ui-bundle.js").read_bytes(), "text/javascript; charset=utf-8"),
        STYLE: (swagger.joinpath("swagger-ui.css").read_bytes(), "text/css; charset=utf-8"),
    }


class OpenapiPage:
    """The OpenAPI document as bytes.

    It is generated once, in a thread, because generation takes most of a second and would block the event loop.

    Args:
        describe: returns the document.
    """

    def __init__(self, describe: Callable[[], dict[str, Any]]) -> None:
        self._describe = describe
        self._generation: asyncio.Task[bytes] | None = None

    async def serve(self, _: Request) -> Response:
        """Return the document."""
        if self._generation is None:
            self._generation = asyncio.create_task(asyncio.to_thread(self._write), name="OpenAPI document")
        content = await asyncio.shield(self._generation)
        return Response(content, media_type="application/json", headers={"Cache-Control": "no-cache"})

    def _write(self) -> bytes:
        return orjson.dumps(self._describe())
