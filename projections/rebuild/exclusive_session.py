"""One session at a time works on the versions of a read model; all it writes, it writes itself.

The session's advisory lock says so, and goes with it: after a kill -9 the next one may begin at once. A process that
was only stopped keeps its session, but the session falls silent; it is ended, and when the process wakes up it can
write nothing any more.
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
    """Somebody else works on the versions of this read model at the moment."""


@asynccontextmanager
async def exclusive_session(url: str, name: str, *, silence_s: float = SILENCE_S) -> AsyncIterator[Connection]:
    """Work on the versions of a read model in this block, alone.

    Args:
        url: of the projector's role.
        silence_s: how long somebody else's session may rest.

    Raises:
        RebuildInProgress: somebody else does.
        StoreUnavailable: nobody answers.
    """
    connection = await connect(url, name=f"rebuild {name}")
    try:
        await configure(connection, "pg_catalog")
        if not await _try_lock(connection, name):
            await _terminate_silent_session(connection, name, silence_s)
            if not await _try_lock(connection, name):
                raise RebuildInProgress(f"{name} is being rebuilt by somebody else.")
        yield connection
    finally:
        await discard(connection)


async def configure(connection: Connection, schema: str) -> None:
    """Let unqualified names mean the tables of a schema from now on, and statements take long."""
    await connection.execute(sql.CONFIGURE, {"schema": schema, "statement_timeout": f"{STATEMENT_TIMEOUT_S}s"})


async def _try_lock(connection: Connection, name: str) -> bool:
    found = await connection.execute(sql.TRY_LOCK, {"lock": LOCK, "name": name})
    return await found.fetchone() == (True,)


async def _terminate_silent_session(connection: Connection, name: str, silence_s: float) -> None:
    parameters = {"lock": LOCK, "name": name, "silence_s": silence_s, "patience_ms": SESSION_END_TIMEOUT_S * 1000}
    await connection.execute(sql.END_SILENT, parameters)
