"""Whoever appends wakes the relay."""

import asyncio

import pytest

from eventstore.epoch import Epoch, Epochs
from eventstore.jetstream.link import NatsLink
from eventstore.relay import AnnouncingJudge, WakeUp
from eventstore.store import Appended, Conflict, Replayed, Store
from runtime.embedded import EmbeddedNats
from tests.eventstore.appends import at, wish
from tests.eventstore.jetstream.bookings import until_some
from tests.eventstore.jetstream.conftest import Relays, Stream, connected
from tests.laws.world import OneByOne


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
        monkeypatch.setattr("eventstore.relay.relay.POLL_FIRST_S", 60)
        monkeypatch.setattr("eventstore.relay.relay.POLL_MAX_S", 60)
        async with NatsLink(nats.app_url, name="api") as link, WakeUp(link=link, epochs=epochs) as wake_up:
            await until_some(connected(link), "the connection")
            async with relays.running():
                await asyncio.sleep(0.5)  # let it find nothing and fall asleep for a minute
                await store.append([wish(at("seat-1", 0, 5))])

                async def there() -> bool:
                    wake_up.notify()
                    return await stream.last_sequence() == 5

                await until_some(there, "the hint to be heard", within_s=10)

    async def test_hints_cost_nothing_while_nats_is_away(self, epochs: Epochs) -> None:
        async with NatsLink("nats://127.0.0.1:1", name="api") as link, WakeUp(link=link, epochs=epochs) as wake_up:
            for _ in range(100_000):
                wake_up.notify()
            await asyncio.sleep(0.05)
            wake_up.notify()


class TestAnnouncingJudge:
    async def test_it_tells_of_what_was_appended_and_of_nothing_else(self, store: Store) -> None:
        announced: list[str] = []
        judge = AnnouncingJudge(OneByOne(store), lambda: announced.append("something"))
        booking = wish(at("seat-1", 0, 5))
        assert isinstance(await judge.submit(booking), Appended)
        assert announced == ["something"]
        assert isinstance(await judge.submit(booking), Replayed)
        assert isinstance(await judge.submit(wish(at("seat-1", 0))), Conflict)
        assert isinstance(await judge.submit(wish(guards={"seat-1": 5})), Appended)
        assert announced == ["something"]
