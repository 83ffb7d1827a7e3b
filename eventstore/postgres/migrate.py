"""Numbered, forward-only migrations: whole or not at all, once each, and never changed afterwards."""

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
# Whether the schema's privileges were granted once, and whether the role of this database has them.
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
    """A package of `0001_name.sql` files, known in the database under `name` for ever."""

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
        """What the database remembers the file by."""
        return hashlib.sha256(self.text).hexdigest()


PRIVILEGES = "0006_privileges.sql"
EVENTSTORE = History(name="eventstore", package="eventstore.postgres.migrations")


async def migrate(
    owner_url: str,
    *,
    role_password: RolePassword,
    histories: Sequence[History] = (EVENTSTORE,),
) -> list[str]:
    """Make the login roles, then apply what is missing, in order.

    Safe to run again, and from several processes or for several databases of one server at once.

    Args:
        owner_url: of a role that may create schemas, and login roles unless an administrator has made them.
        role_password: the password each login role shall have.
        histories: in the order in which they depend on each other.

    Returns:
        The names of the files applied, as `history/file`.

    Raises:
        MigrationRefused: an earlier file was changed or is missing, the database is ahead of this code or the copy of
            one with another name, or a login role is missing and may not be made.
        ServerTooOld: a PostgreSQL we do not support.
    """
    known = [(history, migrations_of(history)) for history in histories]
    async with await psycopg.AsyncConnection.connect(owner_url, autocommit=True) as connection:
        check_version(connection.info.server_version)
        await connection.execute(_LOCK)
        await _require_own_privileges(connection)
        await ensure_roles(connection, owner_url, role_password)
        await connection.execute(_APPLIED_TABLE)
        applied: list[str] = []
        for history, migrations in known:
            for migration in await _missing(connection, history, migrations):
                await _apply(connection, migration)
                applied.append(f"{history.name}/{migration.name}")
        if applied:
            await connection.execute("ANALYZE")
        return applied


def migrations_of(history: History) -> list[Migration]:
    """Return a history's files in order.

    Raises:
        MigrationRefused: the numbers have a hole or a double.
    """
    files = sorted(
        (entry for entry in resources.files(history.package).iterdir() if entry.name.endswith(".sql")),
        key=lambda entry: entry.name,
    )
    for number, entry in enumerate(files, 1):
        if not entry.name.startswith(f"{number:04}_"):
            raise MigrationRefused(f"{history.name}: {entry.name} stands where number {number:04} belongs")
    return [Migration(history=history.name, name=entry.name, text=entry.read_bytes()) for entry in files]


async def _require_own_privileges(connection: Connection) -> None:
    """Insist that privileges, once granted, are those of this database's roles, whose names carry its name.

    Raises:
        MigrationRefused: they are another database's, or gone.
    """
    if await (await connection.execute(_HAS_LEDGER)).fetchone() != (True,):
        return
    database = connection.info.dbname
    names = {"privileges": PRIVILEGES, "role": role_name(database, APP_ROLE)}
    if await (await connection.execute(_GRANTED, names)).fetchone() == (True, False):
        raise MigrationRefused(
            f"the login roles of {database} have no privileges in it, as in a copy of a database of another name or a "
            "restore without privileges: restore it with them under its old name, or rename it "
            "(ALTER DATABASE … RENAME TO …)"
        )


async def _missing(connection: Connection, history: History, known: Sequence[Migration]) -> Sequence[Migration]:
    cursor = await connection.execute(_APPLIED, {"history": history.name})
    applied = await cursor.fetchall()
    for migration, (name, sha256) in zip(known, applied, strict=False):
        if migration.name != name:
            raise MigrationRefused(f"{history.name}: the database has {name}, this code {migration.name} in its place")
        if migration.sha256 != sha256:
            raise MigrationRefused(
                f"{history.name}: {name} was changed after it had been applied here; begin with a new database or data "
                "folder (a released file is never changed: add a new one)"
            )
    if len(applied) > len(known):
        raise MigrationRefused(f"{history.name}: the database is ahead of this code, it has {applied[-1][0]}")
    return known[len(applied) :]


async def _apply(connection: Connection, migration: Migration) -> None:
    async with connection.transaction():
        text = with_role_names(migration.text.decode(), connection.info.dbname)
        await connection.execute(text.encode())
        recorded = {"history": migration.history, "name": migration.name, "sha256": migration.sha256}
        await connection.execute(_RECORD, recorded)
