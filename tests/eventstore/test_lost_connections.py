"""Connections lost during an append: the batch is resent until it has a verdict, and takes effect at most once."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, TypeVar

import psycopg
import pytest

from eventstore.batcher import Batcher
from eventstore.errors import OutcomeUnknown
from eventstore.postgres import PostgresStore, appender
from eventstore.postgres.connection import Connection, Session
from eventstore.store import Appended, Conflict, Replayed
from tests.eventstore.appends import at, to_append
from tests.eventstore.backends import PostgresBackend
from tests.eventstore.proxy import Proxy
from tests.eventstore.waiting import DEADLINE_S, until

Answer = TypeVar("Answer")

APPEND_LOCK = 8317987319222330741
WAITING_APPENDS = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'seatledger append' AND wait_event = 'advisory'
"""


@pytest.fixture
async def proxy(postgres: PostgresBackend) -> AsyncIterator[Proxy]:
    async with Proxy(postgres.app_url) as opened:
        yield opened


@pytest.fixture
async def batcher(proxy: Proxy) -> AsyncIterator[Batcher]:
    """A batcher connected through the proxy, after one append."""
    async with PostgresStore(proxy.url) as store:
        batcher = Batcher(store)
        await batcher.submit(to_append(at("warm-up", 0)))
        yield batcher
        await batcher.close()


@pytest.fixture
async def owner(postgres: PostgresBackend) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    async with await psycopg.AsyncConnection.connect(postgres.owner_url, autocommit=True) as connection:
        yield connection


class TestConnectionLostWhileWaitingForTheLock:
    async def test_the_batch_is_sent_again_and_takes_effect_once(
        self, postgres: PostgresBackend, proxy: Proxy, batcher: Batcher, owner: psycopg.AsyncConnection[Any]
    ) -> None:
        await owner.execute("SELECT pg_advisory_lock(%s)", [APPEND_LOCK])
        tasks = [asyncio.ensure_future(batcher.submit(to_append(at(f"seat-{n}", 0, 2)))) for n in range(5)]
        (first,) = await waiting(owner, besides=set())
        proxy.cut()
        (second,) = await waiting(owner, besides={first})
        assert not any(task.done() for task in tasks)
        await owner.execute("SELECT pg_advisory_unlock(%s)", [APPEND_LOCK])
        verdicts = await soon(*tasks)
        assert [type(verdict) for verdict in verdicts] == [Appended] * 5
        assert [event.stream for event in await postgres.store.read_range(after=1, limit=100)] == [
            f"seat-{n}" for n in range(5) for _ in range(2)
        ]
        assert batcher.counters.resent >= 1
        assert second != first

    async def test_what_a_rival_wrote_meanwhile_makes_it_a_refusal_and_nothing_is_sold(
        self, postgres: PostgresBackend, proxy: Proxy, batcher: Batcher, owner: psycopg.AsyncConnection[Any]
    ) -> None:
        await owner.execute("SELECT pg_advisory_lock(%s)", [APPEND_LOCK])
        rival = asyncio.ensure_future(postgres.store.append([to_append(at("seat-1", 0))]))
        rivals = await waiting(owner, besides=set())
        ours = asyncio.ensure_future(batcher.submit(to_append(at("seat-1", 0), at("seat-2", 0))))
        first = await waiting(owner, besides=rivals)
        proxy.cut()
        await waiting(owner, besides=rivals | first)
        await owner.execute("SELECT pg_advisory_unlock(%s)", [APPEND_LOCK])
        assert await soon(ours) == [Conflict(stream="seat-1", version=1)]
        await rival
        assert await postgres.store.read_streams(["seat-2"]) == {"seat-2": []}


class TestLostAnswer:
    async def test_the_batch_is_found_done(self, postgres: PostgresBackend, proxy: Proxy, batcher: Batcher) -> None:
        proxy.answers.clear()
        ours = asyncio.ensure_future(batcher.submit(to_append(at("seat-1", 0))))
        await until(lambda: head_is(postgres, 2))
        proxy.cut()
        proxy.answers.set()
        (verdict,) = await soon(ours)
        assert isinstance(verdict, Replayed)
        assert await postgres.store.head() == 2

    async def test_without_a_batcher_the_caller_gets_the_error(self, postgres: PostgresBackend, proxy: Proxy) -> None:
        command = to_append(at("seat-1", 0))
        async with PostgresStore(proxy.url) as store:
            await store.append([to_append(at("warm-up", 0))])
            proxy.answers.clear()
            ours = asyncio.ensure_future(store.append([command]))
            await until(lambda: head_is(postgres, 2))
            proxy.cut()
            with pytest.raises(OutcomeUnknown):
                await soon(ours)
            proxy.answers.set()
            (verdict,) = await store.append([command])
        assert isinstance(verdict, Replayed)

    async def test_a_caller_who_gives_up_leaves_the_store_in_order(
        self, postgres: PostgresBackend, proxy: Proxy
    ) -> None:
        async with PostgresStore(proxy.url) as store:
            await store.append([to_append(at("warm-up", 0))])
            proxy.answers.clear()
            ours = asyncio.ensure_future(store.append([to_append(at("seat-1", 0))]))
            await until(lambda: head_is(postgres, 2))
            ours.cancel()
            proxy.answers.set()
            with pytest.raises(asyncio.CancelledError):
                await ours
            (verdict,) = await store.append([to_append(at("seat-2", 0))])
        assert isinstance(verdict, Appended)
        assert verdict.first == 3


class TestLateRequest:
    """A command ahead of its stream is refused; its first copy reaches the server later, when it would be valid."""

    async def test_nothing_is_sold_after_a_refusal(
        self, postgres: PostgresBackend, proxy: Proxy, batcher: Batcher
    ) -> None:
        await self.refuse_then_deliver(postgres, proxy, batcher)
        assert [event.version for event in await postgres.store.read_stream("seat-1")] == [1]

    async def test_unless_the_lost_session_were_left_alone(
        self, postgres: PostgresBackend, proxy: Proxy, batcher: Batcher, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def leave_alone(connection: Connection, session: Session) -> None:
            """Planted bug: the lost session is not ended."""

        monkeypatch.setattr(appender, "end_session", leave_alone)
        await self.refuse_then_deliver(postgres, proxy, batcher)
        await until(lambda: head_is(postgres, 3))
        assert [event.version for event in await postgres.store.read_stream("seat-1")] == [1, 2]

    async def refuse_then_deliver(self, postgres: PostgresBackend, proxy: Proxy, batcher: Batcher) -> None:
        proxy.requests.clear()
        ours = asyncio.ensure_future(batcher.submit(to_append(at("seat-1", 1))))
        await until(proxy.holds_requests)
        proxy.requests.set()
        proxy.cut()
        assert await soon(ours) == [Conflict(stream="seat-1", version=0)]
        await postgres.store.append([to_append(at("seat-1", 0))])
        await proxy.deliver_late()


async def waiting(owner: psycopg.AsyncConnection[Any], *, besides: set[int]) -> set[int]:
    """Wait for an append that is blocked by the lock; return its session's pid."""
    found: set[int] = set()

    async def some() -> bool:
        rows = await (await owner.execute(WAITING_APPENDS)).fetchall()
        found.update({pid for (pid,) in rows} - besides)
        return bool(found)

    await until(some)
    return found


async def head_is(postgres: PostgresBackend, position: int) -> bool:
    return await postgres.store.head() == position


async def soon(*answers: asyncio.Future[Answer]) -> list[Answer]:
    async with asyncio.timeout(DEADLINE_S):
        return await asyncio.gather(*answers)
