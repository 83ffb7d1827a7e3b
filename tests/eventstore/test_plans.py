"""Hot statements use their indexes, from the first event on and with any statistics."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any, LiteralString

import psycopg
import pytest

from eventstore.postgres import sql
from eventstore.postgres.connection import connect
from tests.eventstore.appends import at, to_append
from tests.eventstore.backends import PostgresBackend

Connection = psycopg.AsyncConnection[Any]

# Statements of the append function; a test below checks that they are its own.
LAST_EVENT: LiteralString = (
    "SELECT e.position, e.recorded_at FROM eventstore.event AS e ORDER BY e.position DESC LIMIT 1"
)
STREAM_VERSION: LiteralString = "SELECT max(e.version) FROM eventstore.event AS e WHERE e.stream = %(stream)s"
DONE: LiteralString = "SELECT FROM eventstore.command AS c WHERE c.command_id = ANY (%(ids)s::uuid[])"

ASKED: Mapping[str, object] = {
    "stream": "seat-1",
    "after": 10,
    "upto": 20,
    "limit": 5,
    "names": ["SeatHeld"],
    "prefix": None,
    "actor": None,
    "subjects": [],
    "subject_values": [],
}

COLUMNS: Mapping[str, object] = {
    "prefix": "seat-",
    "names": ["SeatHeld"],
    "fields": ["seat"],
    "after": 10,
    "upto": 20,
}

HOT: list[tuple[LiteralString, Mapping[str, object], str]] = [
    (sql.READ_STREAMS, {"streams": ["seat-1", "seat-2"]}, "event_stream_version"),
    (sql.READ_STREAM, {"stream": "seat-1", "after_version": 0, "limit": 10}, "event_stream_version"),
    (sql.READ_RANGE, {"after": 10, "upto": 20}, "event_pkey"),
    (sql.SEARCH, ASKED, "event_pkey"),
    (sql.SEARCH_NEWEST_FIRST, ASKED, "event_pkey"),
    (sql.SEARCH_STREAM, ASKED, "event_stream_version"),
    (sql.SEARCH_STREAM_NEWEST_FIRST, ASKED, "event_stream_version"),
    (sql.READ_COLUMNS, COLUMNS, "event_stream_version"),
    (sql.READ_COLUMNS_IN_RANGE, COLUMNS, "event_pkey"),
    (sql.POINT_BEFORE, {"position": 10}, "event_pkey"),
    (sql.POINT_AT, {"moment": datetime(2027, 3, 1, tzinfo=UTC)}, "event_pkey"),
    (sql.HEAD, {}, "event_pkey"),
    (LAST_EVENT, {}, "event_pkey"),
    (STREAM_VERSION, {"stream": "seat-1"}, "event_stream_version"),
    (DONE, {"ids": []}, "command_pkey"),
]


@pytest.fixture(params=["empty", "filled", "analyzed"])
async def reader(request: pytest.FixtureRequest, postgres: PostgresBackend) -> AsyncIterator[Connection]:
    if request.param != "empty":
        await postgres.store.append([to_append(at(f"seat-{n}", 0, 3)) for n in range(100)])
    if request.param == "analyzed":
        async with await psycopg.AsyncConnection.connect(postgres.owner_url, autocommit=True) as owner:
            await owner.execute("ANALYZE")
    connection = await connect(postgres.app_url, name="read")
    yield connection
    await connection.close()


async def test_hot_statements_use_their_indexes(reader: Connection, subtests: pytest.Subtests) -> None:
    for statement, parameters, index in HOT:
        with subtests.test(statement):
            explained = await reader.execute("EXPLAIN " + statement, parameters)
            plan = "\n".join(row[0] for row in await explained.fetchall())
            assert index in plan
            assert "Seq Scan" not in plan


async def test_the_append_function_contains_these_statements(postgres: PostgresBackend) -> None:
    async with await psycopg.AsyncConnection.connect(postgres.owner_url) as owner:
        row = await (await owner.execute("SELECT prosrc, proconfig FROM pg_proc WHERE proname = 'append'")).fetchone()
    assert row is not None
    source, settings = row
    assert "e.position, e.recorded_at INTO head, head_at FROM eventstore.event AS e ORDER BY e.position DESC" in source
    assert "SELECT max(e.version) FROM eventstore.event AS e WHERE e.stream = u.stream" in source
    assert "FROM eventstore.command AS c WHERE c.command_id = ANY (command_ids)" in source
    assert "enable_seqscan=off" in settings
