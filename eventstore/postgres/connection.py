"""Connections with timeouts for every wait, and TCP settings that detect a lost peer."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from eventstore.errors import ServerTooOld, StoreUnavailable
from eventstore.postgres import binary_arrays, sql
from eventstore.postgres.bounded_connection import BoundedConnection

VERSION_MIN = 16
CONNECT_TIMEOUT_S = 5
LOCK_TIMEOUT_S = 10
STATEMENT_TIMEOUT_S = 30
APPEND_TIMEOUT_S = 40
SESSION_END_TIMEOUT_S = 5
READ_SECONDS_MAX = STATEMENT_TIMEOUT_S + 5
"""Longer than the server's own statement timeout, which leaves the connection usable."""

# Seconds, except tcp_user_timeout: milliseconds. Either side detects a lost peer after about 12 s of waiting.
CONNECTION_PARAMETERS: dict[str, str | int] = {
    "client_encoding": "utf8",
    "connect_timeout": CONNECT_TIMEOUT_S,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 12_000,
}

Connection = psycopg.AsyncConnection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One backend process of the server; the start time distinguishes it from a later one with the same pid."""

    pid: int
    started_at: datetime


async def connect(url: str, *, name: str, seconds_max: float | None = None) -> Connection:
    """Open a connection.

    Args:
        name: appended to the application name, for `pg_stat_activity`.
        seconds_max: timeout of a statement, after which the connection is closed; None: no timeout.

    Raises:
        StoreUnavailable: no server answers, or it refuses the login.
        ServerTooOld: PostgreSQL is older than the oldest supported version.
    """
    connection: Connection | None = None
    try:
        kind = psycopg.AsyncConnection if seconds_max is None else BoundedConnection
        connection = await kind.connect(
            make_conninfo(url, application_name=f"seatledger {name}", **CONNECTION_PARAMETERS), autocommit=True
        )
        check_version(connection.info.server_version)
        limits = {"lock_timeout": f"{LOCK_TIMEOUT_S}s", "statement_timeout": f"{STATEMENT_TIMEOUT_S}s"}
        await connection.execute(sql.CONFIGURE, limits)
    except psycopg.Error as error:
        if connection is not None:
            await discard(connection)
        raise StoreUnavailable(f"the database cannot be reached: {error}") from error
    except ServerTooOld:
        if connection is not None:
            await discard(connection)
        raise
    binary_arrays.register(connection.adapters)
    if isinstance(connection, BoundedConnection) and seconds_max is not None:
        connection.seconds_max = seconds_max
    return connection


def check_version(server_version: int) -> None:
    """Check that PostgreSQL is new enough.

    Args:
        server_version: as libpq reports it, 160014 for 16.14.

    Raises:
        ServerTooOld: it is older than `VERSION_MIN`.
    """
    if server_version < VERSION_MIN * 10_000:
        found = server_version // 10_000
        raise ServerTooOld(
            f"This is PostgreSQL {found}; Seatledger needs {VERSION_MIN} or newer. Upgrade the server, or leave "
            "SEATLEDGER_DATABASE_URL empty to use the embedded one."
        )


async def session_of(connection: Connection) -> Session:
    """Return the backend process that serves a connection."""
    row = await (await connection.execute(sql.SESSION)).fetchone()
    if row is None:
        raise StoreUnavailable("the server does not list its own session")
    return Session(pid=row[0], started_at=row[1])


async def end_session(connection: Connection, session: Session) -> None:
    """Terminate another session of ours, and wait until it has committed or rolled back.

    Raises:
        StoreUnavailable: it did not end within `SESSION_END_TIMEOUT_S`.
    """
    ended = {"pid": session.pid, "started_at": session.started_at, "patience_ms": SESSION_END_TIMEOUT_S * 1000}
    row = await (await connection.execute(sql.END_SESSION, ended)).fetchone()
    if row is not None and not row[0]:
        raise StoreUnavailable(f"the lost session {session.pid} did not end within {SESSION_END_TIMEOUT_S} s")


async def discard(connection: Connection) -> None:
    """Close a connection that may be broken."""
    with suppress(psycopg.Error):
        await connection.close()
