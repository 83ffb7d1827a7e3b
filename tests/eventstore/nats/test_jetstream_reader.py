"""The reader of one stream, with a real nats-server."""

from collections.abc import AsyncIterator

import pytest

from eventstore.memory import MemoryStore
from eventstore.nats.connection import NatsConnection
from eventstore.nats.epoch import Epoch
from eventstore.nats.publisher import publish_events
from eventstore.nats.streams import Streams
from eventstore.store import Store
from eventstore.subscription.jetstream_reader import (
    Cursor,
    JetStreamReader,
    StreamMismatch,
    complete_commands,
    sequence_of,
)
from runtime.local.embedded import EmbeddedNats
from tests.eventstore.appends import at, to_append
from tests.eventstore.nats.bookings import until_some
from tests.eventstore.nats.conftest import connected

NOTICED_WITHIN_S = 10.0


@pytest.fixture
async def link(nats: EmbeddedNats) -> AsyncIterator[NatsConnection]:
    """A reader's connection."""
    async with NatsConnection(nats.app_url, name="project") as link:
        yield link


class TestJetStreamReader:
    @pytest.fixture
    async def plain_stream(self, store: Store, operator: NatsConnection, epoch: Epoch) -> None:
        """A stream of ten events, created by the operator without protection."""
        await store.append([to_append(at("seat-1", 0, 10))])
        await Streams(operator.client()).request(
            f"STREAM.CREATE.{epoch.stream}",
            {"name": epoch.stream, "subjects": [epoch.events_subject], "storage": "memory"},
        )
        await publish_events(operator.client(), epoch.events_subject, await store.read_range(after=0, limit=10))

    async def follow(
        self, link: NatsConnection, epoch: Epoch, store: Store, sequence: int, created: str | None
    ) -> JetStreamReader:
        await until_some(connected(link), "the connection")

        async def digest_at(position: int) -> bytes | None:
            return (await store.read_range(after=position - 1, limit=1))[0].digest

        return await JetStreamReader.start(link.client(), epoch, Cursor(sequence=sequence, created=created), digest_at)

    @pytest.mark.usefixtures("plain_stream")
    async def test_it_takes_complete_commands(self, store: Store, link: NatsConnection, epoch: Epoch) -> None:
        follower = await self.follow(link, epoch, store, 0, None)
        assert await follower.read(5) == await store.read_range(after=0, limit=10)
        await follower.stop()

    @pytest.mark.usefixtures("plain_stream")
    async def test_a_gap_is_a_mismatch(
        self, store: Store, link: NatsConnection, operator: NatsConnection, epoch: Epoch
    ) -> None:
        await Streams(operator.client()).request(f"STREAM.MSG.DELETE.{epoch.stream}", {"seq": 5})
        follower = await self.follow(link, epoch, store, 0, None)
        with pytest.raises(StreamMismatch, match="message 6 follows 4"):
            await follower.read(5)
        await follower.stop()

    @pytest.mark.usefixtures("plain_stream")
    async def test_another_event_at_the_cursor_is_a_mismatch(self, link: NatsConnection, epoch: Epoch) -> None:
        other = MemoryStore()
        await other.append([to_append(at("seat-1", 0, 10))])
        with pytest.raises(StreamMismatch, match="another event at 4"):
            await self.follow(link, epoch, other, 4, None)

    @pytest.mark.usefixtures("plain_stream")
    async def test_a_stream_created_anew_is_a_mismatch(self, store: Store, link: NatsConnection, epoch: Epoch) -> None:
        with pytest.raises(StreamMismatch, match="was created again"):
            await self.follow(link, epoch, store, 4, "2020-01-01T00:00:00Z")

    @pytest.mark.usefixtures("plain_stream")
    async def test_a_stream_that_ends_far_before_the_cursor_is_a_mismatch(
        self, store: Store, link: NatsConnection, epoch: Epoch
    ) -> None:
        with pytest.raises(StreamMismatch, match="holds 1 to 10, the reader is at 10000"):
            await self.follow(link, epoch, store, 10_000, None)

    @pytest.mark.usefixtures("plain_stream")
    async def test_a_deleted_consumer_is_a_mismatch(
        self, store: Store, link: NatsConnection, operator: NatsConnection, epoch: Epoch
    ) -> None:
        follower = await self.follow(link, epoch, store, 10, None)
        consumers = await Streams(operator.client()).request(f"CONSUMER.NAMES.{epoch.stream}")
        (consumer,) = consumers["consumers"]
        await Streams(operator.client()).request(f"CONSUMER.DELETE.{epoch.stream}.{consumer}")

        async def take() -> bool:
            return bool(await follower.read(0.05))

        with pytest.raises(StreamMismatch):
            await until_some(take, "the surprise")
        await follower.stop()

    def test_a_reply_not_written_by_jetstream_is_a_mismatch(self) -> None:
        assert sequence_of(b"$JS.ACK.S.consumer.1.42.7.1700000000.3") == (42, 3)
        with pytest.raises(StreamMismatch):
            sequence_of(b"_INBOX.stranger")

    async def test_a_command_without_its_last_part_waits(self) -> None:
        store = MemoryStore()
        await store.append([to_append(at("seat-1", 0, 2))])
        await store.append([to_append(at("seat-2", 0, 3))])
        events = await store.read_range(after=0, limit=10)
        assert [complete_commands(events[:count]) for count in range(6)] == [0, 0, 2, 2, 2, 5]
