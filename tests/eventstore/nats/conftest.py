"""A log with a relay: a database and a nats-server per test, epochs, connections, relays."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from eventstore.errors import StoreUnavailable
from eventstore.nats.connection import NatsConnection
from eventstore.nats.epoch import Epoch, Epochs
from eventstore.nats.errors import NatsUnavailable
from eventstore.nats.message import encode_headers, event_of
from eventstore.nats.relay import Relay
from eventstore.nats.streams import Streams
from eventstore.postgres.roles import PROJECTOR_ROLE, role_url
from eventstore.store import RecordedEvent, Store
from runtime.local.embedded import EmbeddedNats
from tests.databases import role_password
from tests.eventstore.backends import PostgresBackend
from tests.eventstore.nats.bookings import Bookings, until_some

RELAY_TIMEOUT_S = 0.5


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[EmbeddedNats]:
    """A nats-server that the test may stop, start and damage."""
    server = EmbeddedNats(tmp_path / "nats")
    with server:
        yield server
    shutil.rmtree(tmp_path / "nats")


@pytest.fixture
def store(postgres: PostgresBackend) -> Store:
    """The log."""
    return postgres.store


@pytest.fixture
async def epochs(postgres: PostgresBackend) -> AsyncIterator[Epochs]:
    """The epoch's row, with the projector's role."""
    opened = Epochs(role_url(postgres.owner_url, PROJECTOR_ROLE, role_password(PROJECTOR_ROLE)))
    yield opened
    await opened.close()


@pytest.fixture
async def epoch(epochs: Epochs) -> Epoch:
    """The first epoch."""
    return await epochs.current_or_first()


@pytest.fixture
def bookings(store: Store) -> Bookings:
    """Bookings in the log."""
    return Bookings(store)


@pytest.fixture
async def operator(nats: EmbeddedNats) -> AsyncIterator[NatsConnection]:
    """A connection that may do everything with the stream."""
    async with NatsConnection(nats.operator_url, name="operator") as link:
        await until_some(connected(link), "the operator's connection")
        yield link


class Relays:
    """Starts relays, each as a task with its own connection."""

    def __init__(self, store: Store, epochs: Epochs, nats: EmbeddedNats) -> None:
        self._store = store
        self._epochs = epochs
        self._nats = nats

    @asynccontextmanager
    async def running(self, *, url: str | None = None) -> AsyncIterator[asyncio.Task[None]]:
        """Run a relay during the block."""
        async with AsyncExitStack() as stack:
            link = await stack.enter_async_context(NatsConnection(url or self._nats.relay_url, name="relay"))
            relay = Relay(store=self._store, epochs=self._epochs, link=link, timeout_s=RELAY_TIMEOUT_S)
            task = asyncio.create_task(relay.run())
            try:
                yield task
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


@pytest.fixture
def relays(store: Store, epochs: Epochs, nats: EmbeddedNats) -> Relays:
    """Relays to start."""
    return Relays(store, epochs, nats)


class Stream:
    """The content of the stream, read over the operator's connection."""

    def __init__(self, link: NatsConnection, store: Store, epochs: Epochs) -> None:
        self._link = link
        self._store = store
        self._epochs = epochs

    async def last_sequence(self) -> int:
        """Return the stream's last sequence, 0 without a stream."""
        epoch = await self._epochs.current()
        state = await Streams(self._link.client()).state(epoch.stream) if epoch else None
        return state.last_sequence if state else 0

    async def exists(self) -> bool:
        """Tell whether there is a stream of the current epoch."""
        epoch = await self._epochs.current()
        return epoch is not None and await Streams(self._link.client()).state(epoch.stream) is not None

    def deadline_passed(self, sequence: int) -> Callable[[], Coroutine[Any, Any, bool]]:
        """Return a function that tells whether the stream ends after a sequence."""

        async def ask() -> bool:
            try:
                return await self.last_sequence() > sequence
            except (NatsUnavailable, StoreUnavailable):
                return False

        return ask

    async def reaches_the_head(self) -> None:
        """Wait until the stream has reached the end of the log."""
        head = await self._store.head()

        async def there() -> bool:
            return await self.last_sequence() >= head

        await until_some(there, f"the relay to reach {head}")

    async def catches_up_and_equals_the_log(self) -> None:
        """Wait for the relay, then compare every message with its event and check for gaps."""
        await self.reaches_the_head()
        await self.equals_the_log()

    async def equals_the_log(self) -> None:
        """Compare every message with its event and check for gaps."""
        epoch = await self._epochs.current()
        assert epoch is not None
        state = await Streams(self._link.client()).state(epoch.stream)
        assert state is not None
        assert state.messages == state.last_sequence - state.first_sequence + 1
        log = await self._log_after(state.first_sequence - 1)
        subscription = await self._link.client().jetstream().subscribe(epoch.events_subject, ordered_consumer=True)
        try:
            for event in log[: state.messages]:
                message = await subscription.next_msg(timeout=5)
                block = encode_headers(message.headers or {})
                assert event_of(message.metadata.sequence.stream, block, message.data) == event
        finally:
            await subscription.unsubscribe()
        assert len(log) == state.messages

    async def _log_after(self, position: int) -> list[RecordedEvent]:
        log: list[RecordedEvent] = []
        while events := await self._store.read_range(after=position, limit=5_000):
            log += events
            position = events[-1].position
        return log


@pytest.fixture
def stream(operator: NatsConnection, store: Store, epochs: Epochs) -> Stream:
    """The stream, read over the operator's connection."""
    return Stream(operator, store, epochs)


def connected(link: NatsConnection) -> Callable[[], Coroutine[Any, Any, bool]]:
    """Return a function that tells whether a connection is open."""

    async def ask() -> bool:
        try:
            return link.client().is_connected
        except NatsUnavailable:
            return False

    return ask
