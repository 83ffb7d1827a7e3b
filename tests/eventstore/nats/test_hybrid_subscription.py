"""Subscriptions with a real nats-server under faults and load: each event once, in order, in time."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from eventstore.nats.connection import NatsConnection
from eventstore.nats.epoch import Epoch, Epochs
from eventstore.nats.streams import Streams
from eventstore.store import Store
from eventstore.subscription import HybridSubscription, LogRestored
from eventstore.subscription.jetstream_reader import (
    START_TIMEOUT_S,
)
from eventstore.subscription.limits import LIMITS
from runtime.local.embedded import EmbeddedNats
from tests.eventstore.appends import at, to_append
from tests.eventstore.nats.bookings import Bookings, until, until_some
from tests.eventstore.nats.conftest import Relays, Stream
from tests.eventstore.nats.faulty_proxy import FaultyProxy
from tests.eventstore.nats.reader import Reader

NOTICED_WITHIN_S = 10.0
"""Generous for a busy machine; must be less than the 30 s after which a pull expires."""


@pytest.fixture
async def link(nats: EmbeddedNats) -> AsyncIterator[NatsConnection]:
    """A reader's connection."""
    async with NatsConnection(nats.app_url, name="project") as link:
        yield link


@pytest.fixture
def reader(store: Store, epochs: Epochs, link: NatsConnection) -> Reader:
    """A reader from the first event on."""
    return Reader(HybridSubscription(store=store, epochs=epochs, link=link, after=0))


def follows(reader: Reader) -> bool:
    """Tell whether the reader's events come from JetStream."""
    assert isinstance(reader.feed, HybridSubscription)
    return reader.feed.is_streaming


class TestHybridSubscription:
    async def test_near_the_head_it_follows_the_stream(
        self, store: Store, bookings: Bookings, relays: Relays, reader: Reader
    ) -> None:
        await store.append([to_append(at(f"old-{number}", 0, 5)) for number in range(100)])
        async with relays.running(), reader.reading():
            async with bookings.going_on():
                await until(lambda: follows(reader), "the reader to follow")
                async with bookings.while_broken(bookings=50):
                    pass
            assert follows(reader)
            await reader.has_read_all_of(store)

    async def test_it_begins_after_any_position(
        self, store: Store, bookings: Bookings, relays: Relays, epochs: Epochs, link: NatsConnection
    ) -> None:
        async with relays.running(), bookings.going_on():
            async with bookings.while_broken():
                pass
            middle = (await store.read_range(after=20, limit=30))[-1].position
            reader = Reader(HybridSubscription(store=store, epochs=epochs, link=link, after=middle), after=middle)
            async with reader.reading():
                await until(lambda: follows(reader), "the reader to follow")
                await reader.has_read_all_of(store)

    async def test_far_behind_it_reads_ranges_from_the_store(
        self, store: Store, relays: Relays, stream: Stream, reader: Reader
    ) -> None:
        async with relays.running():
            await until_some(stream.exists, "the stream")
            for number in range(30):
                await store.append([to_append(at(f"seat-{number}-{part}", 0, 5)) for part in range(100)])
            await stream.reaches_the_head()
            assert len(await reader.feed.next()) > 1_000
            assert not follows(reader)
        await reader.feed.close()

    async def test_a_restored_log_is_detected(self, store: Store, epochs: Epochs, link: NatsConnection) -> None:
        await store.append([to_append(at("seat-1", 0, 5))])
        feed = HybridSubscription(store=store, epochs=epochs, link=link, after=6)
        with pytest.raises(LogRestored, match="ends at 5 but had been read up to 6"):
            await feed.next()


