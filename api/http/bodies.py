"""Bodies of requests: counted while they are read; large ones are spooled to a file, and never parsed here."""

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
            self._body = b"".join([part async for part in self.parts()])
        return self._body

    async def parts(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes.

        Raises:
            BodyTooLarge: it is longer than the route takes.
        """
        self._refuse_beyond(self._announced())
        read = 0
        async for part in self.stream():
            read += len(part)
            self._refuse_beyond(read)
            yield part

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


@dataclass(frozen=True, slots=True, kw_only=True)
class SpooledBody:
    """A body in a file that nobody else can open; `sha256` of its bytes."""

    file: BinaryIO
    length: int
    sha256: bytes


@asynccontextmanager
async def spooled(request: BoundedRequest) -> AsyncIterator[SpooledBody]:
    """Write a request's body to a file as it comes; the file is gone afterwards.

    Raises:
        BodyTooLarge: it is longer than the route takes.
        BodyTooSlow: it does not come in time.
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


def spooled_of(request: Request) -> SpooledBody:
    """Return the body of a request to a route that takes large ones."""
    body: SpooledBody = request.state.spooled
    return body


async def digest_of(request: Request) -> bytes:
    """Return what tells a request's body from any other."""
    body: SpooledBody | None = getattr(request.state, "spooled", None)
    return await request.body() if body is None else body.sha256


def require_json(request: Request) -> None:
    """Insist that a body is said to be JSON.

    Raises:
        Malformed: it is not.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not JSON_TYPE.fullmatch(kind):
        raise Malformed("Send JSON, with Content-Type: application/json.")


def unreadable(error: ValidationError) -> RequestValidationError:
    """Turn what is wrong with a body's shape into what every route answers to it."""
    faults = error.errors(include_url=False, include_input=False)
    return RequestValidationError([{**fault, "loc": ("body", *fault["loc"])} for fault in faults])
