"""Privileges on the log, tried with each role."""

from collections.abc import AsyncIterator
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import errors

from eventstore.postgres.roles import PROJECTOR_ROLE, SEALER_ROLE, role_name, role_url
from tests.databases import role_password
from tests.eventstore.appends import at, to_append
from tests.eventstore.backends import PostgresBackend

Connection = psycopg.AsyncConnection[Any]

CHANGES: list[LiteralString] = [
    "UPDATE eventstore.event SET data = '{}'",
    "DELETE FROM eventstore.event",
    "TRUNCATE eventstore.event",
    "UPDATE eventstore.command SET account = ''",
    "DELETE FROM eventstore.command",
    "TRUNCATE eventstore.command",
    "UPDATE eventstore.seal SET root = ''",
    "DELETE FROM eventstore.seal",
    "TRUNCATE eventstore.seal",
    "UPDATE eventstore.seal_key SET public_key = ''",
    "DELETE FROM eventstore.seal_key",
    "TRUNCATE eventstore.seal_key",
]
INSERTS: list[LiteralString] = [
    "INSERT INTO eventstore.event SELECT position + 1 FROM eventstore.event",
    "INSERT INTO eventstore.event (position, stream) OVERRIDING SYSTEM VALUE VALUES (99, 'seat-1')",
    "INSERT INTO eventstore.command (command_id) OVERRIDING SYSTEM VALUE VALUES (gen_random_uuid())",
    "COPY eventstore.event FROM STDIN",
]
SEALS: list[LiteralString] = [
    "INSERT INTO eventstore.seal SELECT FROM eventstore.event",
    "INSERT INTO eventstore.seal_key VALUES ('', '')",
    "INSERT INTO eventstore.sealer (state, heartbeat_at) VALUES ('sealing', now())",
    "UPDATE eventstore.sealer SET state = 'sealing'",
]
SCHEMA_CHANGES: list[LiteralString] = [
    "ALTER TABLE eventstore.event DISABLE TRIGGER ALL",
    "DROP TRIGGER insert_only ON eventstore.event",
    "CREATE OR REPLACE FUNCTION eventstore.refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
    "CREATE TABLE eventstore.mine (id integer)",
    "CREATE TABLE public.mine (id integer)",
    "DROP TABLE eventstore.event",
    "SET session_replication_role = replica",
    "SELECT * FROM migration.applied",
]


@pytest.fixture
async def written(postgres: PostgresBackend) -> PostgresBackend:
    """A log with one event."""
    await postgres.store.append([to_append(at("seat-1", 0))])
    return postgres


@pytest.fixture
async def app(written: PostgresBackend) -> AsyncIterator[Connection]:
    async with await psycopg.AsyncConnection.connect(written.app_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
async def projector(written: PostgresBackend) -> AsyncIterator[Connection]:
    url = role_url(written.owner_url, PROJECTOR_ROLE, role_password(PROJECTOR_ROLE))
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture
async def sealer(written: PostgresBackend) -> AsyncIterator[Connection]:
    url = role_url(written.owner_url, SEALER_ROLE, role_password(SEALER_ROLE))
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture
async def owner(written: PostgresBackend) -> AsyncIterator[Connection]:
    async with await psycopg.AsyncConnection.connect(written.owner_url, autocommit=True) as connection:
        yield connection


class TestTheApplication:
    async def test_it_reads_events_and_commands(self, app: Connection) -> None:
        assert await count(app, "SELECT count(*) FROM eventstore.event") == 1
        assert await count(app, "SELECT count(*) FROM eventstore.command") == 1

    async def test_everything_else_is_refused_by_privilege(self, app: Connection, subtests: pytest.Subtests) -> None:
        for statement in (*CHANGES, *INSERTS, *SEALS, *SCHEMA_CHANGES):
            with subtests.test(statement), pytest.raises(errors.InsufficientPrivilege):
                await app.execute(statement)

    async def test_it_cannot_become_anybody_else(self, app: Connection, owner: Connection) -> None:
        projector = role_name(owner.info.dbname, PROJECTOR_ROLE)
        for role in (owner.info.user, projector, "pg_write_all_data", "pg_database_owner"):
            with pytest.raises(errors.InsufficientPrivilege):
                await app.execute(f"SET ROLE {role}")
            with pytest.raises(errors.InsufficientPrivilege):
                await app.execute(f"SET SESSION AUTHORIZATION {role}")


class TestTheProjector:
    async def test_it_reads_events_and_nothing_else(self, projector: Connection) -> None:
        assert await count(projector, "SELECT count(*) FROM eventstore.event") == 1
        with pytest.raises(errors.InsufficientPrivilege):
            await projector.execute("SELECT * FROM eventstore.command")

    async def test_everything_else_is_refused_by_privilege(
        self, projector: Connection, subtests: pytest.Subtests
    ) -> None:
        for statement in (*CHANGES, *INSERTS, *SEALS, *SCHEMA_CHANGES):
            with subtests.test(statement), pytest.raises(errors.InsufficientPrivilege):
                await projector.execute(statement)

    async def test_it_may_not_append(self, projector: Connection) -> None:
        with pytest.raises(errors.InsufficientPrivilege):
            await projector.execute(
                "SELECT eventstore.append('{}','{}','{}','{}','{}','{}','{}','{}','{}','{}','{}','{}','{}','{}','{}')"
            )


class TestTheSealer:
    async def test_it_reads_events_and_nothing_else_of_the_log(self, sealer: Connection) -> None:
        assert await count(sealer, "SELECT count(*) FROM eventstore.event") == 1
        with pytest.raises(errors.InsufficientPrivilege):
            await sealer.execute("SELECT * FROM eventstore.command")

    async def test_everything_but_sealing_is_refused_by_privilege(
        self, sealer: Connection, subtests: pytest.Subtests
    ) -> None:
        for statement in (*CHANGES, *INSERTS, *SCHEMA_CHANGES):
            with subtests.test(statement), pytest.raises(errors.InsufficientPrivilege):
                await sealer.execute(statement)


class TestTheOwner:
    @pytest.mark.parametrize("session_replication_role", ["origin", "replica"])
    async def test_a_change_is_refused_by_trigger(
        self, owner: Connection, session_replication_role: str, subtests: pytest.Subtests
    ) -> None:
        await owner.execute("SELECT set_config('session_replication_role', %s, false)", [session_replication_role])
        for statement in CHANGES:
            with subtests.test(statement), pytest.raises(errors.RestrictViolation, match="only ever added to"):
                await owner.execute(statement)

    async def test_a_second_event_of_one_version_is_refused_by_the_table_itself(self, owner: Connection) -> None:
        with pytest.raises(errors.UniqueViolation, match="event_stream_version"):
            await owner.execute(
                "INSERT INTO eventstore.event SELECT position + 1, stream, version, name, schema_version, command_id, "
                "part, parts, recorded_at, data, metadata, digest FROM eventstore.event"
            )


async def count(connection: Connection, statement: LiteralString) -> int:
    row = await (await connection.execute(statement)).fetchone()
    assert row is not None
    return int(row[0])
