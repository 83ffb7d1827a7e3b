"""A log, a JetStream stream with planted damage, and read models that are fed from both."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import Any

import orjson

from eventstore.checkpoint import BEGINNING
from eventstore.nats.connection import NatsConnection
from eventstore.nats.epoch import Epoch, Epochs
from eventstore.nats.errors import NatsRefused
from eventstore.nats.message import headers_of, payload_of
from eventstore.nats.publisher import publish_events
from eventstore.nats.streams import Streams, StreamState
from eventstore.store import RecordedEvent
from eventstore.subscription import HybridSubscription, SubscriptionLimits
from projections.engine.model import ReadModel
from projections.engine.queries import ReadModelQueries
from projections.my_orders import MY_ORDERS
from projections.sales.fold import SALES
from projections.seat_map.fold import SEAT_MAP
from runtime.local.embedded import EmbeddedNats
from tests.eventstore.nats.bookings import until_some
from tests.eventstore.nats.conftest import connected
from tests.eventstore.nats.faulty_proxy import FaultyProxy
from tests.projections.manual_projector import ManualProjector
from tests.projections.random_history import RandomHistory
from tests.projections.workers import execute
from tests.support.shop_scenario import ShopScenario
from tests.system.log import decoded, read_all
from tests.system.read_models import TABLES
from tests.system.reference_fold import fold_reference

PUBLISHED: Sequence[ReadModel] = (SEAT_MAP, MY_ORDERS, SALES)
COMMANDS = 6
READ_WITHIN_S = 30.0
LIMITS = SubscriptionLimits(
    near_events_max=100_000, follow_pause_s=0, silence_s=0.03, heartbeat_s=0.1, heartbeats_missed_max=2
)
EMPTY = """
DO $$
DECLARE found record;
BEGIN
    FOR found IN SELECT schemaname, tablename FROM pg_tables
                 WHERE schemaname IN (SELECT schema FROM projections.projection) LOOP
        EXECUTE format('TRUNCATE %I.%I', found.schemaname, found.tablename);
    END LOOP;
    UPDATE projections.projection SET position = 0;
END $$
"""
EVENTS_MAX = 100_000
ALTERED_FIELDS = {"expires_at": "2030-01-01T00:00:00Z", "total": 1, "amount": 1}


class FaultScript:
    """A log and its stream; each public method except `read` is a fault or a normal operation."""

    def __init__(
        self,
        *,
        epoch: Epoch,
        operator: NatsConnection,
        proxy: FaultyProxy,
        feed: HybridSubscription,
        shop_scenario: ShopScenario,
        seed: int,
        manual_projector: ManualProjector,
    ) -> None:
        self._epoch = epoch
        self._proxy = proxy
        self._operator = operator
        self._feed = feed
        self._scenario = shop_scenario
        self._random = Random(seed)
        self._history = RandomHistory(shop_scenario, self._random)
        self._projector = manual_projector
        self.followed = 0

    async def live(self) -> None:
        """Append the events of some random commands to the log."""
        await self._history.run(COMMANDS)

    async def relay(self) -> None:
        """Publish the missing events, as the relay does; create the stream if there is none."""
        state = await self._state() or await self._make(await self._scenario.store.head() + 1)
        missing = await self._log_after(state.last_sequence)
        if missing:
            await self._publish_batch(missing)

    async def twice(self) -> None:
        """Publish the last events again."""
        await self._publish((await self._log_after(0))[-self._random.randint(1, 5) :])

    async def out_of_order(self) -> None:
        """Publish the missing events in random order."""
        missing = await self._missing()
        await self._publish(self._random.sample(missing, len(missing)))

    async def with_a_hole(self) -> None:
        """Publish the missing events except one."""
        missing = await self._missing()
        if missing:
            missing.pop(self._random.randrange(len(missing)))
        await self._publish(missing)

    async def altered(self) -> None:
        """Publish the missing events with changed deadlines and totals, but unchanged digests."""
        await self._publish([with_altered_field(event) for event in await self._missing()])

    async def stranger(self) -> None:
        """Publish a message that is not an event."""
        if await self._state() is not None:
            await self._operator.client().jetstream().publish(self._epoch.events_subject, b"a stranger")

    async def one_deleted(self) -> None:
        """Delete one message."""
        state = await self._state()
        if state is not None and state.messages:
            sequence = self._random.randint(state.first_sequence, state.last_sequence)
            await self._ask("STREAM.MSG.DELETE", {"seq": sequence})

    async def wiped(self) -> None:
        """Delete every message."""
        await self._ask("STREAM.PURGE", {})

    async def gone(self) -> None:
        """Delete the stream."""
        await self._ask("STREAM.DELETE")

    async def forgotten(self) -> None:
        """Delete the reader's consumer."""
        found = await self._ask("CONSUMER.NAMES")
        for consumer in (found or {}).get("consumers") or ():
            await self._ask(f"CONSUMER.DELETE.{self._epoch.stream}.{consumer}", whole=True)

    async def mute(self) -> None:
        """Drop the reader's incoming data until its next read."""
        self._proxy.drops_answers = True

    async def older_copy(self) -> None:
        """Replace the stream by an older copy of it."""
        log = await self._log_after(0)
        await self._replaced_by(log[: self._command_end(log)])

    async def of_another_log(self) -> None:
        """Replace the stream by the stream of another log of at least the same length."""
        other = ShopScenario()
        await RandomHistory(other, Random(self._random.random())).run(COMMANDS)
        while await other.store.head() < await self._scenario.store.head():
            await RandomHistory(other, Random(self._random.random())).run(COMMANDS)
        await self._replaced_by(await other.store.read_range(after=0, limit=EVENTS_MAX))

    async def read(self) -> None:
        """Feed the read models up to the current end of the log."""
        head = await self._scenario.store.head()
        async with asyncio.timeout(READ_WITHIN_S):
            while self._feed.position < head:
                events = await self._feed.next()
                self.followed += len(events) if self._feed.is_streaming else 0
                await self._projector.fold_events(events)
        if self._proxy.drops_answers:
            self._proxy.forward_answers()
            self._proxy.cut()

    async def rows_equal_the_fold(self, models: ReadModelQueries) -> None:
        """Assert that the read models equal an independent fold of the log."""
        expected = fold_reference(decoded(await read_all(self._scenario.store))).rows()
        for table, (model, query) in TABLES.items():
            if model in {fed.name for fed in PUBLISHED}:
                found = (await models.fetch([model], query, {})).rows
                assert {tuple(row.values()) for row in found} == expected[table], table

    async def close(self) -> None:
        """Close the subscription and delete the stream."""
        await self._feed.close()
        await self.gone()

    async def _missing(self) -> list[RecordedEvent]:
        state = await self._state()
        return [] if state is None else await self._log_after(state.last_sequence)

    async def _log_after(self, position: int) -> list[RecordedEvent]:
        return await self._scenario.store.read_range(after=position, limit=EVENTS_MAX)

    def _command_end(self, log: Sequence[RecordedEvent]) -> int:
        ends = [event.position for event in log if event.part == event.parts]
        return self._random.choice(ends) if ends else 0

    async def _replaced_by(self, events: Sequence[RecordedEvent]) -> None:
        await self.gone()
        await self._make(1)
        if events:
            await self._publish_batch(events)

    async def _publish(self, events: Sequence[RecordedEvent]) -> None:
        if await self._state() is None:
            return
        publish = self._operator.client().jetstream().publish
        for event in events:
            await publish(self._epoch.events_subject, payload_of(event), headers=headers_of(event))

    async def _publish_batch(self, events: Sequence[RecordedEvent]) -> None:
        for first in range(0, len(events), 1_000):
            await publish_events(self._operator.client(), self._epoch.events_subject, events[first : first + 1_000])

    async def _make(self, first_sequence: int) -> StreamState:
        command = {"subjects": [self._epoch.events_subject], "storage": "memory"}
        await self._ask("STREAM.CREATE", {"name": self._epoch.stream, "first_seq": first_sequence, **command})
        state = await self._state()
        assert state is not None
        return state

    async def _state(self) -> StreamState | None:
        return await Streams(self._operator.client()).state(self._epoch.stream)

    async def _ask(self, verb: str, body: Any = None, *, whole: bool = False) -> dict[str, Any] | None:
        try:
            subject = verb if whole else f"{verb}.{self._epoch.stream}"
            return await Streams(self._operator.client()).request(subject, body)
        except NatsRefused:
            return None


