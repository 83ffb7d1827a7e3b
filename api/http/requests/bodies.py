"""Request bodies: limited in size while they are read; large ones are spooled to a file and parsed elsewhere."""

import asyncio
import hashlib
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.types import Receive, Scope

from application.errors import BodyTooLarge, BodyTooSlow, Malformed

LARGE_AT_ONCE_MAX = 4
LARGE_WAITING_MAX = 20
LARGE_WAITING_SECONDS_MAX = 30.0
LARGE_OF_CLIENT_MAX = 1
SPOOL_SECONDS_MAX = 120.0
JSON_TYPE = re.compile(r"application/(json|[^\s/]+\+json)")


class BoundedRequest(Request):
    """A request with a maximum body size and strict JSON."""

    def __init__(self, scope: Scope, receive: Receive, bytes_max: int) -> None:
        super().__init__(scope, receive)
        self._bytes_max = bytes_max

    @property
    def cookies(self) -> dict[str, str]:
        """Return nothing, because the framework's cookie parser takes quadratic time; `api.auth.cookies` reads them."""
        return {}

    async def body(self) -> bytes:
        """Read the whole body once.

        Raises:
            BodyTooLarge: the body exceeds the route's limit.
        """
        if not hasattr(self, "_body"):
            self._body = b"".join([part async for part in self.parts()])
        return self._body

    async def parts(self) -> AsyncIterator[bytes]:
        """Yield the parts of the body as they arrive.

        Raises:
            BodyTooLarge: the body exceeds the route's limit.
        """
        self._require_length(self._content_length())
        read = 0
        async for part in self.stream():
            read += len(part)
            self._require_length(read)
            yield part

    async def json(self) -> Any:
        """Parse the body; NaN, numbers beyond a double and lone surrogates are refused.

        Raises:
            json.JSONDecodeError: the body is not JSON.
        """
        return orjson.loads(await self.body())

    def _content_length(self) -> int:
        length = self.headers.get("content-length", "0")
        return int(length) if length.isdecimal() else 0

    def _require_length(self, length: int) -> None:
        if length > self._bytes_max:
            raise BodyTooLarge(self._bytes_max)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpooledBody:
    """A body in an unnamed temporary file, with the SHA-256 of its bytes."""

    file: BinaryIO
    length: int
    sha256: bytes


@asynccontextmanager
async def spool_body(request: BoundedRequest) -> AsyncIterator[SpooledBody]:
    """Write a request's body to a temporary file, which is deleted when the context ends.

    Raises:
        BodyTooLarge: the body exceeds the route's limit.
        BodyTooSlow: the body did not arrive in time.
    """
    with tempfile.TemporaryFile() as file:
        digest, length = hashlib.sha256(), 0
        try:
            async with asyncio.timeout(SPOOL_SECONDS_MAX):
                async for part in request.parts():
                    file.write(part)
                    digest.update(part)
                    length += len(part)
        except TimeoutError:
            raise BodyTooSlow(SPOOL_SECONDS_MAX) from None
        file.flush()
        file.seek(0)
        yield SpooledBody(file=file, length=length, sha256=digest.digest())


def spooled_body_of(request: Request) -> SpooledBody:
    """Return the spooled body of a request to a route that takes large bodies."""
    body: SpooledBody = request.state.spooled
    return body


async def digest_of(request: Request) -> bytes:
    """Return the bytes that distinguish a request's body: the body itself, or the SHA-256 of a spooled one."""
    body: SpooledBody | None = getattr(request.state, "spooled", None)
    return await request.body() if body is None else body.sha256


def require_json(request: Request) -> None:
    """Require a JSON media type.

    Raises:
        Malformed: the media type is another one.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not JSON_TYPE.fullmatch(kind):
        raise Malformed("The body must be JSON with Content-Type: application/json.")


def unreadable(error: ValidationError) -> RequestValidationError:
    """Return the validation error of a body as the error that all routes answer with."""
    faults = error.errors(include_url=False, include_input=False)
    return RequestValidationError([{**fault, "loc": ("body", *fault["loc"])} for fault in faults])
