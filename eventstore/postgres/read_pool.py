"""Pool of connections for reading; a read that fails on a dead idle connection is repeated on another one."""

import asyncio
from collections.abc import Mapping
from typing import Any, LiteralString

import psycopg

from eventstore.errors import StoreUnavailable
from eventstore.postgres.bounded_connection import AnswerTimeout
from eventstore.postgres.connection import READ_SECONDS_MAX, Connection, connect, discard
from eventstore.postgres.error_classification import RETRYABLE_ERRORS

IDLE_SECONDS_MAX = 5.0
"""An idle session takes two megabytes of the server's memory; a new one takes a few milliseconds."""


class ReadPool:
    """Runs at most `connections_max` reads at a time, each on a connection of its own.

    Args:
        kept: number of idle connections that are not closed after `idle_seconds_max`.
    """

    def __init__(
        self, url: str, connections_max: int, *, kept: int = 0, idle_seconds_max: float = IDLE_SECONDS_MAX
    ) -> None:
        self._url = url
        self._kept = kept
        self._idle_seconds_max = idle_seconds_max
        self._slots = asyncio.Semaphore(connections_max)
        self._idle: list[tuple[Connection, float]] = []
        self._closing: asyncio.TimerHandle | None = None

    async def rows(self, statement: LiteralString, parameters: Mapping[str, object]) -> list[tuple[Any, ...]]:
        """Return the rows of a statement.

        Raises:
            StoreUnavailable: the server cannot be reached, or does not answer in time.
        """
        async with self._slots:
            try:
                while self._idle:
                    try:
                        return await self._ask(self._idle.pop()[0], statement, parameters)
                    except AnswerTimeout:
                        raise
                    except psycopg.OperationalError:
                        continue
                connection = await connect(self._url, name="read", seconds_max=READ_SECONDS_MAX)
                return await self._ask(connection, statement, parameters)
            except RETRYABLE_ERRORS as error:
                raise StoreUnavailable(f"the database did not answer: {error}") from error

    async def close(self) -> None:
        """Close all idle connections."""
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None
        while self._idle:
            await discard(self._idle.pop()[0])

    async def _ask(
        self, connection: Connection, statement: LiteralString, parameters: Mapping[str, object]
    ) -> list[tuple[Any, ...]]:
        try:
            cursor = await connection.execute(statement, parameters, prepare=True, binary=True)
            rows = await cursor.fetchall()
        except BaseException:
            await discard(connection)
            raise
        self._idle.append((connection, asyncio.get_running_loop().time()))
        self._close_later()
        return rows

    def _close_later(self) -> None:
        if self._closing is None and len(self._idle) > self._kept:
            self._closing = asyncio.get_running_loop().call_later(self._idle_seconds_max, self._close_idle)

    def _close_idle(self) -> None:
        """Close connections that have been idle for too long; the list is in order of last use."""
        self._closing = None
        used_before = asyncio.get_running_loop().time() - self._idle_seconds_max
        while len(self._idle) > self._kept and self._idle[0][1] <= used_before:
            connection, _ = self._idle.pop(0)
            connection.pgconn.finish()
        self._close_later()
