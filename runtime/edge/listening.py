"""How connections are taken, and how much of an answer the system keeps for a client that does not read.

The event loop takes one connection an iteration from each handle that listens, so whoever comes behind three hundred
others waits for three hundred iterations. More handles of the same socket take as many at a time.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Iterable

ACCEPTED_PER_ITERATION = 32
UNSENT_BYTES_MAX = 64 * 1024
"""Of a connection, in the system's buffer; by itself it takes megabytes. Bytes on their way are not counted."""


async def listen_with_more(
    servers: Iterable[asyncio.Server], make_protocol: Callable[[], asyncio.Protocol], *, backlog: int
) -> list[asyncio.Server]:
    """Listen to the sockets of these servers with more handles, and return what closes them."""
    loop = asyncio.get_running_loop()
    listening = [known for server in servers for known in server.sockets]
    return [
        await loop.create_server(make_protocol, sock=same_socket(known.fileno()), backlog=backlog)
        for known in listening
        for _ in range(ACCEPTED_PER_ITERATION - 1)
    ]


def same_socket(listening: int) -> socket.socket:
    """Return another handle of a socket; the connections that it takes keep little that is not sent."""
    found = socket.socket(fileno=os.dup(listening))
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES_MAX)
    return found
