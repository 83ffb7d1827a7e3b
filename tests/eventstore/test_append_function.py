"""The SQL function append, called directly with invalid arguments."""

from collections.abc import AsyncIterator
from typing import Any, LiteralString

import psycopg
import pytest

from eventstore.postgres import binary_arrays, sql
from eventstore.postgres.batch import arguments
from eventstore.postgres.binary_arrays import BinaryArray
from eventstore.store import Append
from tests.eventstore.appends import at, to_append
from tests.eventstore.backends import PostgresBackend

Connection = psycopg.AsyncConnection[Any]
REFUSED = "SL001"


@pytest.fixture
async def app(postgres: PostgresBackend) -> AsyncIterator[Connection]:
    async with await psycopg.AsyncConnection.connect(postgres.app_url, autocommit=True) as connection:
        binary_arrays.register(connection.adapters)
        yield connection


class TestSessionSettings:
    @pytest.mark.parametrize(
        "setting",
        [
            "SET synchronous_commit = off",
            "SET synchronous_commit = local",
            "SET default_transaction_isolation = 'repeatable read'",
            "SET default_transaction_isolation = 'serializable'",
            "SET client_encoding = 'LATIN1'",
        ],
    )
    async def test_one_that_weakens_the_promise_is_refused(
        self, app: Connection, postgres: PostgresBackend, setting: LiteralString
    ) -> None:
        await app.execute(setting)
        await refuses(app, arguments([to_append(at("seat-1", 0))]))
        assert await postgres.store.head() == 0

    async def test_one_that_weakens_the_promise_between_append_and_commit_is_refused(
        self, app: Connection, postgres: PostgresBackend
    ) -> None:
        await app.execute("BEGIN")
        await call(app, arguments([to_append(at("seat-1", 0))]))
        await app.execute("SET synchronous_commit = off")
        with pytest.raises(psycopg.Error) as refusal:
            await app.execute("COMMIT")
        assert refusal.value.sqlstate == REFUSED
        assert await postgres.store.head() == 0

    async def test_a_search_path_of_its_own_changes_nothing(self, app: Connection, postgres: PostgresBackend) -> None:
        await app.execute("CREATE TEMPORARY TABLE event (LIKE eventstore.event)")
        await app.execute("CREATE FUNCTION pg_temp.sha256(bytea) RETURNS bytea LANGUAGE sql AS $$SELECT ''::bytea$$")
        await app.execute("SET search_path = pg_temp, pg_catalog, eventstore")
        await call(app, arguments([to_append(at("seat-1", 0))]))
        (event,) = await postgres.store.read_stream("seat-1")
        assert len(event.digest) == 32


class TestInvalidArrays:
    async def test_an_event_on_a_stream_without_an_expectation_is_refused(self, app: Connection) -> None:
        for ordinal in (0, 2, -1, 2**31 - 1):
            await refuses(
                app, with_arrays(to_append(at("seat-1", 0)), event_expectations=binary_arrays.integers([ordinal]))
            )

    async def test_an_expectation_of_no_command_is_refused(self, app: Connection) -> None:
        await refuses(app, with_arrays(to_append(at("seat-1", 0)), expectation_commands=binary_arrays.integers([2])))

    @pytest.mark.parametrize("column", ["expectation_streams", "event_names", "event_datas", "accounts", "not_afters"])
    async def test_arrays_of_different_lengths_are_refused(self, app: Connection, column: str) -> None:
        two = {
            "expectation_streams": binary_arrays.texts(["seat-1", "seat-2"]),
            "event_names": binary_arrays.texts([]),
            "event_datas": binary_arrays.jsons(["{}", "{}"]),
            "accounts": binary_arrays.texts([]),
            "not_afters": binary_arrays.times([None, None]),
        }
        await refuses(app, with_arrays(to_append(at("seat-1", 0)), **{column: two[column]}))

    async def test_two_writes_to_one_stream_are_refused_by_the_unique_index(
        self, app: Connection, postgres: PostgresBackend
    ) -> None:
        with pytest.raises(psycopg.errors.UniqueViolation):
            await call(app, arguments([to_append(at("seat-1", 0)), to_append(at("seat-1", 0))]))
        assert await postgres.store.head() == 0

    async def test_events_in_any_order_keep_their_command_together(
        self, app: Connection, postgres: PostgresBackend
    ) -> None:
        batch = [to_append(at("seat-1", 0, 2)), to_append(at("seat-2", 0))]
        mixed = {**arguments(batch), "event_expectations": binary_arrays.integers([1, 2, 1])}
        await call(app, mixed)
        log = await postgres.store.read_range(after=0, limit=10)
        assert [(event.stream, event.version, event.part, event.parts) for event in log] == [
            ("seat-1", 1, 1, 2),
            ("seat-1", 2, 2, 2),
            ("seat-2", 1, 1, 1),
        ]


def with_arrays(append: Append, **changed: BinaryArray) -> dict[str, BinaryArray]:
    return {**arguments([append]), **changed}


async def call(app: Connection, batch: dict[str, BinaryArray]) -> None:
    await app.execute(sql.APPEND, batch, binary=True)


async def refuses(app: Connection, batch: dict[str, BinaryArray]) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        await call(app, batch)
    assert refusal.value.sqlstate == REFUSED


class TestRefusals:
    async def test_it_is_forgotten_after_a_while(self, app: Connection, postgres: PostgresBackend) -> None:
        async with await psycopg.AsyncConnection.connect(postgres.owner_url, autocommit=True) as owner:
            await owner.execute(
                "INSERT INTO eventstore.refusal SELECT gen_random_uuid(), clock_timestamp() - n * interval '20 s' "
                "FROM generate_series(0, 9) AS n"
            )
            for _ in range(4):
                asked_at = await postgres.store.now()
                await call(app, arguments([to_append(guards={"seat-1": 0}, asked_at=asked_at)]))
            cursor = await owner.execute("SELECT count(*) FROM eventstore.refusal")
            assert await cursor.fetchone() == (3 + 4,)
