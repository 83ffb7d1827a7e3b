"""The relay with a real nats-server: the stream equals the log, with several relays and large batches."""

from collections.abc import Sequence

import pytest

from eventstore.nats.connection import NatsConnection
from eventstore.nats.epoch import Epoch
from eventstore.nats.errors import NatsRefused, NatsUnavailable
from eventstore.nats.message import UnexpectedMessage, payload_of
from eventstore.nats.publisher import EXPECTED_LAST_SEQUENCE, chain_headers, limit_bytes
from eventstore.nats.streams import Streams
from eventstore.store import RecordedEvent, Store
from runtime.local.embedded import EmbeddedNats
from tests.eventstore.appends import at, to_append
from tests.eventstore.nats.bookings import Bookings, until_some
from tests.eventstore.nats.conftest import Relays, Stream, connected


class TestRelay:
    async def test_the_sequence_of_every_event_is_its_position(
        self, store: Store, relays: Relays, stream: Stream
    ) -> None:
        for number in range(30):
            await store.append([to_append(at(f"seat-{number}", 0, 5, data='{"title": "Škvorecký\\n"}'))])
        async with relays.running():
            await stream.catches_up_and_equals_the_log()
            await store.append([to_append(at("seat-late", 0, 500))])
            await store.append([to_append(at("seat-later", 0, 1))])
            await stream.catches_up_and_equals_the_log()

    async def test_a_stream_made_later_begins_after_the_head(
        self, store: Store, relays: Relays, stream: Stream, operator: NatsConnection, epoch: Epoch
    ) -> None:
        await store.append([to_append(at("seat-1", 0, 40))])
        async with relays.running():
            await until_some(stream.last_sequence, "the stream")
            state = await Streams(operator.client()).state(epoch.stream)
            assert state is not None
            assert (state.messages, state.first_sequence, state.last_sequence) == (0, 41, 40)

    async def test_messages_cannot_be_deleted_and_only_the_operator_deletes_the_stream(
        self, store: Store, relays: Relays, stream: Stream, operator: NatsConnection, nats: EmbeddedNats, epoch: Epoch
    ) -> None:
        async with relays.running():
            await until_some(stream.exists, "the stream")
            await store.append([to_append(at("seat-1", 0, 3))])
            await stream.reaches_the_head()
        with pytest.raises(NatsRefused):
            await Streams(operator.client()).request(f"STREAM.MSG.DELETE.{epoch.stream}", {"seq": 3})
        with pytest.raises(NatsRefused):
            await Streams(operator.client()).request(f"STREAM.PURGE.{epoch.stream}", {})
        async with NatsConnection(nats.relay_url, name="relay") as link:
            await until_some(connected(link), "the connection")
            with pytest.raises(NatsUnavailable):
                await Streams(link.client(), timeout_s=0.3).request(f"STREAM.DELETE.{epoch.stream}")
        assert await stream.last_sequence() == 3


class TestTwoRelays:
    async def test_of_two_relays_one_wins_each_event(self, bookings: Bookings, relays: Relays, stream: Stream) -> None:
        async with relays.running() as first, relays.running() as second, bookings.going_on():
            async with bookings.while_broken(bookings=150):
                pass
            assert not first.done()
            assert not second.done()
        async with relays.running():
            await stream.catches_up_and_equals_the_log()

    async def test_without_what_each_follows_they_would_double_events(
        self, bookings: Bookings, relays: Relays, stream: Stream, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for header in ("EXPECTED_LAST_SEQUENCE", "EXPECTED_LAST_MESSAGE_ID", "MESSAGE_ID"):
            monkeypatch.setattr(f"eventstore.nats.publisher.{header}", "Nobody-Looks")

        async def doubled() -> bool:
            try:
                await stream.equals_the_log()
            except UnexpectedMessage:
                return True
            except AssertionError:  # the relay has not caught up yet
                return False
            return False

        async with relays.running(), relays.running(), bookings.going_on():
            await until_some(doubled, "an event that is told twice")


class TestForeignMessage:
    @pytest.fixture
    async def six(self, store: Store, operator: NatsConnection, epoch: Epoch) -> Sequence[RecordedEvent]:
        """Six events, and an empty stream for them."""
        await Streams(operator.client()).create(epoch.stream, epoch.events_subject, first_sequence=1)
        await store.append([to_append(at("seat-1", 0, 6))])
        return await store.read_range(after=0, limit=6)

    async def sent(
        self, operator: NatsConnection, epoch: Epoch, events: Sequence[RecordedEvent], headers: Sequence[dict[str, str]]
    ) -> int:
        """Publish three events, a foreign message and the other events; return the stream's end."""
        client, subject = operator.client(), epoch.events_subject
        for number, (event, said) in enumerate(zip(events, headers, strict=True)):
            if number == 3:
                await client.publish(subject, b"a stranger")
            await client.request(subject, payload_of(event), timeout=10, headers=said)  # answered, stored or refused
        state = await Streams(client).state(epoch.stream)
        assert state is not None
        return state.last_sequence

    async def test_in_the_middle_of_a_batch_then_nothing_follows_it(
        self, operator: NatsConnection, epoch: Epoch, six: Sequence[RecordedEvent]
    ) -> None:
        assert await self.sent(operator, epoch, six, chain_headers(six)) == 4

    async def test_by_their_sequences_alone_the_next_but_one_would(
        self, operator: NatsConnection, epoch: Epoch, six: Sequence[RecordedEvent]
    ) -> None:
        by_sequence = [{EXPECTED_LAST_SEQUENCE: str(event.position - 1)} for event in six]
        assert await self.sent(operator, epoch, six, by_sequence) == 6


class TestBatch:
    async def test_it_ends_on_a_command_and_holds_at_least_one(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await store.append([to_append(at(f"seat-{number}", 0, 3, data='"' + "x" * 1_000 + '"')) for number in range(4)])
        events = await store.read_range(after=0, limit=100)
        assert limit_bytes(events) == events
        monkeypatch.setattr("eventstore.nats.publisher.BATCH_BYTES_MAX", 7_000)
        assert limit_bytes(events) == events[:6]
        monkeypatch.setattr("eventstore.nats.publisher.BATCH_BYTES_MAX", 10)
        assert limit_bytes(events) == events[:3]
