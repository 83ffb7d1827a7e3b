"""Appends wake the relay."""

import asyncio
from datetime import timedelta
from functools import partial

import pytest

from eventstore.back_off import BackOff
from eventstore.nats.connection import NatsConnection
from eventstore.nats.epoch import Epoch, Epochs
from eventstore.nats.raw_client import RawMessageClient
from eventstore.nats.relay import NotifyingAppender, WakeUpNotifier
from eventstore.nats.wake_up import WakeUpListener
from eventstore.store import Appended, Conflict, Replayed, Store
from runtime.local.embedded import EmbeddedNats
from tests.eventstore.appends import at, to_append
from tests.eventstore.nats.bookings import CONDITION_WITHIN_S, until, until_some
from tests.eventstore.nats.conftest import Relays, Stream, connected
from tests.support.engine import UnbatchedAppender


class Absent(NatsConnection):
    """A connection that is never open, and counts the attempts to use it."""

    tried = 0

    def client(self) -> RawMessageClient:
        """Count the attempt and raise."""
        self.tried += 1
        return super().client()

    def was_tried(self, times: int) -> bool:
        """Tell whether it was used a number of times."""
        return self.tried >= times


class TestHints:
    async def test_a_hint_beats_the_longest_pause_between_two_polls(
        self,
        store: Store,
        relays: Relays,
        stream: Stream,
        epochs: Epochs,
        nats: EmbeddedNats,
        epoch: Epoch,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        minute = timedelta(minutes=1)
        back_off = BackOff(first=minute, factor=1.0, maximum=minute)
        monkeypatch.setattr("eventstore.nats.relay.relay.POLL_BACKOFF", back_off)
        listening = asyncio.Event()

        async def wait(ear: WakeUpListener, timeout_s: float) -> bool:
            listening.set()
            return await hear(ear, timeout_s)

        hear = WakeUpListener.wait
        monkeypatch.setattr(WakeUpListener, "wait", wait)
        async with (
            NatsConnection(nats.app_url, name="api") as link,
            WakeUpNotifier(link=link, epochs=epochs) as wake_up,
        ):
            await until_some(connected(link), "the connection")
            async with relays.running():
                async with asyncio.timeout(CONDITION_WITHIN_S):
                    await listening.wait()  # nothing was new, so the next poll is in a minute
                await store.append([to_append(at("seat-1", 0, 5))])

                async def there() -> bool:
                    wake_up.notify()
                    return await stream.last_sequence() == 5

                await until_some(there, "the hint to be heard", within_s=10)

    @pytest.mark.usefixtures("epoch")
    async def test_while_nats_is_away_however_many_are_one_try_and_the_next_is_another(self, epochs: Epochs) -> None:
        async with (
            Absent("nats://127.0.0.1:1", name="api") as link,
            WakeUpNotifier(link=link, epochs=epochs) as wake_up,
        ):
            for tries in (1, 2):
                for _ in range(100_000):
                    wake_up.notify()
                await until(partial(link.was_tried, tries), "a hint to be tried")
                assert link.tried == tries


class TestNotifyingAppender:
    async def test_it_tells_of_what_was_appended_and_of_nothing_else(self, store: Store) -> None:
        announced: list[str] = []
        appender = NotifyingAppender(UnbatchedAppender(store), lambda: announced.append("something"))
        booking = to_append(at("seat-1", 0, 5))
        assert isinstance(await appender.submit(booking), Appended)
        assert announced == ["something"]
        assert isinstance(await appender.submit(booking), Replayed)
        assert isinstance(await appender.submit(to_append(at("seat-1", 0))), Conflict)
        assert isinstance(await appender.submit(to_append(guards={"seat-1": 5})), Appended)
        assert announced == ["something"]
