"""Accepts many connections an iteration, and limits the kernel's send buffer of a client that does not read.

The event loop accepts one connection an iteration from each listening handle, so the connection behind three hundred
others waits for three hundred iterations. Several handles of the same socket accept as many in one iteration.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Iterable

ACCEPTED_PER_ITERATION = 32
UNSENT_BYTES_MAX = 64 * 1024
"""Unsent bytes of a connection in the kernel's buffer, which else grows to megabytes. Bytes in flight do not count."""


async def listen_with_more(
    servers: Iterable[asyncio.Server], make_protocol: Callable[[], asyncio.Protocol], *, backlog: int
) -> list[asyncio.Server]:
    """Listen on the sockets of these servers with further handles, and return their servers for closing."""
    loop = asyncio.get_running_loop()
    sockets = [listener for server in servers for listener in server.sockets]
    return [
        await loop.create_server(make_protocol, sock=duplicate(listener.fileno()), backlog=backlog)
        for listener in sockets
        for _ in range(ACCEPTED_PER_ITERATION - 1)
    ]


def duplicate(descriptor: int) -> socket.socket:
    """Return another handle of a listening socket; connections accepted from it inherit the limit of unsent bytes."""
    handle = socket.socket(fileno=os.dup(descriptor))
    handle.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES_MAX)
    return handle
