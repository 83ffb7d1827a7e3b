"""Numbered, forward-only migrations: whole or not at all, once each, and never changed afterwards."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, LiteralString

import psycopg
from psycopg import errors
from psycopg import sql as statements
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from eventstore.errors import MigrationRefused
from eventstore.postgres.connection import check_version

APP_ROLE = "seatledger_app"
PROJECTOR_ROLE = "seatledger_projector"
SEALER_ROLE = "seatledger_sealer"
ROLES = (APP_ROLE, PROJECTOR_ROLE, SEALER_ROLE)
ROLE_TRIES_MAX = 50
ROLE_PAUSE_S = 0.02

_LOCK: LiteralString = "SELECT pg_advisory_lock(6073476093215911269)"
_LEDGER: LiteralString = """
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


EVENTSTORE = History(name="eventstore", package="eventstore.migrations")


async def migrate(
    owner_url: str,
    *,
    role_password: Callable[[str], str],
    histories: Sequence[History] = (EVENTSTORE,),
) -> list[str]:
    """Make the login roles, then apply what is missing, in order.

    Safe to run again, and from several processes or for several databases of one server at once.

    Args:
        owner_url: of a role that may create roles and schemas.
        role_password: the password each login role shall have.
        histories: in the order in which they depend on each other.

    Returns:
        The names of the files applied, as `history/file`.

    Raises:
        MigrationRefused: an earlier file was changed or is missing, or the database is ahead of this code.
        ServerTooOld: a PostgreSQL we do not support.
    """
    known = [(history, migrations_of(history)) for history in histories]
    async with await psycopg.AsyncConnection.connect(owner_url, autocommit=True) as connection:
        check_version(connection.info.server_version)
        for role in ROLES:
            await _ensure_role(connection, role, role_password(role))
        await connection.execute(_LOCK)
        await connection.execute(_LEDGER)
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


def role_url(owner_url: str, role: str, password: str) -> str:
    """Return the address of the same database for another role."""
    parts = conninfo_to_dict(owner_url)
    return make_conninfo("", **{**parts, "user": role, "password": password})


async def _missing(connection: Connection, history: History, known: Sequence[Migration]) -> Sequence[Migration]:
    cursor = await connection.execute(_APPLIED, {"history": history.name})
    applied = await cursor.fetchall()
    for migration, (name, sha256) in zip(known, applied, strict=False):
        if migration.name != name:
            raise MigrationRefused(f"{history.name}: the database has {name}, this code {migration.name} in its place")
        if migration.sha256 != sha256:
            raise MigrationRefused(f"{history.name}: {name} was changed after it had been applied; add a new file")
    if len(applied) > len(known):
        raise MigrationRefused(f"{history.name}: the database is ahead of this code, it has {applied[-1][0]}")
    return known[len(applied) :]


async def _apply(connection: Connection, migration: Migration) -> None:
    async with connection.transaction():
        await connection.execute(migration.text)
        recorded = {"history": migration.history, "name": migration.name, "sha256": migration.sha256}
        await connection.execute(_RECORD, recorded)


async def _ensure_role(connection: Connection, role: str, password: str) -> None:
    """Create the role or set its password; the roles belong to the whole server, where others may be at the same."""
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    for _ in range(ROLE_TRIES_MAX):
        try:
            await _create_or_alter(connection, role, verifier)
        except (errors.DuplicateObject, errors.UniqueViolation):
            continue
        except errors.InternalError_ as error:
            if "tuple concurrently updated" not in str(error):
                raise
            await asyncio.sleep(ROLE_PAUSE_S)
        else:
            return
    raise MigrationRefused(f"the role {role} is being changed by others all the time")


async def _create_or_alter(connection: Connection, role: str, verifier: str) -> None:
    exists = await (await connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role])).fetchone()
    verb = statements.SQL("ALTER" if exists is not None else "CREATE")
    await connection.execute(
        statements.SQL(
            "{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD {}"
        ).format(verb, statements.Identifier(role), statements.Literal(verifier))
    )
