"""A TCP proxy between client and server that can drop the server's answers or close connections."""

import asyncio
from types import TracebackType
from typing import Self

READ_BYTES = 64 * 1024


class FaultyProxy:
    """A TCP proxy on loopback. While `drops_answers` is set, the server's answers are dropped; requests are forwarded.

    Args:
        port: the server's, on loopback.
    """

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._listener: asyncio.Server | None = None
        self._pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._drop_from: bytes | None = None
        self.drops_answers = False
        self.lost_bytes = 0

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._listener is not None
        self._listener.close()
        self.cut()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    @property
    def port(self) -> int:
        """The port for clients."""
        assert self._listener is not None
        port: int = self._listener.sockets[0].getsockname()[1]
        return port

    def through(self, url: str) -> str:
        """Return the server's URL through the proxy."""
        return url.replace(f":{self._server_port}", f":{self.port}")

    def drop_answers_from(self, word: bytes) -> None:
        """Drop the server's answers from the moment the client sends a given word."""
        self._drop_from = word

    def forward_answers(self) -> None:
        """Stop dropping answers."""
        self._drop_from, self.drops_answers, self.lost_bytes = None, False, 0

    def cut(self) -> None:
        """Close every connection at once."""
        for client, server in self._pairs:
            client.close()
            server.close()
        self._pairs.clear()

    async def _connect(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        try:
            server_reader, server = await asyncio.open_connection("127.0.0.1", self._server_port)
        except OSError:
            client.close()
            return
        self._pairs.add((client, server))
        for pump in (self._pump(reader, server, loses=False), self._pump(server_reader, client, loses=True)):
            task = asyncio.create_task(pump)
            self._pumps.add(task)
            task.add_done_callback(self._pumps.discard)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, loses: bool) -> None:
        try:
            while data := await reader.read(READ_BYTES):
                if loses and self.drops_answers:
                    self.lost_bytes += len(data)
                    continue
                if not loses and self._drop_from is not None and self._drop_from in data:
                    self.drops_answers = True
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()
