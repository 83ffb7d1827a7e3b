"""A PostgreSQL that somebody else administers: no superuser, perhaps no right to make roles, perhaps another shop."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from eventstore.errors import MigrationRefused
from eventstore.postgres.roles import APP_ROLE, PROJECTOR_ROLE, role_url, roles_script
from projections.engine import checkpoints
from projections.sales.fold import SALES
from runtime.database import migrate_all
from runtime.local.embedded import EmbeddedPostgres
from runtime.local.embedded.postgres import binary
from tests.api.shop import settings_for
from tests.databases import fresh_database, role_password

PASSWORD = "made by the administrator"
MAJORS = {"postgres_server": 18, "postgres16_server": 16}


@dataclass(frozen=True, slots=True)
class Managed:
    """A database whose owner is no superuser."""

    url: str
    admin_url: str
    major: int

    def migrate(self) -> list[str]:
        return asyncio.run(migrate_all(settings_for(self.url)))

    def as_admin(self, text: str) -> None:
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            admin.execute(text.encode())

    def recreate(self) -> None:
        """Put an empty database in the place of this one."""
        parts = conninfo_to_dict(self.url)
        name, owner = sql.Identifier(str(parts["dbname"])), sql.Identifier(str(parts["user"]))
        with psycopg.connect(make_conninfo(self.admin_url, dbname="postgres"), autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
            admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 OWNER {}").format(name, owner))

    def sees(self, role: str, statement: str = "SELECT count(*) FROM eventstore.event") -> Any:
        with psycopg.connect(role_url(self.url, role, role_password(role))) as connection:
            return connection.execute(statement.encode()).fetchone()

    def run(self, program: str, *words: str) -> None:
        """Run a program of the same PostgreSQL as the owner."""
        parts = conninfo_to_dict(self.url)
        environment = {**os.environ, "PGPASSWORD": str(parts["password"])}
        where = [f"--{name}={parts[key]}" for name, key in (("host", "host"), ("port", "port"), ("username", "user"))]
        done = subprocess.run(
            [binary(self.major, program), *where, *words], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


@contextmanager
def managed(server: EmbeddedPostgres, major: int, *attributes: str) -> Iterator[Managed]:
    """Make a database that belongs to a role with these attributes and no others."""
    with fresh_database(server) as admin_url, psycopg.connect(server.url_of("postgres"), autocommit=True) as admin:
        database = str(conninfo_to_dict(admin_url)["dbname"])
        owner = f"{database}_owner"
        make = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} " + " ".join(attributes))
        admin.execute(make.format(sql.Identifier(owner), sql.Literal(PASSWORD)))
        admin.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(database), sql.Identifier(owner)))
        url = make_conninfo("", **{**conninfo_to_dict(admin_url), "user": owner, "password": PASSWORD})
        yield Managed(url, admin_url, major)
        with psycopg.connect(admin_url, autocommit=True) as inside:
            for role in ("app", "projector", "sealer", "owner"):
                name = f"{database}_{role}"
                if inside.execute("SELECT FROM pg_roles WHERE rolname = %s", [name]).fetchone():
                    inside.execute(sql.SQL("REASSIGN OWNED BY {} TO CURRENT_USER").format(sql.Identifier(name)))
                    inside.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(sql.Identifier(name)))
                    inside.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


@pytest.fixture(params=MAJORS)
def server(request: pytest.FixtureRequest) -> tuple[EmbeddedPostgres, int]:
    """PostgreSQL 18, and 16."""
    return request.getfixturevalue(request.param), MAJORS[request.param]


class TestMigrate:
    def test_given_createrole_then_any_number_of_times(self, server: tuple[EmbeddedPostgres, int]) -> None:
        with managed(*server, "CREATEROLE") as database:
            assert database.migrate() != []
            assert database.migrate() == database.migrate() == []
            assert database.sees(APP_ROLE) == (0,)

    def test_given_no_createrole_then_with_roles_made_by_the_printed_script(
        self, server: tuple[EmbeddedPostgres, int]
    ) -> None:
        with managed(*server) as database:
            with pytest.raises(MigrationRefused, match="--print-roles"):
                database.migrate()
            script = asyncio.run(roles_script(database.url, role_password))
            assert role_password(APP_ROLE) not in script
            database.as_admin(script)
            assert database.migrate() != []
            assert database.migrate() == database.migrate() == []
            assert database.sees(APP_ROLE) == (0,)

    def test_given_no_createrole_and_another_password_then_it_is_refused_before_anything_changes(
        self, postgres_server: EmbeddedPostgres
    ) -> None:
        with managed(postgres_server, 18) as database:
            database.as_admin(asyncio.run(roles_script(database.url, lambda _: "another")))
            with pytest.raises(MigrationRefused, match="another password"):
                database.migrate()
            with psycopg.connect(database.admin_url) as admin:
                assert admin.execute("SELECT to_regnamespace('eventstore')").fetchone() == (None,)

    def test_given_two_shops_in_one_cluster_then_neither_takes_the_others_roles(
        self, postgres_server: EmbeddedPostgres
    ) -> None:
        with managed(postgres_server, 18, "CREATEROLE") as one, managed(postgres_server, 18, "CREATEROLE") as other:
            for database in (one, other, one):
                database.migrate()
            assert one.sees(APP_ROLE) == other.sees(APP_ROLE) == (0,)
            foreign = role_url(one.url, APP_ROLE, role_password(APP_ROLE))
            parts = {**conninfo_to_dict(foreign), "dbname": conninfo_to_dict(other.url)["dbname"]}
            with (
                psycopg.connect(make_conninfo("", **parts)) as stranger,
                pytest.raises(psycopg.errors.InsufficientPrivilege),
            ):
                stranger.execute("SELECT count(*) FROM eventstore.event")


class TestDump:
    def test_given_the_configured_role_then_it_dumps_and_restores_read_models_too(
        self, server: tuple[EmbeddedPostgres, int], tmp_path: Path
    ) -> None:
        with managed(*server, "CREATEROLE") as database:
            database.migrate()
            projector = role_url(database.url, PROJECTOR_ROLE, role_password(PROJECTOR_ROLE))
            asyncio.run(make_sales(projector))
            name, dump = str(conninfo_to_dict(database.url)["dbname"]), str(tmp_path / "dump")
            database.run("pg_dump", "--format=custom", f"--file={dump}", name)
            database.recreate()
            database.run("pg_restore", "--exit-on-error", f"--dbname={name}", dump)
            assert database.sees(APP_ROLE, "SELECT count(*) FROM sales_v1_0.sale") == (0,)
            assert database.sees(PROJECTOR_ROLE, "SELECT count(*) FROM sales_v1_0.sale") == (0,)
            assert database.migrate() == []


async def make_sales(url: str) -> None:
    """Make a read model's tables, as a projector does."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await checkpoints.create_tables(connection, SALES, "sales_v1_0")
