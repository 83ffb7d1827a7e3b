"""The pool of connections for reading: as many as concurrent reads, few when idle."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from eventstore.postgres.read_pool import ReadPool
from tests.eventstore.backends import PostgresBackend
from tests.eventstore.waiting import until

AT_ONCE = 4
SESSION = "SELECT pg_backend_pid() FROM pg_sleep(0.01)"
SESSIONS = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'seatledger read' AND pid <> pg_backend_pid()
"""


@pytest.fixture
async def watcher(postgres: PostgresBackend) -> AsyncIterator[ReadPool]:
    """A connection that lists the sessions of the others."""
    opened = ReadPool(postgres.owner_url, 1, idle_seconds_max=60)
    yield opened
    await opened.close()


async def sessions(subscriber: ReadPool) -> set[int]:
    """Return the pids of the sessions for reading."""
    return {pid for (pid,) in await subscriber.rows(SESSIONS, {})}


async def read_at_once(readers: ReadPool) -> set[int]:
    """Read on all connections; return the pids of their sessions."""
    found = await asyncio.gather(*(readers.rows(SESSION, {}) for _ in range(AT_ONCE)))
    return {pid for ((pid,),) in found}


class TestReadPool:
    @pytest.mark.parametrize("kept", [0, 1])
    async def test_what_is_idle_is_closed_but_for_those_that_are_kept(
        self, postgres: PostgresBackend, watcher: ReadPool, kept: int
    ) -> None:
        readers = ReadPool(postgres.app_url, AT_ONCE, kept=kept, idle_seconds_max=0.05)
        served = await read_at_once(readers)
        assert len(served) == AT_ONCE

        async def are_closed() -> bool:
            return len(await sessions(watcher) & served) == kept

        await until(are_closed)
        assert len(await read_at_once(readers)) == AT_ONCE
        await readers.close()

    async def test_given_reads_one_after_another_then_one_connection_serves_them(
        self, postgres: PostgresBackend
    ) -> None:
        readers = ReadPool(postgres.app_url, AT_ONCE, idle_seconds_max=60)
        served = {(await readers.rows(SESSION, {}))[0][0] for _ in range(AT_ONCE)}
        assert len(served) == 1
        await readers.close()

    async def test_given_it_was_closed_then_no_session_is_left(
        self, postgres: PostgresBackend, watcher: ReadPool
    ) -> None:
        readers = ReadPool(postgres.app_url, AT_ONCE, kept=AT_ONCE)
        served = await read_at_once(readers)
        await readers.close()

        async def are_closed() -> bool:
            return not await sessions(watcher) & served

        await until(are_closed)
