"""The limits of the edge, and what a connection that passes one is told."""

from dataclasses import dataclass
from enum import Enum

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


class Refusal(Enum):
    """Why a connection is ended: its name in the metrics, and what is answered if an answer can still be read."""

    MALFORMED = ("malformed", 400, "This is not HTTP/1.1 as RFC 9112 writes it.")
    URL_TOO_LONG = ("url_too_long", 414, "The address is too long; send what it says in the body.")
    HEAD_TOO_LARGE = ("head_too_large", 431, "The headers are too long or too many; send fewer.")
    OVERHEAD = ("overhead", 400, "The body's framing is longer than its content.")
    PIPELINED = ("pipelined", 400, "Too many requests wait on this connection; wait for their answers.")
    HEAD_SLOW = ("head_slow", 408, "The headers did not come in time.")
    BODY_SLOW = ("body_slow", 408, "The body comes too slowly.")
    SILENT = ("silent", None, "")
    IDLE = ("idle", None, "")
    ANSWERED = ("answered", None, "")
    ANSWER_NOT_TAKEN = ("answer_not_taken", None, "")
    CLIENT_FULL = ("client_full", 429, "Too many connections from here; use fewer.")
    FULL = ("full", 503, "Too many connections; try again in a moment.")

    def __init__(self, reason: str, status: int | None, detail: str) -> None:
        self.reason = reason
        self.status = status
        self.detail = detail
