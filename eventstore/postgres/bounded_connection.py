"""Connections with a timeout for every wait on the server, also when the server hangs.

A statement that times out, or whose task is cancelled, closes its connection. psycopg would ask the server to cancel
the statement and wait for that: ten seconds with a server that does not answer.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg import pq, waiting
from psycopg.abc import PQGen
from psycopg_pool import AsyncConnectionPool

POOL_SECONDS_MAX = 6.0
"""Longer than the pools' server-side statement timeout, which leaves the connection usable."""

CHECK_SECONDS_MAX = 1.0
INTERVAL_S = 0.1

Answer = TypeVar("Answer")


class AnswerTimeout(psycopg.OperationalError):
    """The server did not answer in time."""


class BoundedConnection(psycopg.AsyncConnection[Any]):
    """A connection that closes itself when a statement is not answered within `seconds_max`."""

    seconds_max: float = POOL_SECONDS_MAX

    async def wait(
        self,
        gen: PQGen[Answer],
        interval: float = INTERVAL_S,
        timeout: float | None = None,  # noqa: ASYNC109 - psycopg's own
    ) -> Answer:
        """Wait for the server.

        Raises:
            AnswerTimeout: the server did not answer in time; the connection is closed.
        """
        limit = self.seconds_max if timeout is None else timeout
        began_at = time.monotonic()
        try:
            return await waiting.wait_async(gen, self.pgconn.socket, interval=interval, timeout=limit)
        except (asyncio.CancelledError, psycopg.OperationalError) as error:
            if self.pgconn.transaction_status == pq.TransactionStatus.ACTIVE:
                self.pgconn.finish()
            if isinstance(error, psycopg.OperationalError) and time.monotonic() - began_at >= limit:
                raise AnswerTimeout(f"no answer within {limit:g} s") from error
            raise

    @contextmanager
    def within(self, seconds_max: float) -> Iterator[None]:
        """Use another timeout within this block."""
        before, self.seconds_max = self.seconds_max, seconds_max
        try:
            yield
        finally:
            self.seconds_max = before


POOLED_CONNECTION_CLASS: type[psycopg.AsyncConnection[Any]] = BoundedConnection
"""For pools, which are typed by the class of their connections."""


async def check_pooled_connection(connection: psycopg.AsyncConnection[Any]) -> None:
    """Check that a pool's connection works; for the pool's `check` argument.

    Raises:
        psycopg.OperationalError: the connection is broken, or the server does not answer in time.
    """
    assert isinstance(connection, BoundedConnection)
    with connection.within(CHECK_SECONDS_MAX):
        await AsyncConnectionPool.check_connection(connection)
