"""The page at /docs: the OpenAPI document, shown by Swagger UI from this very server."""

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
<title>Seatledger: the API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{STYLE}">
<div id="api"></div>
<noscript>This page needs JavaScript; the document it shows is at <a href="/openapi.json">/openapi.json</a>.</noscript>
<script src="{SCRIPT}"></script>
<script src="{START}"></script>
</html>
"""
BEGIN = """SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#api", deepLinking: true, filter: true, persistAuthorization: false,
});
"""


@cache
def docs_pages() -> Mapping[str, tuple[bytes, str]]:
    """Return what the page is made of: path → content and its media type."""
    swagger = resources.files("fastapi_swagger.resources")
    return {
        DOCS_PATH: (PAGE.encode(), "text/html; charset=utf-8"),
        START: (BEGIN.encode(), "text/javascript; charset=utf-8"),
        SCRIPT: (swagger.joinpath("swagger-ui-bundle.js").read_bytes(), "text/javascript; charset=utf-8"),
        STYLE: (swagger.joinpath("swagger-ui.css").read_bytes(), "text/css; charset=utf-8"),
    }


class OpenapiPage:
    """The OpenAPI document as bytes, written once: that takes most of a second, and who asks meanwhile waits for it.

    Args:
        describe: returns the document; called in a thread.
    """

    def __init__(self, describe: Callable[[], dict[str, Any]]) -> None:
        self._describe = describe
        self._writing: asyncio.Task[bytes] | None = None

    async def serve(self, _: Request) -> Response:
        """Answer with the document."""
        if self._writing is None:
            self._writing = asyncio.create_task(asyncio.to_thread(self._write), name="OpenAPI document")
        content = await asyncio.shield(self._writing)
        return Response(content, media_type="application/json", headers={"Cache-Control": "no-cache"})

    def _write(self) -> bytes:
        return orjson.dumps(self._describe())
