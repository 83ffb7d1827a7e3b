"""Migrations: applied once, in order, unchanged, and safe to run concurrently."""

import asyncio
import importlib
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from eventstore.errors import MigrationRefused
from eventstore.postgres import PostgresStore
from eventstore.postgres.migrate import EVENTSTORE, History, migrate, migrations_of
from eventstore.postgres.roles import APP_ROLE, database_of, role_url
from runtime.local.embedded import EmbeddedPostgres
from tests.databases import fresh_database, role_password
from tests.eventstore.appends import at, to_append

FIRST = "CREATE SCHEMA shop; CREATE TABLE shop.seat (id integer)"
SECOND = "ALTER TABLE shop.seat ADD COLUMN label text"


class Shop:
    """A history of migrations in a temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.history = History(name="shop", package=folder.name)
        self.write("0001_seat.sql", FIRST)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    async def migrate(self, url: str) -> list[str]:
        return await migrate(url, role_password=role_password, histories=[self.history])


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    folder = tmp_path / "shop_migrations"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    yield Shop(folder)
    sys.modules.pop("shop_migrations", None)


class TestMigrate:
    async def test_the_second_time_there_is_nothing_to_do(self, database_url: str) -> None:
        applied = await migrate(database_url, role_password=role_password)
        assert applied == [f"eventstore/{migration.name}" for migration in migrations_of(EVENTSTORE)]
        assert await migrate(database_url, role_password=role_password) == []

    async def test_two_histories_in_one_database(self, database_url: str, shop: Shop) -> None:
        histories = [EVENTSTORE, shop.history]
        applied = await migrate(database_url, role_password=role_password, histories=histories)
        assert applied[-1] == "shop/0001_seat.sql"
        assert await shop.migrate(database_url) == []

    async def test_a_new_file_is_applied_alone(self, database_url: str, shop: Shop) -> None:
        await shop.migrate(database_url)
        shop.write("0002_label.sql", SECOND)
        assert await shop.migrate(database_url) == ["shop/0002_label.sql"]
        assert await column_count(database_url) == 2

    async def test_a_file_that_fails_leaves_nothing(self, database_url: str, shop: Shop) -> None:
        shop.write("0002_label.sql", f"{SECOND}; SELECT no_such_function()")
        with pytest.raises(psycopg.errors.UndefinedFunction):
            await shop.migrate(database_url)
        assert await column_count(database_url) == 1
        shop.write("0002_label.sql", SECOND)
        assert await shop.migrate(database_url) == ["shop/0002_label.sql"]

    async def test_statistics_are_there_afterwards(self, database_url: str) -> None:
        await migrate(database_url, role_password=role_password)
        statement = "SELECT reltuples FROM pg_class WHERE oid = 'eventstore.event'::regclass"
        assert await one(database_url, statement) == 0  # -1: never analyzed


class TestRefusedMigrations:
    async def test_an_applied_file_that_was_changed(self, database_url: str, shop: Shop) -> None:
        await shop.migrate(database_url)
        shop.write("0001_seat.sql", FIRST + " ")
        with pytest.raises(MigrationRefused, match=r"0001_seat\.sql was changed"):
            await shop.migrate(database_url)

    async def test_an_applied_file_under_another_name(self, database_url: str, shop: Shop) -> None:
        await shop.migrate(database_url)
        (shop.folder / "0001_seat.sql").rename(shop.folder / "0001_seats.sql")
        with pytest.raises(MigrationRefused, match=r"0001_seat\.sql, this program has 0001_seats\.sql"):
            await shop.migrate(database_url)

    async def test_a_database_from_the_future(self, database_url: str, shop: Shop) -> None:
        shop.write("0002_label.sql", SECOND)
        await shop.migrate(database_url)
        (shop.folder / "0002_label.sql").unlink()
        with pytest.raises(MigrationRefused, match=r"ahead of this program, it has 0002_label\.sql"):
            await shop.migrate(database_url)

    @pytest.mark.parametrize("name", ["0003_label.sql", "0001_again.sql", "label.sql"])
    async def test_a_hole_or_a_double_in_the_numbers(self, database_url: str, shop: Shop, name: str) -> None:
        shop.write(name, SECOND)
        with pytest.raises(MigrationRefused, match="has the place of number"):
            await shop.migrate(database_url)


class TestCopies:
    async def test_a_copy_under_another_name_is_refused_until_it_has_the_old_one(
        self, postgres_server: EmbeddedPostgres
    ) -> None:
        with fresh_database(postgres_server) as url:
            await migrate(url, role_password=role_password)
            original = database_of(url)
            copy = f"{original}_copy"
            run_as_owner(postgres_server, f'CREATE DATABASE "{copy}" TEMPLATE "{original}"')
            try:
                with pytest.raises(MigrationRefused, match="copy of a database with another name"):
                    await migrate(postgres_server.url_of(copy), role_password=role_password)
                roles = await one(url, f"SELECT count(*) FROM pg_roles WHERE rolname LIKE '{copy}%'")
                assert roles == 0
                run_as_owner(postgres_server, f'ALTER DATABASE "{original}" RENAME TO "{original}_old"')
                run_as_owner(postgres_server, f'ALTER DATABASE "{copy}" RENAME TO "{original}"')
                assert await migrate(url, role_password=role_password) == []
            finally:
                for name in (f"{original}_old", copy):
                    run_as_owner(postgres_server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


class TestConcurrentMigrations:
    async def test_on_one_database_each_file_is_applied_once(self, database_url: str) -> None:
        runs = await asyncio.gather(*(migrate(database_url, role_password=role_password) for _ in range(4)))
        assert sorted(map(len, runs)) == [0, 0, 0, len(migrations_of(EVENTSTORE))]

    async def test_on_many_databases_of_one_server_each_has_roles_of_its_own(
        self, postgres_server: EmbeddedPostgres
    ) -> None:
        with ExitStack() as opened:
            urls = [opened.enter_context(fresh_database(postgres_server)) for _ in range(4)]
            runs = await asyncio.gather(*(migrate(url, role_password=role_password) for url in urls * 2))
            assert len([run for run in runs if run]) == 4
            async with PostgresStore(role_url(urls[3], APP_ROLE, role_password(APP_ROLE))) as store:
                await store.append([to_append(at("seat-1", 0))])


def run_as_owner(server: EmbeddedPostgres, statement: str) -> None:
    """Run a statement that concerns whole databases."""
    with psycopg.connect(server.url_of("postgres"), autocommit=True) as connection:
        connection.execute(statement.encode())


async def column_count(url: str) -> int:
    statement = "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'shop'"
    return int(await one(url, statement))


async def one(url: str, statement: str) -> Any:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        row = await (await connection.execute(statement)).fetchone()
    assert row is not None
    return row[0]
