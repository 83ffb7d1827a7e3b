"""Exclusive database session for work on the versions of a read model.

The session holds an advisory lock, which PostgreSQL releases when the session ends: after a kill -9 another process can
start at once. The session of a suspended process becomes idle; it is terminated after `silence_s`, so that the process
cannot write when it resumes.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from eventstore.postgres.connection import connect, discard
from projections.engine.checkpoints import Connection
from projections.rebuild import sql

LOCK = 20_771
SILENCE_S = 10.0
SESSION_END_TIMEOUT_S = 5
STATEMENT_TIMEOUT_S = 600


class RebuildInProgress(Exception):
    """Another session works on the versions of this read model."""


@asynccontextmanager
async def exclusive_session(url: str, name: str, *, silence_s: float = SILENCE_S) -> AsyncIterator[Connection]:
    """Give the exclusive session of a read model for the block.

    Args:
        url: connection string of the projector's role.
        silence_s: idle time after which another session that holds the lock is terminated.

    Raises:
        RebuildInProgress: another session holds the lock and is active.
        StoreUnavailable: the server does not answer.
    """
    connection = await connect(url, name=f"rebuild {name}")
    try:
        await configure(connection, "pg_catalog")
        if not await _try_lock(connection, name):
            await _terminate_silent_session(connection, name, silence_s)
            if not await _try_lock(connection, name):
                raise RebuildInProgress(f"Another process is rebuilding {name}.")
        yield connection
    finally:
        await discard(connection)


async def configure(connection: Connection, schema: str) -> None:
    """Set the session's search path to a schema and its statement timeout to `STATEMENT_TIMEOUT_S`."""
    await connection.execute(sql.CONFIGURE, {"schema": schema, "statement_timeout": f"{STATEMENT_TIMEOUT_S}s"})


async def _try_lock(connection: Connection, name: str) -> bool:
    found = await connection.execute(sql.TRY_LOCK, {"lock": LOCK, "name": name})
    return await found.fetchone() == (True,)


async def _terminate_silent_session(connection: Connection, name: str, silence_s: float) -> None:
    parameters = {"lock": LOCK, "name": name, "silence_s": silence_s, "patience_ms": SESSION_END_TIMEOUT_S * 1000}
    await connection.execute(sql.TERMINATE_SILENT, parameters)
