"""The relay against a real nats-server, broken in every way while bookings run: the stream must repeat the log."""

import asyncio
import shutil
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from eventstore.epoch import Epoch, Epochs
from eventstore.errors import StoreUnavailable
from eventstore.jetstream.errors import NatsRefused, NatsTooOld, NatsUnavailable
from eventstore.jetstream.link import NatsLink, check_version
from eventstore.jetstream.message import Foreign
from eventstore.jetstream.stream import Streams
from eventstore.memory import MemoryStore
from eventstore.relay import AnnouncingJudge, Relay, RelayStopped, WakeUp
from eventstore.relay.publisher import BATCH_COMMIT, within_bytes
from eventstore.relay.relay import check_dense
from eventstore.store import Appended, Conflict, Replayed, Store
from runtime.embedded import EmbeddedNats
from tests.eventstore.appends import at, wish
from tests.eventstore.backends import PostgresBackend
from tests.eventstore.jetstream.bookings import Bookings, NothingInFlight, until, until_some
from tests.eventstore.jetstream.conftest import Relays, Stream, connected
from tests.eventstore.jetstream.wire import Wire
from tests.laws.world import OneByOne


class TestRelay:
    async def test_every_event_stands_at_the_sequence_that_is_its_position(
        self, store: Store, relays: Relays, stream: Stream
    ) -> None:
        for number in range(30):
            await store.append([wish(at(f"seat-{number}", 0, 5, data='{"title": "Škvorecký\\n"}'))])
        async with relays.running():
            await stream.says_what_the_log_says()
            await store.append([wish(at("seat-late", 0, 500))])
            await store.append([wish(at("seat-later", 0, 1))])
            await stream.says_what_the_log_says()

    async def test_a_stream_made_later_begins_after_the_head(
        self, store: Store, relays: Relays, stream: Stream, operator: NatsLink, epoch: Epoch
    ) -> None:
        await store.append([wish(at("seat-1", 0, 40))])
        async with relays.running():
            await until_some(stream.last_sequence, "the stream")
            state = await Streams(operator.client()).state(epoch.stream)
            assert state is not None
            assert (state.messages, state.first_sequence, state.last_sequence) == (0, 41, 40)

    async def test_nobody_deletes_or_purges_messages_and_only_the_operator_deletes_the_stream(
        self, store: Store, relays: Relays, stream: Stream, operator: NatsLink, nats: EmbeddedNats, epoch: Epoch
    ) -> None:
        async with relays.running():
            await until_some(stream.exists, "the stream")
            await store.append([wish(at("seat-1", 0, 3))])
            await stream.reaches_the_head()
        with pytest.raises(NatsRefused):
            await Streams(operator.client()).ask(f"STREAM.MSG.DELETE.{epoch.stream}", {"seq": 3})
        with pytest.raises(NatsRefused):
            await Streams(operator.client()).ask(f"STREAM.PURGE.{epoch.stream}", {})
        async with NatsLink(nats.relay_url, name="relay") as link:
            await until_some(connected(link), "the connection")
            with pytest.raises(NatsUnavailable):
                await Streams(link.client(), timeout_s=0.3).ask(f"STREAM.DELETE.{epoch.stream}")
        assert await stream.last_sequence() == 3

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


class TestLostAcknowledgements:
    async def test_then_the_stream_is_asked_again_and_nothing_is_doubled(
        self, bookings: Bookings, relays: Relays, stream: Stream, nats: EmbeddedNats
    ) -> None:
        async with Wire(nats.port) as wire, relays.running(url=wire.through(nats.relay_url)), bookings.going_on():
            for _ in range(3):
                async with bookings.while_broken():
                    before = await stream.last_sequence()
                    wire.deafen_at(BATCH_COMMIT.encode())
                    await until_some(_moved(stream, before), "a batch that is stored")
                    await until(lambda: wire.lost_bytes > 0, "its acknowledgement to be lost")
                wire.hear()
                wire.cut()
                await stream.reaches_the_head()
        async with relays.running():
            await stream.says_what_the_log_says()

    async def test_a_wire_cut_in_the_middle_of_a_batch_loses_nothing(
        self, bookings: Bookings, relays: Relays, stream: Stream, nats: EmbeddedNats
    ) -> None:
        async with Wire(nats.port) as wire, relays.running(url=wire.through(nats.relay_url)), bookings.going_on():
            for _ in range(20):
                async with bookings.while_broken(bookings=3):
                    wire.cut()
            await stream.reaches_the_head()
        async with relays.running():
            await stream.says_what_the_log_says()


