"""How fast new connections are taken.

The event loop takes one connection an iteration from each handle that listens, so whoever comes behind three hundred
others waits for three hundred iterations. More handles of the same socket take as many at a time.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Iterable

ACCEPTED_PER_ITERATION = 32


async def listen_with_more(
    servers: Iterable[asyncio.Server], make_protocol: Callable[[], asyncio.Protocol], *, backlog: int
) -> list[asyncio.Server]:
    """Listen to the sockets of these servers with more handles, and return what closes them."""
    loop = asyncio.get_running_loop()
    listening = [known for server in servers for known in server.sockets]
    return [
        await loop.create_server(make_protocol, sock=socket.socket(fileno=os.dup(known.fileno())), backlog=backlog)
        for known in listening
        for _ in range(ACCEPTED_PER_ITERATION - 1)
    ]
