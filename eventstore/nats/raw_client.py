"""A nats-py client with a fast path for subscriptions that receive every event.

nats-py parses the headers of each message character by character and passes the message through a queue and a task,
half of the cost of reading the stream. See decision record 16.
"""

from collections.abc import Callable
from typing import Any

from nats.aio.client import Client
from nats.aio.subscription import Subscription

MessageCallback = Callable[[bytes, bytes, bytes], None]
"""Receives a message: its reply subject, its raw headers (empty: none), its payload."""


class RawMessageClient(Client):
    """A client that can pass the messages of a subscription to a callback without parsing them."""

    def __init__(self) -> None:
        super().__init__()
        self._callbacks: dict[int, MessageCallback] = {}

    async def subscribe_raw(self, subject: str, callback: MessageCallback) -> Subscription:
        """Subscribe with a callback for raw messages; it must return quickly and must not raise."""
        subscription = await self.subscribe(subject)
        self._callbacks[subscription._id] = callback  # noqa: SLF001 - the id that incoming messages carry
        return subscription

    async def unsubscribe_raw(self, subscription: Subscription) -> None:
        """End a subscription made by `subscribe_raw`."""
        self._callbacks.pop(subscription._id, None)  # noqa: SLF001 - as above
        await subscription.unsubscribe()

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: Any) -> None:
        callback = self._callbacks.get(sid)
        if callback is None:
            await super()._process_msg(sid, subject, reply, data, headers)
        else:
            callback(reply, headers or b"", data)
