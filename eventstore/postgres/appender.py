"""The connection that appends. When it is lost during a statement, its session is ended before the next append."""

import asyncio
import select
from typing import Any

import psycopg

from eventstore.errors import StoreUnavailable
from eventstore.postgres import error_classification, sql
from eventstore.postgres.binary_arrays import BinaryArray
from eventstore.postgres.connection import (
    APPEND_TIMEOUT_S,
    Connection,
    Session,
    connect,
    discard,
    end_session,
    session_of,
)


class Appender:
    """Sends one append at a time.

    The session of a lost connection may still be running, for example waiting for the lock. It could then write after
    the same batch was sent again and refused. So it is terminated before the next append.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = asyncio.Lock()
        self._connection: Connection | None = None
        self._session: Session | None = None
        self._lost: Session | None = None

    async def send(self, arguments: dict[str, BinaryArray]) -> list[tuple[Any, ...]]:
        """Return the rows of the append function.

        Raises:
            StoreUnavailable, OutcomeUnknown, BatchRefused, ClockBehind: see `Store.append`.
        """
        async with self._lock:
            connection = await self._ready()
            try:
                async with asyncio.timeout(APPEND_TIMEOUT_S):
                    cursor = await connection.execute(sql.APPEND, arguments, prepare=True, binary=True)
                    return await cursor.fetchall()
            except TimeoutError as error:
                await self._disconnect()
                raise error_classification.classify(psycopg.OperationalError("no answer"), alive=False) from error
            except psycopg.Error as error:
                alive = not connection.closed
                if not alive:
                    await self._disconnect()
                raise error_classification.classify(error, alive=alive) from error
            except asyncio.CancelledError:
                await self._disconnect()
                raise

    async def open(self) -> None:
        """Connect now, so that a wrong URL is detected at startup."""
        async with self._lock:
            await self._ready()

    async def close(self) -> None:
        """Wait for the append in flight, then disconnect."""
        async with self._lock:
            if self._connection is not None:
                await discard(self._connection)
            self._connection = None

    async def _ready(self) -> Connection:
        if self._connection is not None and _is_alive(self._connection):
            return self._connection
        connection = await connect(self._url, name="append", seconds_max=APPEND_TIMEOUT_S + 1)
        try:
            if self._lost is not None:
                await end_session(connection, self._lost)
            self._lost = None
            self._session = await session_of(connection)
        except psycopg.Error as error:
            await discard(connection)
            raise StoreUnavailable(f"the database cannot be reached: {error}") from error
        except StoreUnavailable:
            await discard(connection)
            raise
        self._connection = connection
        return connection

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        self._lost = self._session
        if connection is not None:
            await discard(connection)


def _is_alive(connection: Connection) -> bool:
    """Tell whether an idle connection is open: read from its socket, in case the server has closed it."""
    if connection.closed:
        return False
    arrived = select.poll()
    arrived.register(connection.fileno(), select.POLLIN)
    try:
        while arrived.poll(0):
            connection.pgconn.consume_input()
    except psycopg.OperationalError:
        return False
    return True