class TestNatsUnavailable:
    def test_its_silence_costs_less_than_a_second(self) -> None:
        assert LIMITS.silence_s + START_TIMEOUT_S < 1.0

    async def test_without_nats_all_events_come_from_the_store(
        self, store: Store, epochs: Epochs, bookings: Bookings
    ) -> None:
        async with NatsConnection("nats://127.0.0.1:1", name="project") as nowhere:
            reader = Reader(HybridSubscription(store=store, epochs=epochs, link=nowhere, after=0))
            async with reader.reading(), bookings.going_on():
                async with bookings.while_broken(bookings=50):
                    pass
                await reader.has_read_all_of(store)
            assert max(reader.lags_s) < NOTICED_WITHIN_S

    async def test_stopped_while_it_follows_then_its_silence_is_noticed(
        self, store: Store, bookings: Bookings, relays: Relays, reader: Reader, nats: EmbeddedNats
    ) -> None:
        async with relays.running(), reader.reading():
            async with bookings.going_on():
                await until(lambda: follows(reader), "the reader to follow")
                async with bookings.while_broken(bookings=100):
                    await asyncio.to_thread(nats.stop)
                await until(lambda: not follows(reader), "the reader to give the stream up")
                await asyncio.to_thread(nats.start)
                await until(lambda: follows(reader), "the reader to follow again")
            await reader.has_read_all_of(store)
            assert max(reader.lags_s) < NOTICED_WITHIN_S

    async def test_mute_while_it_follows_then_its_silence_is_noticed(
        self, store: Store, bookings: Bookings, relays: Relays, epochs: Epochs, nats: EmbeddedNats
    ) -> None:
        async with (
            FaultyProxy(nats.port) as proxy,
            NatsConnection(proxy.through(nats.app_url), name="project") as link,
            relays.running(),
        ):
            reader = Reader(HybridSubscription(store=store, epochs=epochs, link=link, after=0))
            async with reader.reading():
                async with bookings.going_on():
                    await until(lambda: follows(reader), "the reader to follow")
                    async with bookings.while_broken(bookings=20):
                        proxy.drops_answers = True
                    await until(lambda: not follows(reader), "three heartbeats to be missed")
                    proxy.forward_answers()
                    proxy.cut()
                    await until(lambda: follows(reader), "the reader to follow again")
                await reader.has_read_all_of(store)
            assert max(reader.lags_s) < NOTICED_WITHIN_S

    async def test_a_stopped_relay_is_detected(
        self, store: Store, bookings: Bookings, relays: Relays, reader: Reader
    ) -> None:
        async with reader.reading(), bookings.going_on():
            async with relays.running():
                await until(lambda: follows(reader), "the reader to follow")
            async with bookings.while_broken(bookings=50):
                pass
            await reader.has_read_all_of(store)
        assert max(reader.lags_s) < NOTICED_WITHIN_S


class TestStreamChanged:
    async def test_deleted_and_made_again(
        self,
        store: Store,
        bookings: Bookings,
        relays: Relays,
        reader: Reader,
        operator: NatsConnection,
        stream: Stream,
        epoch: Epoch,
    ) -> None:
        async with relays.running(), reader.reading():
            async with bookings.going_on():
                await until(lambda: follows(reader), "the reader to follow")
                async with bookings.while_broken():
                    await Streams(operator.client()).request(f"STREAM.DELETE.{epoch.stream}")
                await until_some(stream.exists, "the stream to be made again")
                await until(lambda: not follows(reader), "the reader to notice")
                await until(lambda: follows(reader), "the reader to follow again")
            await reader.has_read_all_of(store)

    async def test_an_older_copy_in_its_place(
        self,
        store: Store,
        bookings: Bookings,
        relays: Relays,
        reader: Reader,
        nats: EmbeddedNats,
        tmp_path: Path,
    ) -> None:
        async with reader.reading(), bookings.going_on():
            async with relays.running():
                await until(lambda: follows(reader), "the reader to follow")
                await asyncio.to_thread(nats.stop)
                await asyncio.to_thread(shutil.copytree, nats.data / "store", tmp_path / "older")
                await asyncio.to_thread(nats.start)
                await until(lambda: follows(reader), "the reader to follow again")
                async with bookings.while_broken():
                    await asyncio.to_thread(nats.stop)
                    shutil.rmtree(nats.data / "store")
                    (tmp_path / "older").rename(nats.data / "store")
                    await asyncio.to_thread(nats.start)
                await until(lambda: follows(reader), "the reader to follow once more")
            await reader.has_read_all_of(store)

    async def test_a_stray_message_on_its_subject(
        self,
        store: Store,
        bookings: Bookings,
        relays: Relays,
        reader: Reader,
        operator: NatsConnection,
        epoch: Epoch,
        epochs: Epochs,
    ) -> None:
        async with relays.running(), reader.reading():
            async with bookings.going_on():
                await until(lambda: follows(reader), "the reader to follow")
                async with bookings.while_broken(bookings=50):
                    await operator.client().publish(epoch.events_subject, b"a stranger")
                await until(lambda: not follows(reader), "the reader to notice")
                await reader.has_read_all_of(store)
                await epochs.begin("a stranger was on the subject")
                await until(lambda: follows(reader), "the reader to follow the new epoch's stream")
            await reader.has_read_all_of(store)
        assert max(reader.lags_s) < NOTICED_WITHIN_S
