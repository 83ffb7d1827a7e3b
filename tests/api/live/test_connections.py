"""Watching over real connections: stalled clients are aborted and delay no one; a stopping server ends streams."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn

from api.auth.clients import Clients
from api.live import seat_map as live_performance
from runtime.edge.connections import Edge
from runtime.edge.limits import EdgeLimits
from runtime.edge.protocol import protocol_of
from runtime.entrypoints.api_server import ApiServer
from runtime.local.embedded import free_port
from tests.api.http_scenario import HttpScenario, done
from tests.api.live.client import PATIENCE_S, Json, parsed
from tests.api.shop import V1, until

pytestmark = pytest.mark.usefixtures("folded")

MEGABYTE = 1_000_000
LAST_CHUNK = b"0\r\n\r\n"


class Connection:
    """A browser's connection to a running server; it reads on demand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def next(self) -> Json:
        """Return the next message without comments."""
        while True:
            async with asyncio.timeout(PATIENCE_S):
                message = parsed(await self.reader.readuntil(b"\n\n"))
            if message is not None:
                return message


class Serving:
    """The scenario's application on a port."""

    def __init__(self, office: HttpScenario) -> None:
        self.live = office.shop.engine.live
        self.port = free_port()
        self.path = f"{V1}/performances/{office.performance_id}/live"
        edge = Edge(EdgeLimits(), clients=Clients())
        http = protocol_of(edge)
        config = uvicorn.Config(office.shop.app, port=self.port, http=http, lifespan="off", log_config=None)
        self.server = ApiServer(config, on_stop=self.live.end)

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[Connection]:
        """Watch and read the first message; the reader buffers little."""
        plain = socket.create_connection(("127.0.0.1", self.port))
        plain.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=plain, limit=100 * MEGABYTE)
        writer.write(f"GET {self.path} HTTP/1.1\r\nHost: shop.test\r\n\r\n".encode())
        try:
            await reader.readuntil(b"retry: ")
            yield Connection(reader, writer)
        finally:
            writer.close()

    def waiting_to_be_sent(self) -> int:
        """Return the number of bytes buffered for clients that do not read."""
        return sum(connection.transport.get_write_buffer_size() for connection in self.server.server_state.connections)


@pytest.fixture
async def serving(office: HttpScenario) -> AsyncIterator[Serving]:
    """A running server."""
    serving = Serving(office)
    task = asyncio.create_task(serving.server.serve())

    async def started() -> bool:
        return serving.server.started

    await until(started)
    yield serving
    if not task.done():
        serving.server.handle_exit(signal.SIGTERM, None)
    await task


async def test_given_who_reads_nothing_then_they_are_cut_off_and_others_go_on(
    office: HttpScenario, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_performance, "HEARTBEAT", b":" + MEGABYTE * b"." + b"\n\n")
    monkeypatch.setattr(live_performance, "HEARTBEAT_SECONDS", 0.0)
    monkeypatch.setattr(live_performance, "STALLED_SECONDS_MAX", 0.2)
    async with serving.watched() as reads, serving.watched() as stalls:
        stalls.writer.transport.pause_reading()  # type: ignore[attr-defined] # asyncio's own have it
        most = 0

        async def only_one_watches() -> bool:
            nonlocal most
            most = max(most, serving.waiting_to_be_sent())
            return serving.live.watchers == 1

        read = asyncio.create_task(reads.next())
        await until(only_one_watches)
        assert 0 < most < 2 * MEGABYTE
        done(await office.hold(await office.somebody(), office.seats[0]))
        assert (await read)["states"] == {office.seats[0]: "held"}
        stalls.writer.transport.resume_reading()  # type: ignore[attr-defined] # asyncio's own have it
        with pytest.raises(asyncio.IncompleteReadError):
            await stalls.reader.readuntil(LAST_CHUNK)


async def test_given_a_client_that_leaves_then_it_is_forgotten(serving: Serving) -> None:
    async with serving.watched():
        assert serving.live.watchers == 1

    async def nobody() -> bool:
        return serving.live.watchers == 0

    await until(nobody)


async def test_given_the_server_ends_then_those_who_watch_are_sent_away_in_good_order(serving: Serving) -> None:
    async with serving.watched() as client:
        serving.server.handle_exit(signal.SIGTERM, None)
        async with asyncio.timeout(PATIENCE_S):
            assert (await client.reader.read()).endswith(LAST_CHUNK)
