"""A few connections for reading; a read that met a dead connection is asked once more on a new one."""

import asyncio
from collections.abc import Mapping
from typing import Any, LiteralString

import psycopg

from eventstore.errors import StoreUnavailable
from eventstore.postgres.bounded import NoAnswer
from eventstore.postgres.connection import READ_SECONDS_MAX, Connection, connect, discard
from eventstore.postgres.failures import OUT_OF_REACH


class Readers:
    """At most `connections_max` reads at a time, each on a connection of its own."""

    def __init__(self, url: str, connections_max: int) -> None:
        self._url = url
        self._turns = asyncio.Semaphore(connections_max)
        self._idle: list[Connection] = []

    async def rows(self, statement: LiteralString, parameters: Mapping[str, object]) -> list[tuple[Any, ...]]:
        """Return the rows of a statement.

        Raises:
            StoreUnavailable: the server cannot be asked, or does not answer.
        """
        async with self._turns:
            try:
                while self._idle:
                    try:
                        return await self._ask(self._idle.pop(), statement, parameters)
                    except NoAnswer:
                        raise
                    except psycopg.OperationalError:
                        continue
                connection = await connect(self._url, name="read", seconds_max=READ_SECONDS_MAX)
                return await self._ask(connection, statement, parameters)
            except OUT_OF_REACH as error:
                raise StoreUnavailable(f"the database did not answer: {error}") from error

    async def close(self) -> None:
        """Disconnect."""
        while self._idle:
            await discard(self._idle.pop())

    async def _ask(
        self, connection: Connection, statement: LiteralString, parameters: Mapping[str, object]
    ) -> list[tuple[Any, ...]]:
        try:
            cursor = await connection.execute(statement, parameters, prepare=True, binary=True)
            rows = await cursor.fetchall()
        except BaseException:
            await discard(connection)
            raise
        self._idle.append(connection)
        return rows
