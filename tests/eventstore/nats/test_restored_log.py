"""After a restore JetStream holds events that the log has lost: they are never delivered."""

from collections.abc import Sequence

import pytest

from eventstore.errors import LogRestored
from eventstore.nats.connection import NatsConnection
from eventstore.nats.epoch import Epoch, Epochs
from eventstore.nats.publisher import publish_events
from eventstore.nats.streams import Streams
from eventstore.store import RecordedEvent
from eventstore.subscription import HybridSubscription, PollingSubscription, Subscription
from runtime.local.embedded import EmbeddedNats
from tests.eventstore.appends import at, to_append
from tests.eventstore.doubles import RestorableStore
from tests.eventstore.nats.bookings import until_some
from tests.eventstore.nats.conftest import connected

BACKED_UP = 20
LOST = 50


@pytest.fixture
async def log() -> RestorableStore:
    """A log with some events, as in the backup."""
    store = RestorableStore()
    for number in range(BACKED_UP):
        await store.append([to_append(at(f"seat-{number}", 0))])
    return store


async def append_more(store: RestorableStore, count: int, kind: str) -> None:
    for number in range(count):
        await store.append([to_append(at(f"{kind}-{number}", 0))])


async def publish_all(operator: NatsConnection, epoch: Epoch, events: Sequence[RecordedEvent]) -> None:
    stream = {"name": epoch.stream, "subjects": [epoch.events_subject], "storage": "memory"}
    await Streams(operator.client()).request(f"STREAM.CREATE.{epoch.stream}", stream)
    await publish_events(operator.client(), epoch.events_subject, events)


async def read_upto(feed: Subscription, position: int) -> list[RecordedEvent]:
    events: list[RecordedEvent] = []
    while not events or events[-1].position < position:
        events += await feed.next()
    return events


class TestStreamAheadOfTheLog:
    @pytest.mark.parametrize("new", [0, 3, LOST + 10])
    async def test_a_reader_is_given_the_log_alone(
        self, log: RestorableStore, nats: EmbeddedNats, operator: NatsConnection, epochs: Epochs, epoch: Epoch, new: int
    ) -> None:
        restore = log.backup()
        await append_more(log, LOST, "lost")
        await publish_all(operator, epoch, await log.read_range(after=0, limit=1_000))
        restore()
        await append_more(log, new, "new")
        async with NatsConnection(nats.app_url, name="project") as link:
            await until_some(connected(link), "the connection")
            feed = HybridSubscription(store=log, epochs=epochs, link=link, after=0)
            head = BACKED_UP + new
            assert await read_upto(feed, head) == await log.read_range(after=0, limit=1_000)
            await log.append([to_append(at("seat-last", 0))])
            assert await read_upto(feed, head + 1) == await log.read_range(after=head, limit=10)
            assert not feed.is_streaming
            await feed.close()

    async def test_events_that_only_the_stream_holds_are_not_delivered(
        self, log: RestorableStore, nats: EmbeddedNats, operator: NatsConnection, epochs: Epochs, epoch: Epoch
    ) -> None:
        await publish_all(operator, epoch, await log.read_range(after=0, limit=1_000))
        async with NatsConnection(nats.app_url, name="project") as link:
            await until_some(connected(link), "the connection")
            feed = HybridSubscription(store=log, epochs=epochs, link=link, after=0)
            await read_upto(feed, BACKED_UP)
            assert feed.is_streaming
            restore = log.backup()
            await append_more(log, 5, "lost")
            lost = await log.read_range(after=BACKED_UP, limit=10)
            restore()
            await publish_events(operator.client(), epoch.events_subject, lost)
            await append_more(log, 5, "new")
            assert await read_upto(feed, BACKED_UP + 5) == await log.read_range(after=BACKED_UP, limit=10)
            await feed.close()


class TestReaderAheadOfTheLog:
    async def test_one_beyond_the_end_is_refused(self, log: RestorableStore) -> None:
        feed = PollingSubscription(store=log, after=BACKED_UP + 1)
        with pytest.raises(LogRestored, match=f"ends at {BACKED_UP} but had been read up to {BACKED_UP + 1}"):
            await feed.next()

    @pytest.mark.parametrize("new", [0, LOST, LOST + 10])
    async def test_one_that_read_what_was_lost_is_refused_however_far_the_log_is_by_then(
        self, log: RestorableStore, new: int
    ) -> None:
        restore = log.backup()
        await append_more(log, LOST, "lost")
        feed = PollingSubscription(store=log, after=0)
        await read_upto(feed, BACKED_UP + LOST)
        restore()
        await append_more(log, new, "new")
        with pytest.raises(LogRestored):
            await feed.next()

    async def test_a_reader_of_kept_events_continues(self, log: RestorableStore) -> None:
        restore = log.backup()
        feed = PollingSubscription(store=log, after=0)
        await read_upto(feed, BACKED_UP)
        await append_more(log, LOST, "lost")
        restore()
        await append_more(log, 3, "new")
        assert await read_upto(feed, BACKED_UP + 3) == await log.read_range(after=BACKED_UP, limit=10)
