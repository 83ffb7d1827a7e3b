"""A client for crowds: one kept connection, one request at a time, and hardly any work per request."""

import asyncio
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import orjson

ANSWER_WITHIN_S = 60.0
IDLE_S_MAX = 2.0
"""A connection that was idle for longer may be about to be closed by its server."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `body` is None where it was not JSON."""

    status: int
    body: Any


class Wire:
    """One connection to one server, opened when it is first needed and again when the server has closed it.

    Args:
        url: of the server; its path goes before every path asked for.
        token: who asks.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        parts = urlsplit(url)
        self._host, self._port, self._prefix = parts.hostname or "", parts.port or 80, parts.path
        self._fixed = f"Host: {self._host}:{self._port}\r\nContent-Type: application/json\r\n"
        if token is not None:
            self._fixed += f"Authorization: Bearer {token}\r\n"
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._used_at = 0.0

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Connect."""
        self._streams = await asyncio.open_connection(self._host, self._port)
        self._used_at = time.monotonic()

    async def close(self) -> None:
        """Disconnect."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def get(self, path: str) -> Answer:
        """Read something."""
        return await self.ask("GET", path)

    async def post(self, path: str, body: object, *, key: str = "") -> Answer:
        """Send a command, under an idempotency key if one is given."""
        return await self.ask("POST", path, body, f"Idempotency-Key: {key}\r\n" if key else "")

    async def ask(self, method: str, path: str, body: object = None, headers: str = "") -> Answer:
        """Send one request and wait for its answer."""
        if self._streams is None or time.monotonic() > self._used_at + IDLE_S_MAX:
            await self.close()
            await self.open()
        assert self._streams is not None
        reader, writer = self._streams
        content = b"" if body is None else orjson.dumps(body)
        head = f"{method} {self._prefix}{path} HTTP/1.1\r\n{self._fixed}{headers}Content-Length: {len(content)}\r\n\r\n"
        writer.write(head.encode() + content)
        async with asyncio.timeout(ANSWER_WITHIN_S):
            answer = await read_answer(reader)
        self._used_at = time.monotonic()
        return answer


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """Read one answer whose length is announced."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    status = int(head.split(" ", 2)[1])
    _, found, rest = head.partition("content-length:")
    content = await reader.readexactly(int(rest.split("\r\n", 1)[0])) if found else b""
    return Answer(status, orjson.loads(content) if "json" in head else None)
