"""A TCP proxy that simulates network faults: lost requests, lost answers, half-open connections."""

import asyncio
from types import TracebackType
from typing import Self

from psycopg.conninfo import conninfo_to_dict, make_conninfo


class Proxy:
    """Forwards connections to one server.

    While `requests` or `answers` is cleared, data in that direction is held back.

    Args:
        url: the server's connection string.
    """

    def __init__(self, url: str) -> None:
        self._target = conninfo_to_dict(url)
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.StreamWriter] = set()
        self._backends: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._leftover: list[tuple[asyncio.StreamWriter, bytes]] = []
        self.requests = set_event()
        self.answers = set_event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)
        for writer in self._clients | self._backends:
            writer.transport.abort()

    @property
    def url(self) -> str:
        """The connection string of the server through the proxy."""
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        return make_conninfo("", **{**self._target, "host": "127.0.0.1", "port": port})

    def cut(self) -> None:
        """Close every connection on the client's side only."""
        for client in self._clients:
            client.transport.abort()
        self._clients.clear()

    async def holds_requests(self) -> bool:
        """Tell whether a request is held back."""
        return bool(self._leftover)

    async def deliver_late(self) -> None:
        """Forward the held-back requests, and wait until the server has processed or refused them."""
        for backend, data in self._leftover:
            if not backend.is_closing():
                backend.write(data)
                await backend.drain()
        self._leftover.clear()

    async def _serve(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        host, port = str(self._target["host"]), int(str(self._target["port"]))
        answers, backend = await asyncio.open_connection(host, port)
        self._clients.add(client)
        self._backends.add(backend)
        self._pumps.add(asyncio.create_task(self._carry_requests(reader, client, backend)))
        self._pumps.add(asyncio.create_task(self._carry_answers(answers, client)))

    async def _carry_requests(
        self, reader: asyncio.StreamReader, client: asyncio.StreamWriter, backend: asyncio.StreamWriter
    ) -> None:
        try:
            while data := await reader.read(1 << 20):
                if not self.requests.is_set():
                    self._leftover.append((backend, data))
                    continue
                backend.write(data)
        except ConnectionError:
            return
        if client in self._clients:
            backend.close()

    async def _carry_answers(self, answers: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        try:
            while data := await answers.read(1 << 20):
                await self.answers.wait()
                client.write(data)
        except ConnectionError:
            return
        finally:
            client.close()


def set_event() -> asyncio.Event:
    """Return an event that is set."""
    event = asyncio.Event()
    event.set()
    return event
