"""The login roles of a database: their names, their creation, and the URLs to log in as them.

Roles belong to the whole PostgreSQL cluster, so their names contain the database's: two databases of one cluster share
none. Migrations refer to them as psql does to variables, `:"app"`.
"""

import asyncio
import hashlib
import os
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import errors
from psycopg import sql as statements
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from eventstore.errors import MigrationRefused

APP_ROLE = "app"
PROJECTOR_ROLE = "projector"
SEALER_ROLE = "sealer"
ROLES = (APP_ROLE, PROJECTOR_ROLE, SEALER_ROLE)

NAME_BYTES_MAX = 63
DIGEST_LENGTH = 12
TRIES_MAX = 50
PAUSE_S = 0.02
SCRIPT_HINT = "print the statements with `seatledger migrate --print-roles` and run them as an administrator"

Connection = psycopg.AsyncConnection[tuple[Any, ...]]
RolePassword = Callable[[str], str]


def role_name(database: str, role: str) -> str:
    """Return the name of a database's login role; a long database name is cut and followed by its digest."""
    name = f"{database}_{role}"
    if len(name.encode()) <= NAME_BYTES_MAX:
        return name
    digest = hashlib.sha256(database.encode()).hexdigest()[:DIGEST_LENGTH]
    kept = database.encode()[: NAME_BYTES_MAX - len(role) - DIGEST_LENGTH - 2].decode(errors="ignore")
    return f"{kept}_{digest}_{role}"


def database_of(url: str) -> str:
    """Return the name of the database in a connection string, by libpq's rules."""
    parts = conninfo_to_dict(url)
    named = parts.get("dbname") or os.environ.get("PGDATABASE") or parts.get("user") or os.environ.get("PGUSER")
    return str(named or "")


def role_url(owner_url: str, role: str, password: str) -> str:
    """Return the connection string of the same database for one of its login roles."""
    parts = conninfo_to_dict(owner_url)
    return make_conninfo("", **{**parts, "user": role_name(database_of(owner_url), role), "password": password})


def with_role_names(text: str, database: str) -> str:
    """Return a migration with `:"app"` and the like replaced by the names of the database's roles."""
    for role in ROLES:
        text = text.replace(f':"{role}"', quote_identifier(role_name(database, role)))
    return text


def quote_identifier(name: str) -> str:
    """Return a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


async def roles_script(owner_url: str, role_password: RolePassword) -> str:
    """Return the SQL statements that create a database's login roles, for an administrator to run.

    They contain no passwords, only SCRAM-SHA-256 verifiers.
    """
    async with await psycopg.AsyncConnection.connect(owner_url, autocommit=True) as connection:
        database, migrator = connection.info.dbname, quote_identifier(connection.info.user)
        lines = []
        for role in ROLES:
            name = role_name(database, role)
            verifier = scram_verifier(connection, name, role_password(role))
            lines += [
                f"CREATE ROLE {quote_identifier(name)} LOGIN PASSWORD '{verifier}';",
                f"GRANT {quote_identifier(name)} TO {migrator} WITH INHERIT TRUE, SET TRUE;",
            ]
        return "\n".join(lines)


def scram_verifier(connection: Connection, name: str, password: str) -> str:
    """Return the SCRAM-SHA-256 verifier that PostgreSQL stores for a password."""
    return connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()


async def ensure_roles(connection: Connection, owner_url: str, role_password: RolePassword) -> None:
    """Create each login role with its password, and grant it to the migrating role (for dumps and restores).

    Without the right to create roles, check that they exist and that their passwords are right.

    Raises:
        MigrationRefused: a role is missing or has another password, and this role cannot change that.
    """
    for role in ROLES:
        name, password = role_name(connection.info.dbname, role), role_password(role)
        try:
            await _create_or_alter(connection, name, password)
        except errors.InsufficientPrivilege as error:
            await _require_login(owner_url, role, password, error)


async def _create_or_alter(connection: Connection, name: str, password: str) -> None:
    """Create a role or set its password; safe if another process does the same concurrently."""
    role = statements.Identifier(name)
    verifier = scram_verifier(connection, name, password)
    for _ in range(TRIES_MAX):
        exists = await (await connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [name])).fetchone()
        verb = statements.SQL("CREATE" if exists is None else "ALTER")
        make = statements.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, role, statements.Literal(verifier))
        try:
            await connection.execute(make)
            await _join(connection, role, name)
        except (errors.DuplicateObject, errors.UniqueViolation):
            continue
        except errors.InternalError_ as error:
            if "tuple concurrently updated" not in str(error):
                raise
            await asyncio.sleep(PAUSE_S)
        else:
            return
    raise MigrationRefused(f"the role {name} was changed concurrently {TRIES_MAX} times; try again")


async def _join(connection: Connection, role: statements.Identifier, name: str) -> None:
    joined = await connection.execute("SELECT pg_has_role(current_user, %s, 'SET')", [name])
    if await joined.fetchone() != (True,):
        grant = statements.SQL("GRANT {} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE")
        await connection.execute(grant.format(role))


async def _require_login(owner_url: str, role: str, password: str, cause: Exception) -> None:
    url = role_url(owner_url, role, password)
    try:
        await (await psycopg.AsyncConnection.connect(url)).close()
    except psycopg.OperationalError:
        name = role_name(database_of(owner_url), role)
        raise MigrationRefused(
            f"the role {name} is missing or has another password, and this role cannot create it: {SCRIPT_HINT}"
        ) from cause
