"""Connection pool of the schema `records`; every wait has a limit."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolClosed

from domain.ports.personal_data import RecordsUnavailable
from eventstore.postgres.bounded_connection import POOLED_CONNECTION_CLASS, check_pooled_connection
from eventstore.postgres.error_classification import RETRYABLE_ERRORS
from eventstore.postgres.migrate import History

RECORDS = History(name="records", package="adapters.postgres.migrations")
CONNECTIONS_MAX = 8
WAIT_SECONDS_MAX = 2.0
IDLE_SECONDS_MAX = 20.0
"""Idle time after which an extra connection is closed; each costs the server 2 MB."""

LIMITS = {
    "connect_timeout": 5,
    "options": "-c statement_timeout=5s -c lock_timeout=5s -c client_connection_check_interval=1s",
}

Pool = AsyncConnectionPool[psycopg.AsyncConnection[Any]]
Row = dict[str, Any]


def open_pool_for_records(
    url: str, *, connections_max: int = CONNECTIONS_MAX, wait_seconds_max: float = WAIT_SECONDS_MAX
) -> Pool:
    """Return a pool for an application process, not opened yet.

    Args:
        url: connection string of the application's role.
    """
    return AsyncConnectionPool(
        url,
        connection_class=POOLED_CONNECTION_CLASS,
        min_size=1,
        max_size=connections_max,
        max_idle=IDLE_SECONDS_MAX,
        timeout=wait_seconds_max,
        kwargs={"autocommit": True, "application_name": "seatledger records", **LIMITS},
        check=check_pooled_connection,
        open=False,
        name="records",
    )


async def rows(pool: Pool, statement: LiteralString, parameters: Mapping[str, Any]) -> list[Row]:
    """Run a statement as its own transaction and return its rows.

    Raises:
        RecordsUnavailable: the server is unreachable or too slow.
    """
    with translate_unavailable():
        async with pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(statement, parameters)
            return await cursor.fetchall() if cursor.description is not None else []


async def execute(pool: Pool, statement: LiteralString, parameters: Mapping[str, Any]) -> int:
    """Run a statement as its own transaction and return the number of changed rows.

    Raises:
        RecordsUnavailable: the server is unreachable or too slow.
    """
    with translate_unavailable():
        async with pool.connection() as connection:
            return (await connection.execute(statement, parameters)).rowcount


UNAVAILABLE: tuple[type[Exception], ...] = (*RETRYABLE_ERRORS, PoolClosed)


@contextmanager
def translate_unavailable() -> Iterator[None]:
    """Convert errors of an unreachable server to `RecordsUnavailable`."""
    try:
        yield
    except UNAVAILABLE as error:
        raise RecordsUnavailable("The records cannot be reached.") from error
