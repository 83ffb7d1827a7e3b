"""The load on a live seat map from one process: changing seats, document requests, subscribed clients.

Reads a configuration from standard input, and writes the measurements to standard output.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import uvloop

SEATS_PER_HOLD = 8
CONNECTIONS = 32
CONNECTING_AT_ONCE = 50
SETTLE_S = 3.0
EVENT_ID = re.compile(rb"^id: (\d+)-[0-9a-f]+\nevent: seats", re.MULTILINE)
RESET = b"event: reset"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The configuration of a load.

    Args:
        seats: free ones, to be held eight at a time.
        tokens: of the buyers.
        changes_per_s: seats that change.
        documents_per_s: requests of the document.
        watchers: subscribed clients.
        api_pid: the process whose memory is measured.
    """

    url: str
    performance: str
    seats: list[str]
    tokens: list[str]
    seconds: float
    changes_per_s: int
    documents_per_s: int
    watchers: int
    api_pid: int

    @property
    def path(self) -> str:
        """The path of the performance's resources."""
        return f"/api/v1/performances/{self.performance}"


class Watching(asyncio.Protocol):
    """One subscribed client, which records received data with its time."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._transport: asyncio.BaseTransport | None = None
        self.begun = asyncio.Event()
        self.lost = False
        self.arrived: list[tuple[float, bytes]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the request."""
        self._transport = transport
        transport.write(self._request)  # type: ignore[attr-defined] # uvloop's are no asyncio.Transport

    def data_received(self, data: bytes) -> None:
        """Record received data."""
        self.arrived.append((time.time(), data))
        self.begun.set()

    def connection_lost(self, _: Exception | None) -> None:
        """Record the end."""
        self.lost = True
        self.begun.set()

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()

    def messages(self) -> list[tuple[int, float]]:
        """Return position and time of each message."""
        return [(int(found), at) for at, data in self.arrived for found in EVENT_ID.findall(data)]


@dataclass(slots=True)
class Documents:
    """Response times of documents from the moment they were due, and their sizes."""

    seconds: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    failed: int = 0


async def connect_clients(order: Order) -> list[Watching]:
    """Connect all clients."""
    loop, address = asyncio.get_running_loop(), httpx.URL(order.url)
    assert address.port is not None, "a shop has a port of its own"
    host, port = address.host, address.port
    request = f"GET {order.path}/live HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode()
    turns = asyncio.Semaphore(CONNECTING_AT_ONCE)

    async def one() -> Watching:
        async with turns:
            _, client = await loop.create_connection(lambda: Watching(request), host, port)
            await client.begun.wait()
        return client

    return await asyncio.gather(*(one() for _ in range(order.watchers)))


async def change(order: Order, session: aiohttp.ClientSession) -> int:
    """Hold seats at a constant rate; return how many could be held."""
    held = 0

    async def hold(number: int) -> None:
        nonlocal held
        begin = number * SEATS_PER_HOLD
        items = [{"seat": seat} for seat in order.seats[begin : begin + SEATS_PER_HOLD]]
        headers = {"Authorization": f"Bearer {order.tokens[number % len(order.tokens)]}"}
        async with session.post(f"{order.path}/holds", json={"items": items}, headers=headers) as answer:
            held += SEATS_PER_HOLD if answer.status == 201 else 0
            await answer.read()

    await at_a_pace(order.seconds, order.changes_per_s / SEATS_PER_HOLD, hold)
    return held


async def ask(order: Order, session: aiohttp.ClientSession) -> Documents:
    """Request the document at a constant rate, without waiting for earlier responses."""
    documents = Documents()

    async def one(number: int) -> None:
        due = began + number / order.documents_per_s
        async with session.get(f"{order.path}/seats", headers={"Accept-Encoding": "gzip"}) as answer:
            documents.sizes.append(len(await answer.read()))
            documents.failed += answer.status != 200
        documents.seconds.append(time.perf_counter() - due)

    began = time.perf_counter()
    await at_a_pace(order.seconds, order.documents_per_s, one)
    return documents


async def at_a_pace(seconds: float, per_s: float, do: Callable[[int], Coroutine[Any, Any, None]]) -> None:
    """Start calls at a constant rate, and wait until all have completed."""
    began, tasks = time.perf_counter(), []
    for number in range(int(seconds * per_s)):
        await asyncio.sleep(max(0.0, began + number / per_s - time.perf_counter()))
        tasks.append(asyncio.create_task(do(number)))
    await asyncio.gather(*tasks)


async def run(order: Order) -> Json:
    """Run the load and return the measurements."""
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(order.url, connector=connector, auto_decompress=False) as session:
        await (await session.get(f"{order.path}/seats")).read()
        memory = [memory_kb(order.api_pid)]
        clients = await connect_clients(order)
        await asyncio.sleep(SETTLE_S)
        memory.append(memory_kb(order.api_pid))
        began = time.time()
        held, documents = await asyncio.gather(change(order, session), ask(order, session))
        seconds = time.time() - began
        await asyncio.sleep(SETTLE_S)
        memory.append(memory_kb(order.api_pid))
        lost = sum(client.lost for client in clients)
        for client in clients:
            client.close()
    return {
        "began": began,
        "changed_per_s": round(held / seconds, 1),
        "documents": {"seconds": documents.seconds, "sizes": documents.sizes, "failed": documents.failed},
        "memory_kb": memory,
        "lost": lost,
        "reset": sum(RESET in data for client in clients for _, data in client.arrived),
        "messages": [client.messages() for client in clients],
    }


def memory_kb(pid: int) -> int:
    """Return the resident memory of a process in KiB."""
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1])


if __name__ == "__main__":
    sys.stdout.write(json.dumps(uvloop.run(run(Order(**json.load(sys.stdin))))))
