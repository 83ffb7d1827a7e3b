"""The limits of the edge."""

from dataclasses import dataclass

KIB = 1024
WINDOW_SECONDS = 5.0
TICK_SECONDS = 0.5
OWN_FILES = 256
"""Descriptors reserved for the process itself: database, NATS, logs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeLimits:
    """Limits of one connection, of one client and of all clients together.

    Args:
        url_bytes: the longest request target.
        head_bytes: request line and headers together.
        headers: headers of one request.
        pipelined: requests of one connection that wait for earlier responses.
        first_byte_seconds: from the connection to its first byte.
        head_seconds: from a request's first byte to the end of its headers.
        idle_seconds: between two requests.
        body_bytes_per_window: the least a client must send of a body within five seconds, while the body is being read.
        answer_seconds: how long a response may be unread without the client reading `answer_bytes` of it.
        per_client: connections of one client; those of a trusted proxy count only towards `connections`.
        connections: connections of all clients; None: the limit of open files minus the reserved descriptors.
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
