"""How far the read models are, and waiting for them."""

import asyncio
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool

from projections.engine import checkpoints
from projections.engine.checkpoints import ProjectionState
from projections.engine.sql import POSITIONS
from projections.rebuild.build_repository import Build, list_builds

POLL_SECONDS = 0.01


class ProjectionPositions:
    """Reads the control rows; however many wait at once, one asks.

    Args:
        pool: autocommit connections that may read the projections.
    """

    def __init__(self, pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]]) -> None:
        self._pool = pool
        self._query_task: asyncio.Task[Mapping[str, int]] | None = None

    async def all(self) -> Mapping[str, int]:
        """Return every read model's position, by name.

        Raises:
            psycopg.Error: the server cannot be asked.
        """
        if self._query_task is None:
            self._query_task = asyncio.create_task(self._query())
            self._query_task.add_done_callback(self._on_queried)
        return await asyncio.shield(self._query_task)

    async def wait_for(self, name: str, position: int, seconds_max: float) -> bool:
        """Wait until a read model holds everything up to `position`; False if it does not in time."""
        deadline = asyncio.get_running_loop().time() + seconds_max
        while (await self.all()).get(name, -1) < position:
            if asyncio.get_running_loop().time() >= deadline:
                return False
            await asyncio.sleep(POLL_SECONDS)
        return True

    async def states(self) -> list[ProjectionState]:
        """Return every read model's row as operators see it, by name.

        Raises:
            psycopg.Error: the server cannot be asked.
        """
        async with self._pool.connection() as connection:
            return await checkpoints.states(connection)

    async def builds(self) -> list[Build]:
        """Return every version of a read model that is not live, by name.

        Raises:
            psycopg.Error: the server cannot be asked.
        """
        async with self._pool.connection() as connection:
            return await list_builds(connection)

    async def _query(self) -> Mapping[str, int]:
        async with self._pool.connection() as connection:
            return dict(await (await connection.execute(POSITIONS)).fetchall())

    def _on_queried(self, _: asyncio.Task[Mapping[str, int]]) -> None:
        self._query_task = None
