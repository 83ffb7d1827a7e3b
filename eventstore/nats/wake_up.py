"""Hints to the relay that events were appended. They may be lost: the relay polls as well."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from nats import errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from eventstore.command_handler import Appender
from eventstore.errors import EventStoreError
from eventstore.nats.connection import NatsConnection
from eventstore.nats.epoch import Epoch, Epochs
from eventstore.nats.errors import NatsTooOld, NatsUnavailable
from eventstore.store import Append, Appended, Verdict
from eventstore.tasks import cancel_and_wait

HINT_PAUSE_S = 0.005
EPOCH_AGE_MAX_S = 2.0


class WakeUpNotifier:
    """Sends hints that events were appended: at most one in 5 ms, none without a connection to NATS.

    Args:
        link: whose user may publish on the wake subject.
        epochs: the current epoch, which names the subject.
    """

    def __init__(self, *, link: NatsConnection, epochs: Epochs) -> None:
        self._link = link
        self._epochs = epochs
        self._appended = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._epoch: Epoch | None = None
        self._epoch_read_at = 0.0

    async def __aenter__(self) -> Self:
        self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def open(self) -> None:
        """Start the sending task."""
        self._task = asyncio.create_task(self._send(), name="wake the relay")

    async def close(self) -> None:
        """Stop the sending task."""
        if self._task is not None:
            await cancel_and_wait(self._task)

    def notify(self) -> None:
        """Request a hint; never waits, and never fails."""
        self._appended.set()

    async def _send(self) -> None:
        while True:
            await self._appended.wait()
            self._appended.clear()
            with suppress(EventStoreError, errors.Error, OSError):
                epoch = await self._current_epoch()
                if epoch is not None:
                    await self._link.client().publish(epoch.wake_subject)
            await asyncio.sleep(HINT_PAUSE_S)

    async def _current_epoch(self) -> Epoch | None:
        now = asyncio.get_running_loop().time()
        if now - self._epoch_read_at > EPOCH_AGE_MAX_S:
            self._epoch_read_at = now
            self._epoch = await self._epochs.current()
        return self._epoch


class NotifyingAppender:
    """An appender that calls back after every command that was appended.

    Args:
        appender: the batcher.
        announce: called after each append; it must not wait.
    """

    def __init__(self, appender: Appender, announce: Callable[[], None]) -> None:
        self._appender = appender
        self._announce = announce

    async def submit(self, append: Append) -> Verdict:
        """Return the appender's verdict."""
        verdict = await self._appender.submit(append)
        if isinstance(verdict, Appended) and append.writes:
            self._announce()
        return verdict


class WakeUpListener:
    """Receives the hints of one epoch for the lifetime of a connection."""

    def __init__(self) -> None:
        self._notified = asyncio.Event()
        self._subscription: Subscription | None = None

    async def listen(self, link: NatsConnection, epoch: Epoch) -> None:
        """Subscribe to an epoch's hints; without NATS, do nothing."""
        await self.close()
        with suppress(NatsUnavailable, NatsTooOld, errors.Error, OSError):
            self._subscription = await link.client().subscribe(epoch.wake_subject, cb=self._on_message)

    async def wait(self, timeout_s: float) -> bool:
        """Wait for a hint, at most `timeout_s`; tell whether one arrived."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._notified.wait()
        except TimeoutError:
            return False
        self._notified.clear()
        return True

    async def close(self) -> None:
        """Unsubscribe."""
        if self._subscription is not None:
            with suppress(errors.Error, OSError):
                await self._subscription.unsubscribe()
            self._subscription = None

    async def _on_message(self, _: Msg) -> None:
        self._notified.set()
