"""The relay with a real nats-server under faults and load: the stream must equal the log."""

import asyncio
import shutil
from pathlib import Path

import pytest

from eventstore.nats.connection import NatsConnection
from eventstore.nats.epoch import Epoch
from eventstore.nats.publisher import EXPECTED_LAST_SEQUENCE
from eventstore.nats.streams import Streams
from eventstore.store import Store
from runtime.local.embedded import EmbeddedNats
from tests.eventstore.nats.bookings import Bookings, NothingInFlight, until, until_some
from tests.eventstore.nats.conftest import Relays, Stream, connected
from tests.eventstore.nats.faulty_proxy import FaultyProxy


class TestLostAcknowledgements:
    async def test_then_the_stream_end_is_read_again_and_nothing_is_stored_twice(
        self, bookings: Bookings, relays: Relays, stream: Stream, nats: EmbeddedNats
    ) -> None:
        async with (
            FaultyProxy(nats.port) as proxy,
            relays.running(url=proxy.through(nats.relay_url)),
            bookings.going_on(),
        ):
            for _ in range(3):
                async with bookings.while_broken():
                    before = await stream.last_sequence()
                    proxy.drop_answers_from(EXPECTED_LAST_SEQUENCE.encode())
                    await until_some(stream.deadline_passed(before), "a batch that is stored")
                    await until(lambda: proxy.lost_bytes > 0, "its acknowledgement to be lost")
                proxy.forward_answers()
                proxy.cut()
                await stream.reaches_the_head()
        async with relays.running():
            await stream.catches_up_and_equals_the_log()

    async def test_a_connection_cut_in_the_middle_of_a_batch_loses_nothing(
        self, bookings: Bookings, relays: Relays, stream: Stream, nats: EmbeddedNats
    ) -> None:
        async with (
            FaultyProxy(nats.port) as proxy,
            relays.running(url=proxy.through(nats.relay_url)),
            bookings.going_on(),
        ):
            for _ in range(20):
                async with bookings.while_broken(bookings=3):
                    proxy.cut()
            await stream.reaches_the_head()
        async with relays.running():
            await stream.catches_up_and_equals_the_log()


class TestStreamDeleted:
    async def test_then_it_is_made_again_from_the_head_on(
        self, bookings: Bookings, relays: Relays, stream: Stream, operator: NatsConnection, epoch: Epoch, store: Store
    ) -> None:
        async with relays.running(), bookings.going_on():
            await until_some(stream.last_sequence, "the stream")
            async with bookings.while_broken():
                await Streams(operator.client()).request(f"STREAM.DELETE.{epoch.stream}")
            await stream.reaches_the_head()
            state = await Streams(operator.client()).state(epoch.stream)
            assert state is not None
            assert state.first_sequence > 1
        async with relays.running():
            await stream.catches_up_and_equals_the_log()


class TestTailTruncated:
    async def test_an_older_copy_of_the_store_is_brought_up_to_date(
        self,
        bookings: Bookings,
        relays: Relays,
        stream: Stream,
        operator: NatsConnection,
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
            await until_some(stream.deadline_passed(longest), "the relay to make good what was lost")
        async with relays.running():
            await stream.catches_up_and_equals_the_log()


class TestNatsStopped:
    async def test_booking_continues_and_the_relay_catches_up(
        self, bookings: Bookings, relays: Relays, stream: Stream, operator: NatsConnection, nats: EmbeddedNats
    ) -> None:
        async with relays.running(), bookings.going_on():
            await until_some(stream.last_sequence, "the stream")
            async with bookings.while_broken(bookings=100):
                await asyncio.to_thread(nats.stop)
            await asyncio.to_thread(nats.start)
            await until_some(connected(operator), "the operator's connection")
            await stream.reaches_the_head()
        async with relays.running():
            await stream.catches_up_and_equals_the_log()

    async def test_a_relay_started_without_nats_waits_for_it(
        self, bookings: Bookings, relays: Relays, operator: NatsConnection, stream: Stream, nats: EmbeddedNats
    ) -> None:
        await asyncio.to_thread(nats.stop)
        async with relays.running(), bookings.going_on():
            async with bookings.while_broken():
                pass
            await asyncio.to_thread(nats.start)
            await until_some(connected(operator), "the operator's connection")
            await until_some(stream.last_sequence, "the stream")
        async with relays.running():
            await stream.catches_up_and_equals_the_log()


class TestBookings:
    async def test_a_fault_that_met_no_booking_fails_its_test(self, store: Store) -> None:
        with pytest.raises(NothingInFlight):
            Bookings(store).require_some_between(0.0, 1e12)
