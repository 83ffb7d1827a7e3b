"""The store on a real server: concurrent connections, server restarts, and the server's own failures."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from eventstore.batcher import Batcher
from eventstore.errors import EventStoreError, OutcomeUnknown, ServerTooOld, StoreUnavailable
from eventstore.postgres import PostgresStore, appender
from eventstore.postgres.connection import check_version
from eventstore.postgres.migrate import migrate
from eventstore.store import Append, Appended, Conflict, RecordedEvent, Replayed, Store, Verdict
from runtime.local.embedded import EmbeddedPostgres
from tests.databases import role_password
from tests.eventstore.appends import at, to_append
from tests.eventstore.backends import PostgresBackend, app_url_of
from tests.eventstore.waiting import until

CONNECTIONS = 8
DEADLINE_S = 20.0


class TestEightConnections:
    async def test_positions_are_dense_and_become_visible_in_their_order(self, postgres: PostgresBackend) -> None:
        async with AsyncExitStack() as opened:
            stores = [await opened.enter_async_context(PostgresStore(postgres.app_url)) for _ in range(CONNECTIONS)]
            done = asyncio.Event()
            watching = asyncio.ensure_future(watch(postgres.store, done))
            await asyncio.gather(*(fill(store, number) for number, store in enumerate(stores)))
            done.set()
            seen = await watching
        log = await postgres.store.read_range(after=0, limit=10_000)
        assert [event.position for event in log] == list(range(1, CONNECTIONS * 30 * 3 + 1))
        assert seen == log
        assert [event.recorded_at for event in log] == sorted(event.recorded_at for event in log)
        interleaved = sum(one.stream[:6] != two.stream[:6] for one, two in pairwise(log))
        assert interleaved > CONNECTIONS

    async def test_of_many_writers_at_one_version_one_wins(self, postgres: PostgresBackend) -> None:
        async with AsyncExitStack() as opened:
            stores = [await opened.enter_async_context(PostgresStore(postgres.app_url)) for _ in range(CONNECTIONS)]
            for version in range(10):
                verdicts = await asyncio.gather(*(store.append([to_append(at("seat-1", version))]) for store in stores))
                kinds = [type(verdict) for (verdict,) in verdicts]
                assert (kinds.count(Appended), kinds.count(Conflict)) == (1, CONNECTIONS - 1)
        assert len(await postgres.store.read_stream("seat-1")) == 10


class TestDatabaseNotReady:
    async def test_given_a_database_without_the_schema_then_a_retry_is_allowed(self, postgres: PostgresBackend) -> None:
        empty = make_conninfo(postgres.app_url, dbname="postgres")
        async with PostgresStore(empty) as store:
            with pytest.raises(StoreUnavailable, match="does not exist"):
                await store.read_range(after=0, limit=1)
            with pytest.raises(StoreUnavailable, match="does not exist"):
                await store.append([to_append(at("seat-1", 0))])


class TestServerRestart:
    @pytest.fixture
    def own_server(self, tmp_path: Path) -> Iterator[EmbeddedPostgres]:
        """A server that the test may stop and start."""
        with EmbeddedPostgres(tmp_path / "postgres", fast=True) as server:
            yield server
        shutil.rmtree(tmp_path / "postgres")

    async def test_it_is_unavailable_and_afterwards_available_again(self, own_server: EmbeddedPostgres) -> None:
        await migrate(own_server.url, role_password=role_password)
        async with PostgresStore(app_url_of(own_server.url)) as store:
            batcher = Batcher(store)
            await batcher.submit(to_append(at("seat-1", 0)))
            await store.head()
            own_server.stop()
            with pytest.raises(StoreUnavailable):
                await store.append([to_append(at("seat-2", 0))])
            with pytest.raises(StoreUnavailable):
                await batcher.submit(to_append(at("seat-2", 0)))
            with pytest.raises(StoreUnavailable):
                await store.head()
            own_server.start()
            assert isinstance(await batcher.submit(to_append(at("seat-2", 0))), Appended)
            assert await store.head() == 2

    async def test_bookings_in_flight_when_it_goes_are_done_once(self, own_server: EmbeddedPostgres) -> None:
        await migrate(own_server.url, role_password=role_password)
        async with PostgresStore(app_url_of(own_server.url)) as store:
            batcher = Batcher(store)
            callers = [asyncio.ensure_future(book_sixty(batcher, number)) for number in range(20)]
            await until(lambda: has_sent(batcher, 200))
            await asyncio.to_thread(own_server.stop)
            await asyncio.to_thread(own_server.start)
            async with asyncio.timeout(DEADLINE_S):
                booked = sum(await asyncio.gather(*callers))
            assert await store.head() == booked
            await batcher.close()


class TestTransientFailures:
    async def test_a_lock_that_is_never_free_is_no_outcome_of_the_batch(
        self, postgres: PostgresBackend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("eventstore.postgres.connection.LOCK_TIMEOUT_S", 1)
        async with PostgresStore(postgres.app_url) as store, await owner_of(postgres) as owner:
            await owner.execute("SELECT pg_advisory_lock(8317987319222330741)")
            with pytest.raises(StoreUnavailable, match="lock timeout"):
                await store.append([to_append(at("seat-1", 0))])
            await owner.execute("SELECT pg_advisory_unlock(8317987319222330741)")
            assert isinstance((await store.append([to_append(at("seat-1", 0))]))[0], Appended)

    async def test_an_append_without_an_answer_times_out(
        self, postgres: PostgresBackend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(appender, "APPEND_TIMEOUT_S", 0.3)
        command = to_append(at("seat-1", 0))
        async with await owner_of(postgres) as owner:
            await owner.execute("SELECT pg_advisory_lock(8317987319222330741)")
            with pytest.raises(OutcomeUnknown):
                await postgres.store.append([command])
            await owner.execute("SELECT pg_advisory_unlock(8317987319222330741)")
        monkeypatch.undo()
        (verdict,) = await postgres.store.append([command])
        assert isinstance(verdict, Appended | Replayed), "the session that was given up may have gone on"
        assert await postgres.store.head() == 1

    async def test_a_log_that_is_read_only_takes_nothing(self, postgres: PostgresBackend) -> None:
        url = make_conninfo(postgres.app_url, options="-c default_transaction_read_only=on")
        async with PostgresStore(url) as store:
            with pytest.raises(StoreUnavailable, match="read-only"):
                await store.append([to_append(at("seat-1", 0))])

    async def test_a_read_on_an_ended_session_is_repeated(self, postgres: PostgresBackend) -> None:
        await postgres.store.head()
        async with await owner_of(postgres) as owner:
            await owner.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND application_name = 'seatledger read'"
            )
        assert await postgres.store.head() == 0


class TestOpening:
    def test_an_old_server_is_refused_with_what_to_do(self) -> None:
        check_version(160_000)
        with pytest.raises(ServerTooOld, match=r"PostgreSQL 15; Seatledger needs 16 or newer\. Upgrade the server"):
            check_version(150_012)

    async def test_no_server(self, postgres: PostgresBackend) -> None:
        with pytest.raises(StoreUnavailable):
            await PostgresStore(make_conninfo(postgres.app_url, port=1)).open()

    async def test_a_wrong_password(self, postgres: PostgresBackend) -> None:
        with pytest.raises(StoreUnavailable, match="password authentication failed"):
            await PostgresStore(make_conninfo(postgres.app_url, password="wrong")).open()


async def fill(store: PostgresStore, number: int) -> None:
    for step in range(10):
        batch = [to_append(at(f"{number:06}-{step}-{n}", 0, 2), at(f"{number:06}-{step}-{n}-b", 0)) for n in range(3)]
        await store.append(batch)


async def watch(store: Store, done: asyncio.Event) -> list[RecordedEvent]:
    """Read the log as a relay does: from each position once."""
    seen: list[RecordedEvent] = []
    last_round = False
    while not last_round:
        last_round = done.is_set()
        seen += await store.read_range(after=len(seen), limit=10_000)
    return seen


async def has_sent(batcher: Batcher, commands: int) -> bool:
    return batcher.counters.commands >= commands


async def book_sixty(batcher: Batcher, number: int) -> int:
    """Book 60 seats, retrying while the store is unavailable; return the number of bookings."""
    booked = 0
    while booked < 60:
        if await booked_once(batcher, to_append(at(f"seat-{number}-{booked}", 0))):
            booked += 1
    return booked


async def booked_once(batcher: Batcher, append: Append) -> bool:
    try:
        verdict: Verdict = await batcher.submit(append)
    except EventStoreError:
        await asyncio.sleep(0.01)
        return False
    return not isinstance(verdict, Conflict)


async def owner_of(postgres: PostgresBackend) -> psycopg.AsyncConnection[tuple[object, ...]]:
    return await psycopg.AsyncConnection.connect(postgres.owner_url, autocommit=True)