def with_altered_field(event: RecordedEvent) -> RecordedEvent:
    """Return an event with changed values of `ALTERED_FIELDS`, if it has such fields."""
    data = orjson.loads(event.data)
    changed = {name: value for name, value in ALTERED_FIELDS.items() if name in data}
    return event._replace(data=orjson.dumps(data | changed).decode())


class DamagedStream:
    """Runs fault scripts one after the other, on one database, nats-server and set of connections."""

    def __init__(
        self,
        *,
        epochs: Epochs,
        proxy: FaultyProxy,
        reader: NatsConnection,
        operator: NatsConnection,
        manual_projector: ManualProjector,
        owner_url: str,
    ) -> None:
        self._epochs = epochs
        self._proxy = proxy
        self._reader = reader
        self._operator = operator
        self._projector = manual_projector
        self._owner_url = owner_url

    @asynccontextmanager
    async def run(self, seed: int) -> AsyncIterator[FaultScript]:
        """Give a script with an empty log, no stream and empty read models."""
        await execute(self._owner_url, EMPTY)
        self._projector.checkpoint = BEGINNING
        shop_scenario, epoch = ShopScenario(), await self._epochs.begin("another script")
        feed = HybridSubscription(
            store=shop_scenario.store, epochs=self._epochs, link=self._reader, after=0, limits=LIMITS
        )
        script = FaultScript(
            epoch=epoch,
            operator=self._operator,
            proxy=self._proxy,
            feed=feed,
            shop_scenario=shop_scenario,
            seed=seed,
            manual_projector=self._projector,
        )
        try:
            yield script
        finally:
            await script.close()


@asynccontextmanager
async def open_damaged_stream(
    *, projector_url: str, owner_url: str, nats: EmbeddedNats
) -> AsyncIterator[DamagedStream]:
    """Open the connections; the reader's goes through a proxy that can drop incoming data."""
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(FaultyProxy(nats.port))
        reader = await stack.enter_async_context(NatsConnection(proxy.through(nats.app_url), name="reader"))
        operator = await stack.enter_async_context(NatsConnection(nats.operator_url, name="operator"))
        for link in (reader, operator):
            await until_some(connected(link), "the connection")
        epochs = Epochs(projector_url)
        stack.push_async_callback(epochs.close)
        manual_projector = await stack.enter_async_context(ManualProjector(projector_url, PUBLISHED))
        yield DamagedStream(
            epochs=epochs,
            proxy=proxy,
            reader=reader,
            operator=operator,
            manual_projector=manual_projector,
            owner_url=owner_url,
        )
