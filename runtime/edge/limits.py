"""The limits of the edge."""

from dataclasses import dataclass

KIB = 1024
WINDOW_SECONDS = 5.0
TICK_SECONDS = 0.5
OWN_FILES = 256
"""Files and connections of our own (database, NATS, logs), kept free of clients' connections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeLimits:
    """What one connection, one client and all clients together may take.

    Args:
        url_bytes: the longest request target.
        head_bytes: request line and headers together.
        headers: how many headers a request may have.
        pipelined: requests that wait on one connection for the answers before them.
        first_byte_seconds: from the connection to its first byte.
        head_seconds: from a request's first byte to the end of its headers.
        idle_seconds: between two requests.
        body_bytes_per_window: the least of a body that comes within five seconds, while it is being read.
        answer_seconds: how long an answer may wait without the client taking `answer_bytes` of it.
        per_client: connections of one client; those of a trusted proxy count for all only.
        connections: connections of all clients; None: what the limit of open files leaves.
    """

    url_bytes: int = 8 * KIB
    head_bytes: int = 16 * KIB
    headers: int = 100
    pipelined: int = 16
    first_byte_seconds: float = 10.0
    head_seconds: float = 10.0
    idle_seconds: float = 30.0
    body_bytes_per_window: int = 16 * KIB
    answer_seconds: float = 20.0
    answer_bytes: int = 16 * KIB
    per_client: int = 100
    connections: int | None = None
