"""One subscriber: a message is written to its connection at once or not at all."""

from collections.abc import Awaitable, Callable, Coroutine

from starlette.types import Message, Send

RETRY = b"retry: %d\n\n"
FINAL: Message = {"type": "http.response.body", "body": b"", "more_body": False}


class Subscriber:
    """A client's connection, and the position up to which it was informed.

    No messages are queued: while the connection is full, changes are collected and sent together later.

    Args:
        send: the request's ASGI `send`; the server's waits until the connection has room before it writes.
        abort: aborts the connection with its buffer; None where the server cannot.
        position: the position up to which the client's state is complete.
    """

    __slots__ = ("_abort", "_send", "position", "stalled_since")

    def __init__(self, send: Send, abort: Callable[[], None] | None, position: int) -> None:
        self._send = send
        self._abort = abort
        self.position = position
        self.stalled_since: float | None = None

    def try_send(self, message: bytes, position: int, now: float) -> bool:
        """Send a message if the connection has room, and return whether it had.

        Args:
            message: informs about everything up to `position`.
            position: the position reached.
            now: the event loop's time.
        """
        if not completes_without_waiting(
            self._send({"type": "http.response.body", "body": message, "more_body": True})
        ):
            self.stalled_since = self.stalled_since or now
            return False
        self.position = position
        self.stalled_since = None
        return True

    def end(self) -> None:
        """End the response in an orderly way; abort the connection if it is full."""
        if not completes_without_waiting(self._send(FINAL)):
            self.abort()

    def reject(self, retry_ms: int) -> None:
        """End the response, with a delay for the reconnection."""
        completes_without_waiting(
            self._send({"type": "http.response.body", "body": RETRY % retry_ms, "more_body": True})
        )
        self.end()

    def abort(self) -> None:
        """Abort the connection; the client reconnects with its last position."""
        if self._abort is not None:
            self._abort()


def completes_without_waiting(work: Awaitable[None]) -> bool:
    """Run a coroutine if it completes without waiting, and return whether it did.

    It is dropped if it would wait or if its connection is closed.
    """
    assert isinstance(work, Coroutine), "`send` of an ASGI server is an `async def`"
    try:
        work.send(None)
    except StopIteration:
        return True
    except (OSError, RuntimeError):
        return False
    work.close()
    return False
