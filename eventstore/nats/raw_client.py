"""nats-py's client, with a shorter way for the subscription that takes every event there is.

nats-py reads the headers of each message character by character and hands it on through a queue and a task, which is
half of what following costs. See decision record 16.
"""

from collections.abc import Callable
from typing import Any

from nats.aio.client import Client
from nats.aio.subscription import Subscription

MessageCallback = Callable[[bytes, bytes, bytes], None]
"""Takes a message as it came: its reply subject, its block of headers (empty: none), its payload."""


class RawMessageClient(Client):
    """A client that can hand the messages of a subscription on as they come."""

    def __init__(self) -> None:
        super().__init__()
        self._callbacks: dict[int, MessageCallback] = {}

    async def subscribe_raw(self, subject: str, callback: MessageCallback) -> Subscription:
        """Subscribe, and hand on every message as it comes; `hand` must not wait and must not raise."""
        subscription = await self.subscribe(subject)
        self._callbacks[subscription._id] = callback  # noqa: SLF001 - the number that messages come with
        return subscription

    async def unsubscribe_raw(self, subscription: Subscription) -> None:
        """End such a subscription."""
        self._callbacks.pop(subscription._id, None)  # noqa: SLF001 - as above
        await subscription.unsubscribe()

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: Any) -> None:
        callback = self._callbacks.get(sid)
        if callback is None:
            await super()._process_msg(sid, subject, reply, data, headers)
        else:
            callback(reply, headers or b"", data)