class TestTwoRelays:
    async def test_of_two_relays_one_wins_each_batch(self, bookings: Bookings, relays: Relays, stream: Stream) -> None:
        async with relays.running() as first, relays.running() as second, bookings.going_on():
            async with bookings.while_broken(bookings=150):
                pass
            assert not first.done()
            assert not second.done()
        async with relays.running():
            await stream.says_what_the_log_says()

    async def test_without_the_expected_sequence_they_would_double_events(
        self, bookings: Bookings, relays: Relays, stream: Stream, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("eventstore.relay.publisher.EXPECTED_LAST_SEQUENCE", "Nobody-Expects")

        async def doubled() -> bool:
            try:
                await stream.repeats_the_log()
            except Foreign:
                return True
            except AssertionError:  # some of the log has not come yet
                return False
            return False

        async with relays.running(), relays.running(), bookings.going_on():
            await until_some(doubled, "an event that is told twice")


class TestStreamDeleted:
    async def test_then_it_is_made_again_from_the_head_on(
        self, bookings: Bookings, relays: Relays, stream: Stream, operator: NatsLink, epoch: Epoch, store: Store
    ) -> None:
        async with relays.running(), bookings.going_on():
            await until_some(stream.last_sequence, "the stream")
            async with bookings.while_broken():
                await Streams(operator.client()).ask(f"STREAM.DELETE.{epoch.stream}")
            await stream.reaches_the_head()
            state = await Streams(operator.client()).state(epoch.stream)
            assert state is not None
            assert state.first_sequence > 1
        async with relays.running():
            await stream.says_what_the_log_says()


class TestTailTruncated:
    async def test_an_older_copy_of_the_store_is_brought_up_to_date(
        self,
        bookings: Bookings,
        relays: Relays,
        stream: Stream,
        operator: NatsLink,
        nats: EmbeddedNats,
        tmp_path: Path,
    ) -> None:
        async with relays.running(), bookings.going_on():
            await until_some(stream.last_sequence, "the stream")
            await stream.reaches_the_head()
            async with bookings.while_broken():
                await asyncio.to_thread(nats.stop)
                await asyncio.to_thread(shutil.copytree, nats.data / "store", tmp_path / "older")
                await asyncio.to_thread(nats.start)
                await until_some(connected(operator), "the operator's connection")
                await stream.reaches_the_head()
                longest = await stream.last_sequence()
                await asyncio.to_thread(nats.stop)
                shutil.rmtree(nats.data / "store")
                (tmp_path / "older").rename(nats.data / "store")
                await asyncio.to_thread(nats.start)
                await until_some(connected(operator), "the operator's connection")
            await until_some(_moved(stream, longest), "the relay to make good what was lost")
        async with relays.running():
            await stream.says_what_the_log_says()


class TestNatsStopped:
    async def test_booking_goes_on_and_the_relay_catches_up(
        self, bookings: Bookings, relays: Relays, stream: Stream, operator: NatsLink, nats: EmbeddedNats
    ) -> None:
        async with relays.running(), bookings.going_on():
            await until_some(stream.last_sequence, "the stream")
            async with bookings.while_broken(bookings=100):
                await asyncio.to_thread(nats.stop)
            await asyncio.to_thread(nats.start)
            await until_some(connected(operator), "the operator's connection")
            await stream.reaches_the_head()
        async with relays.running():
            await stream.says_what_the_log_says()

    async def test_a_relay_started_without_nats_waits_for_it(
        self, bookings: Bookings, relays: Relays, operator: NatsLink, stream: Stream, nats: EmbeddedNats
    ) -> None:
        await asyncio.to_thread(nats.stop)
        async with relays.running(), bookings.going_on():
            async with bookings.while_broken():
                pass
            await asyncio.to_thread(nats.start)
            await until_some(connected(operator), "the operator's connection")
            await until_some(stream.last_sequence, "the stream")
        async with relays.running():
            await stream.says_what_the_log_says()


class TestStopsLoudly:
    async def test_given_a_stray_message_then_until_a_new_epoch(
        self,
        bookings: Bookings,
        relays: Relays,
        stream: Stream,
        operator: NatsLink,
        epochs: Epochs,
        epoch: Epoch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        async with relays.running() as task, bookings.going_on():
            await until_some(stream.last_sequence, "the stream")
            async with bookings.while_broken():
                await operator.client().publish(epoch.events_subject, b"a stranger")
            await until(lambda: "new-epoch" in capsys.readouterr().out, "the relay to stop")
            stopped_at = await stream.last_sequence()
            async with bookings.while_broken():
                assert await stream.last_sequence() == stopped_at
            assert not task.done()
            await epochs.begin("a stranger was on the subject")
            await until_some(_moved(stream, stopped_at), "the relay to go on in the new epoch")
        async with relays.running():
            await stream.says_what_the_log_says()

    @pytest.mark.parametrize(("events", "sentence"), [(3, "it went back"), (7, "is not the event")])
    async def test_given_a_log_that_is_not_the_one_relayed(
        self,
        store: Store,
        relays: Relays,
        stream: Stream,
        epochs: Epochs,
        epoch: Epoch,
        nats: EmbeddedNats,
        events: int,
        sentence: str,
    ) -> None:
        async with relays.running():
            await until_some(stream.exists, "the stream")
            await store.append([wish(at("seat-1", 0, 5))])
            await stream.reaches_the_head()
        restored = MemoryStore()
        await restored.append([wish(at("seat-1", 0, events))])
        async with NatsLink(nats.relay_url, name="relay") as link:
            await until_some(connected(link), "the connection")
            await Relay(store=store, epochs=epochs, link=link).resync(epoch)
            with pytest.raises(RelayStopped, match=sentence):
                await Relay(store=restored, epochs=epochs, link=link).resync(epoch)

    async def test_given_another_server_or_timeline(
        self, postgres: PostgresBackend, store: Store, epochs: Epochs, epoch: Epoch, nats: EmbeddedNats
    ) -> None:
        elsewhere = Epoch(
            id=epoch.id,
            server=type(epoch.server)(system_identifier=epoch.server.system_identifier, timeline=2),
            reason=epoch.reason,
            began_at=epoch.began_at,
        )
        async with NatsLink(nats.relay_url, name="relay") as link:
            with pytest.raises(RelayStopped, match=r"timeline 1; epoch .* timeline 2"):
                await Relay(store=store, epochs=epochs, link=link).resync(elsewhere)

    async def test_given_a_position_that_is_missing(self, store: Store) -> None:
        await store.append([wish(at("seat-1", 0, 5))])
        events = await store.read_range(after=0, limit=10)
        check_dense(0, events)
        with pytest.raises(RelayStopped, match="no position 3"):
            check_dense(0, [*events[:2], *events[3:]])
        with pytest.raises(RelayStopped, match="no position 1"):
            check_dense(0, events[1:])


class TestNatsTooOld:
    def test_then_it_is_refused_with_a_sentence(self) -> None:
        check_version(2, 12)
        check_version(3, 0)
        with pytest.raises(NatsTooOld, match=r"2\.9 is too old: .* 2\.12 or newer"):
            check_version(2, 9)


class TestBatch:
    async def test_it_ends_on_a_command_and_holds_at_least_one(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await store.append([wish(at(f"seat-{number}", 0, 3, data='"' + "x" * 1_000 + '"')) for number in range(4)])
        events = await store.read_range(after=0, limit=100)
        assert within_bytes(events) == events
        monkeypatch.setattr("eventstore.relay.publisher.BATCH_BYTES_MAX", 7_000)
        assert within_bytes(events) == events[:6]
        monkeypatch.setattr("eventstore.relay.publisher.BATCH_BYTES_MAX", 10)
        assert within_bytes(events) == events[:3]


class TestBookings:
    async def test_a_fault_that_met_no_booking_fails_its_test(self, store: Store) -> None:
        with pytest.raises(NothingInFlight):
            Bookings(store).require_some_between(0.0, 1e12)


def _moved(stream: Stream, sequence: int) -> Callable[[], Coroutine[Any, Any, bool]]:
    async def ask() -> bool:
        try:
            return await stream.last_sequence() > sequence
        except (NatsUnavailable, StoreUnavailable):
            return False

    return ask
