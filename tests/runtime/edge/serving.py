"""A server with an edge on a free port of loopback, and raw connections to it."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn

from api.auth.clients import Clients, networks_in
from runtime.edge.connections import Edge
from runtime.edge.limits import EdgeLimits
from runtime.edge.protocol import EdgeProtocol, protocol_of
from runtime.entrypoints.api_server import ApiServer
from runtime.local.embedded import free_port

PATIENCE_S = 10.0
ANSWER = b"HTTP/1.1 200 OK"
GREETING = b"hello"
PARTS = 4_096
PART = b"x" * 65_536


@dataclass(slots=True)
class App:
    """An application that notes what it was asked.

    `/wait` waits until the client is gone, `/big` answers at length, `/parts` bit by bit.
    """

    asked: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    read: int = 0
    gone: int = 0
    big: int = 0

    async def __call__(self, scope: Any, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
        """Answer."""
        self.asked.append(scope)
        if scope["path"] == "/early":
            await send({"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
            return
        if scope["path"] == "/parts":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for _ in range(PARTS):
                await send({"type": "http.response.body", "body": PART, "more_body": True})
            return
        if scope["path"] != "/big":
            await self._read(scope, receive)
        if scope["path"] == "/wait":
            return
        body = b"x" * self.big if scope["path"] == "/big" else GREETING
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def has_read(self, count: int) -> bool:
        """Say whether so many bytes of bodies have come."""
        return self.read >= count

    async def _read(self, scope: Any, receive: Callable[[], Any]) -> None:
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.gone += 1
                return
            body += message["body"]
            self.read += len(message["body"])
            if not message["more_body"]:
                self.bodies.append(body)
                if scope["path"] != "/wait":
                    return


@dataclass(slots=True)
class Serving:
    """A running server."""

    app: App
    edge: Edge
    port: int
    clock: list[float]
    server: ApiServer
    opened: list["Raw"] = field(default_factory=list)

    async def connect(self, address: str = "127.0.0.1") -> "Raw":
        """Open a connection from an address of this machine."""
        plain = socket.socket()
        plain.setblocking(False)
        plain.bind((address, 0))
        await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", self.port))
        self.opened.append(Raw(*await asyncio.open_connection(sock=plain, limit=2**24)))
        return self.opened[-1]

    async def asked(self, request: bytes) -> bytes:
        """Send something on a connection of its own, and return all that is answered until it is closed."""
        raw = await self.connect()
        await raw.send(request)
        return await raw.rest()

    @property
    def only(self) -> EdgeProtocol:
        """The one connection there is."""
        [[connection]] = self.edge._by_client.values()
        assert isinstance(connection, EdgeProtocol)
        return connection

    def has_received(self, count: int) -> bool:
        """Say whether so many bytes of the only connection's head have come."""
        return self.only.received >= count

    def later(self, seconds: float) -> None:
        """Let time pass, and have every deadline judged."""
        self.clock[0] += seconds
        self.edge.tick()

    def listening(self) -> int:
        """Return how many handles take new connections."""
        return sum(len(server.sockets) for server in self.server.servers)

    def refused(self) -> dict[str, int]:
        """Return how many connections were refused, by reason."""
        return {reason: count for reason, count in self.edge.refused.items() if count}


class Raw:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        """Send bytes; a server that has closed does not mind."""
        try:
            self.writer.write(data)
            await self.writer.drain()
        except ConnectionError:
            pass

    async def answer(self) -> bytes:
        """Return one answer with the application's greeting."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.reader.readuntil(GREETING)

    async def rest(self) -> bytes:
        """Return everything until the server closes; empty if it resets the connection at once."""
        found = b""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while part := await self.reader.read(2**16):
                    found += part
        except ConnectionError:
            pass
        return found

    def close(self) -> None:
        """Go away."""
        self.writer.close()


@asynccontextmanager
async def serving(*, trusted: str = "", **limits: Any) -> AsyncIterator[Serving]:
    """Run a server with these limits; its clock stands still until told otherwise."""
    clock, app = [1_000.0], App()
    clients = Clients(trusted=networks_in(trusted))
    edge = Edge(EdgeLimits(**limits), clients=clients, now=lambda: clock[0])
    port = free_port()
    config = uvicorn.Config(
        app, port=port, http=protocol_of(edge), lifespan="off", ws="none", proxy_headers=False, log_config=None
    )
    server = ApiServer(config, on_stop=lambda: None)
    task = asyncio.create_task(server.serve())
    running = Serving(app=app, edge=edge, port=port, clock=clock, server=server)
    await until(lambda: server.started)
    try:
        yield running
    finally:
        for raw in running.opened:
            raw.close()
        server.handle_exit(signal.SIGTERM, None)
        server.force_exit = True
        await task


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - what it asks about raises no event
            await asyncio.sleep(0.01)
