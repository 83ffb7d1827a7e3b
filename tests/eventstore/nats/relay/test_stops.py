"""Differences that stop the relay: it reports the reason and waits for an operator."""

import asyncio

import pytest

from eventstore.memory import MemoryStore
from eventstore.nats.connection import NatsConnection, check_version
from eventstore.nats.epoch import Epoch, Epochs
from eventstore.nats.errors import NatsTooOld
from eventstore.nats.relay import Relay, RelayStopped
from eventstore.nats.relay.relay import check_dense
from eventstore.nats.streams import Streams
from eventstore.store import Store
from runtime.local.embedded import EmbeddedNats
from tests.eventstore.appends import at, to_append
from tests.eventstore.backends import PostgresBackend
from tests.eventstore.doubles import RestorableStore
from tests.eventstore.nats.bookings import Bookings, until, until_some
from tests.eventstore.nats.conftest import Relays, Stream, connected

STOPS_WITHIN_S = 60


class TestRelayStopped:
    async def test_given_a_stray_message_then_until_a_new_epoch(
        self,
        bookings: Bookings,
        relays: Relays,
        stream: Stream,
        operator: NatsConnection,
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
            await until_some(stream.deadline_passed(stopped_at), "the relay to go on in the new epoch")
        async with relays.running():
            await stream.catches_up_and_equals_the_log()

    @pytest.mark.parametrize(("events", "sentence"), [(3, "it was restored"), (7, "is not the event")])
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
            await store.append([to_append(at("seat-1", 0, 5))])
            await stream.reaches_the_head()
        restored = MemoryStore()
        await restored.append([to_append(at("seat-1", 0, events))])
        async with NatsConnection(nats.relay_url, name="relay") as link:
            await until_some(connected(link), "the connection")
            await Relay(store=store, epochs=epochs, link=link).resync(epoch)
            with pytest.raises(RelayStopped, match=sentence):
                await Relay(store=restored, epochs=epochs, link=link).resync(epoch)

    @pytest.mark.parametrize("new", [0, 7])
    async def test_given_a_log_that_is_restored_while_it_relays(
        self, epochs: Epochs, epoch: Epoch, nats: EmbeddedNats, operator: NatsConnection, new: int
    ) -> None:
        log = RestorableStore()
        restore = log.backup()
        await log.append([to_append(at("seat-1", 0, 5))])
        async with NatsConnection(nats.relay_url, name="relay") as link:
            await until_some(connected(link), "the connection")
            task = asyncio.create_task(Relay(store=log, epochs=epochs, link=link).relay(epoch))

            async def last_sequence() -> int:
                state = await Streams(operator.client()).state(epoch.stream)
                return state.last_sequence if state else 0

            async def has_published() -> bool:
                await log.append([to_append(at(f"seat-{await log.head()}", 0))])
                state = await Streams(operator.client()).state(epoch.stream)
                return state is not None and state.messages > 0

            await until_some(has_published, "the relay to publish")
            restore()
            await log.append([to_append(at(f"new-{number}", 0)) for number in range(await last_sequence() + new)])
            async with asyncio.timeout(STOPS_WITHIN_S):
                with pytest.raises(RelayStopped, match="was restored"):
                    await task

    async def test_given_another_server_or_timeline(
        self, postgres: PostgresBackend, store: Store, epochs: Epochs, epoch: Epoch, nats: EmbeddedNats
    ) -> None:
        elsewhere = Epoch(
            id=epoch.id,
            server=type(epoch.server)(system_identifier=epoch.server.system_identifier, timeline=2),
            reason=epoch.reason,
            began_at=epoch.began_at,
        )
        async with NatsConnection(nats.relay_url, name="relay") as link:
            with pytest.raises(RelayStopped, match=r"timeline 1; epoch .* timeline 2"):
                await Relay(store=store, epochs=epochs, link=link).resync(elsewhere)

    async def test_given_a_position_that_is_missing(self, store: Store) -> None:
        await store.append([to_append(at("seat-1", 0, 5))])
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
