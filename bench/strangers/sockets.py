"""Raw connections from several loopback addresses, for the attacks."""

import selectors
import socket
import time
from collections.abc import Iterable, Sequence

PIECE = b"a" * 262_144
MIB = 2**20
ANSWER_S = 60.0


def connect(port: int, address: str = "127.0.0.1") -> socket.socket:
    """Open a connection from a source address."""
    return socket.create_connection(("127.0.0.1", port), timeout=ANSWER_S, source_address=(address, 0))


def flood(port: int, begin: bytes, length: int) -> str:
    """Send a prefix and so many further bytes; return how many were accepted."""
    sent = 0
    with connect(port) as raw:
        try:
            raw.sendall(begin)
            while sent < length:
                raw.sendall(PIECE)
                sent += len(PIECE)
        except OSError:
            pass
    return f"{sent / MIB:.1f} of {length / MIB:.0f} MiB taken"


def status_of(port: int, request: bytes, address: str = "127.0.0.1") -> str:
    """Send a request and return the response's status."""
    with connect(port, address) as raw:
        try:
            raw.sendall(request)
            return raw.recv(12).decode(errors="replace").rpartition(" ")[2] or "closed"
        except OSError:
            return "closed"


def slow(port: int, count: int, begin: bytes, drip: bytes, seconds: float) -> str:
    """Open connections that send little or nothing; return how many of them the server closed."""
    opened = [connect(port) for _ in range(count)]
    for raw in opened:
        send_quietly(raw, begin)
    ends_at = time.monotonic() + seconds
    closed: set[socket.socket] = set()
    while time.monotonic() < ends_at and len(closed) < count:
        closed |= find_closed([raw for raw in opened if raw not in closed], 1.0)
        for raw in opened:
            if drip and raw not in closed:
                send_quietly(raw, drip)
    for raw in opened:
        raw.close()
    return f"{len(closed)} of {count} closed"


def find_closed(opened: Sequence[socket.socket], seconds: float) -> set[socket.socket]:
    """Return the connections that the server closes within some seconds."""
    found: set[socket.socket] = set()
    with selectors.DefaultSelector() as selector:
        for raw in opened:
            selector.register(raw, selectors.EVENT_READ)
        ends_at = time.monotonic() + seconds
        while (left := ends_at - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                if is_closed(key.fileobj):  # type: ignore[arg-type] # only sockets are registered
                    selector.unregister(key.fileobj)
                    found.add(key.fileobj)  # type: ignore[arg-type] # only sockets are registered
    return found


def is_closed(raw: socket.socket) -> bool:
    """Read the available data, and return whether the server has closed the connection."""
    try:
        return raw.recv(65_536) == b""
    except OSError:
        return True


def send_quietly(raw: socket.socket, data: bytes) -> None:
    """Send data and ignore errors."""
    try:
        raw.sendall(data)
    except OSError:
        return


def format_counts(statuses: Iterable[str]) -> str:
    """Format the number of responses by status."""
    found: dict[str, int] = {}
    for status in statuses:
        found[status] = found.get(status, 0) + 1
    return ", ".join(f"{count} of {status}" for status, count in sorted(found.items()))
