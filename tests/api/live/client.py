"""Clients that watch a performance, in this process or over a real connection."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.types import ASGIApp, Message

Json = dict[str, Any]

PATIENCE_S = 10.0
SCOPE: Json = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.3"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "root_path": "",
    "headers": [],
    "client": ("127.0.0.1", 1),
    "server": ("shop.test", 80),
}


@dataclass(slots=True)
class ClientSeatMap:
    """A client's seat map: a document and the changes since."""

    position: int = 0
    states: dict[str, str] = field(default_factory=dict)
    areas: dict[str, Json] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "ClientSeatMap":
        """Return the seat map of a document."""
        states = {seat: state for state, seats in document["states"].items() for seat in seats}
        return cls(document["position"], states, {area["area"]: area for area in document["areas"]})

    def apply(self, message: Mapping[str, Any]) -> None:
        """Apply changes."""
        assert message["event"] == "seats", message
        self.position = message["position"]
        for seat, state in message["states"].items():
            if state == "free":
                self.states.pop(seat, None)
            else:
                self.states[seat] = state
        self.areas |= {area["area"]: area for area in message["areas"]}


class Client:
    """A watching browser, as an ASGI connection."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.ended = asyncio.Event()
        self.gone = asyncio.Event()
        self.blocks = False
        self._arrived: asyncio.Queue[bytes] = asyncio.Queue()
        self._asked = False

    async def receive(self) -> Json:
        """Return the request, and finally the disconnection."""
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take a message of the server; while the client does not read, the server waits."""
        if self.blocks:
            await asyncio.Event().wait()
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
            return
        self._arrived.put_nowait(message["body"])
        if not message.get("more_body"):
            self.ended.set()
            self.gone.set()

    async def chunk(self) -> bytes:
        """Return the next bytes."""
        async with asyncio.timeout(PATIENCE_S):
            return await self._arrived.get()

    async def next(self) -> Json:
        """Return the next message without comments."""
        while True:
            if (message := parsed(await self.chunk())) is not None:
                return message


@asynccontextmanager
async def watching(app: ASGIApp, path: str, query: str = "", **headers: str) -> AsyncIterator[Client]:
    """Watch inside the context."""
    client = Client()
    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = SCOPE | {"path": path, "raw_path": path.encode(), "query_string": query.encode(), "headers": sent}
    task = asyncio.ensure_future(app(scope, client.receive, client.send))
    try:
        yield client
    finally:
        client.gone.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await task


def parsed(chunk: bytes) -> Json | None:
    """Return the message in some bytes; None if there are only comments."""
    lines = [line.split(b": ", 1) for line in chunk.strip().split(b"\n") if b": " in line and not line.startswith(b":")]
    fields = dict(lines)
    if b"data" not in fields:
        return None
    data: Json = orjson.loads(fields[b"data"])
    return {"event": fields[b"event"].decode(), "id": fields[b"id"].decode(), **data}
