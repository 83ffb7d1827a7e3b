"""Numbered, forward-only migrations, each applied in one transaction, once, and never changed afterwards."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, LiteralString

import psycopg

from eventstore.errors import MigrationRefused
from eventstore.postgres.connection import check_version
from eventstore.postgres.roles import APP_ROLE, RolePassword, ensure_roles, role_name, with_role_names

_LOCK: LiteralString = "SELECT pg_advisory_lock(6073476093215911269)"
_APPLIED_TABLE: LiteralString = """
CREATE SCHEMA IF NOT EXISTS migration;
REVOKE ALL ON SCHEMA migration FROM PUBLIC;
CREATE TABLE IF NOT EXISTS migration.applied (
    history    text                     NOT NULL,
    name       text                     NOT NULL,
    sha256     text                     NOT NULL,
    applied_at timestamp with time zone NOT NULL DEFAULT now(),
    PRIMARY KEY (history, name)
)
"""
_HAS_LEDGER: LiteralString = "SELECT to_regclass('migration.applied') IS NOT NULL"
# Whether the migration that grants privileges was applied, and whether this database's role has them.
_GRANTED: LiteralString = """
SELECT EXISTS (SELECT FROM migration.applied WHERE history = 'eventstore' AND name = %(privileges)s),
       EXISTS (
           SELECT
           FROM pg_roles AS role
           JOIN pg_namespace AS namespace ON nspname = 'eventstore'
           WHERE rolname = %(role)s AND has_schema_privilege(role.oid, namespace.oid, 'USAGE')
       )
"""
_APPLIED: LiteralString = "SELECT name, sha256 FROM migration.applied WHERE history = %(history)s ORDER BY name"
_RECORD: LiteralString = (
    "INSERT INTO migration.applied (history, name, sha256) VALUES (%(history)s, %(name)s, %(sha256)s)"
)

Connection = psycopg.AsyncConnection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A package of `0001_name.sql` files; `name` identifies it in the database and never changes."""

    name: str
    package: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One file of a history."""

    history: str
    name: str
    text: bytes

    @property
    def sha256(self) -> str:
        """The hash that the database keeps of the file."""
        return hashlib.sha256(self.text).hexdigest()


PRIVILEGES = "0006_privileges.sql"
EVENTSTORE = History(name="eventstore", package="eventstore.postgres.migrations")


async def migrate(
    owner_url: str,
    *,
    role_password: RolePassword,
    histories: Sequence[History] = (EVENTSTORE,),
) -> list[str]:
    """Create the login roles, then apply missing migrations in order.

    Safe to run again, and concurrently, from several processes and for several databases of one server.

    Args:
        owner_url: of a role that may create schemas, and login roles unless they exist.
        role_password: returns the password of each login role.
        histories: in the order of their dependencies.

    Returns:
        The names of the files applied, as `history/file`.

    Raises:
        MigrationRefused: an earlier file was changed or is missing, the database is ahead of this program or a copy of
            a database with another name, or a login role is missing and cannot be created.
        ServerTooOld: PostgreSQL is older than the oldest supported version.
    """
    known = [(history, migrations_of(history)) for history in histories]
    async with await psycopg.AsyncConnection.connect(owner_url, autocommit=True) as connection:
        check_version(connection.info.server_version)
        await connection.execute(_LOCK)
        await _require_own_privileges(connection)
        await ensure_roles(connection, owner_url, role_password)
        await connection.execute(_APPLIED_TABLE)
        applied = [
            name for history, migrations in known for name in await _apply_missing(connection, history, migrations)
        ]
        if applied:
            await connection.execute("ANALYZE")
        return applied


def migrations_of(history: History) -> list[Migration]:
    """Return a history's files in order.

    Raises:
        MigrationRefused: a number is missing or used twice.
    """
    files = sorted(
        (entry for entry in resources.files(history.package).iterdir() if entry.name.endswith(".sql")),
        key=lambda entry: entry.name,
    )
    for number, entry in enumerate(files, 1):
        if not entry.name.startswith(f"{number:04}_"):
            raise MigrationRefused(f"{history.name}: {entry.name} has the place of number {number:04}")
    return [Migration(history=history.name, name=entry.name, text=entry.read_bytes()) for entry in files]


async def _require_own_privileges(connection: Connection) -> None:
    """Check that the granted privileges belong to this database's roles, whose names contain the database's name.

    Raises:
        MigrationRefused: they belong to the roles of another database, or were not restored.
    """
    if await (await connection.execute(_HAS_LEDGER)).fetchone() != (True,):
        return
    database = connection.info.dbname
    names = {"privileges": PRIVILEGES, "role": role_name(database, APP_ROLE)}
    if await (await connection.execute(_GRANTED, names)).fetchone() == (True, False):
        raise MigrationRefused(
            f"the login roles of {database} have no privileges in it, because it is a copy of a database with another "
            "name or was restored without privileges: restore it with them under its old name, or rename it "
            "(ALTER DATABASE … RENAME TO …)"
        )


async def _apply_missing(connection: Connection, history: History, known: Sequence[Migration]) -> list[str]:
    missing = await _missing(connection, history, known)
    for migration in missing:
        await _apply(connection, migration)
    return [f"{history.name}/{migration.name}" for migration in missing]


async def _missing(connection: Connection, history: History, known: Sequence[Migration]) -> Sequence[Migration]:
    cursor = await connection.execute(_APPLIED, {"history": history.name})
    applied = await cursor.fetchall()
    for migration, (name, sha256) in zip(known, applied, strict=False):
        if migration.name != name:
            raise MigrationRefused(f"{history.name}: the database has {name}, this program has {migration.name}")
        if migration.sha256 != sha256:
            raise MigrationRefused(
                f"{history.name}: {name} was changed after it was applied here; start with a new database or data "
                "folder (released migrations are never changed: add a new file)"
            )
    if len(applied) > len(known):
        raise MigrationRefused(f"{history.name}: the database is ahead of this program, it has {applied[-1][0]}")
    return known[len(applied) :]


async def _apply(connection: Connection, migration: Migration) -> None:
    async with connection.transaction():
        text = with_role_names(migration.text.decode(), connection.info.dbname)
        await connection.execute(text.encode())
        recorded = {"history": migration.history, "name": migration.name, "sha256": migration.sha256}
        await connection.execute(_RECORD, recorded)
