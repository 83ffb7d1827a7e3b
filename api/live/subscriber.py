"""One client that watches: a message goes into its connection at once, or not at all."""

from collections.abc import Awaitable, Callable, Coroutine

from starlette.types import Message, Send

RETRY = b"retry: %d\n\n"
FINAL: Message = {"type": "http.response.body", "body": b"", "more_body": False}


class Subscriber:
    """A client's connection, and how far it was told.

    Nothing is queued for a client: while its connection takes nothing, what changes is told later, all at once.

    Args:
        send: the request's own; the server behind it waits, before it writes anything, until the connection has room.
        abort: cuts the connection off, whatever it still holds; None where the server cannot.
        position: up to where the client knows everything.
    """

    __slots__ = ("_abort", "_send", "position", "stalled_since")

    def __init__(self, send: Send, abort: Callable[[], None] | None, position: int) -> None:
        self._send = send
        self._abort = abort
        self.position = position
        self.stalled_since: float | None = None

    def try_send(self, message: bytes, position: int, now: float) -> bool:
        """Send a message that tells everything up to a position, if the connection takes it now (the loop's time)."""
        if not completes_without_waiting(
            self._send({"type": "http.response.body", "body": message, "more_body": True})
        ):
            self.stalled_since = self.stalled_since or now
            return False
        self.position = position
        self.stalled_since = None
        return True

    def end(self) -> None:
        """End the answer in good order, or cut off a client that takes nothing."""
        if not completes_without_waiting(self._send(FINAL)):
            self.abort()

    def reject(self, retry_ms: int) -> None:
        """End the answer, and say how long to stay away."""
        completes_without_waiting(
            self._send({"type": "http.response.body", "body": RETRY % retry_ms, "more_body": True})
        )
        self.end()

    def abort(self) -> None:
        """Cut the connection off; the client comes back with the last position it saw."""
        if self._abort is not None:
            self._abort()


def completes_without_waiting(work: Awaitable[None]) -> bool:
    """Do something if it takes no waiting; what would have to wait, or meets a closed connection, is given up."""
    assert isinstance(work, Coroutine), "every ASGI server's `send` is an `async def`"
    try:
        work.send(None)
    except StopIteration:
        return True
    except (OSError, RuntimeError):
        return False
    work.close()
    return False
