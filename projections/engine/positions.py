"""Positions of the read models, and waiting until one has reached a position."""

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
    """Reads the control rows; concurrent callers share one query.

    Args:
        pool: autocommit connections with the right to read the schema `projections`.
    """

    def __init__(self, pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]]) -> None:
        self._pool = pool
        self._query_task: asyncio.Task[Mapping[str, int]] | None = None

    async def all(self) -> Mapping[str, int]:
        """Return each read model's position, as name → position.

        Raises:
            psycopg.Error: the query failed.
        """
        if self._query_task is None:
            self._query_task = asyncio.create_task(self._query())
            self._query_task.add_done_callback(self._on_queried)
        return await asyncio.shield(self._query_task)

    async def wait_for(self, name: str, position: int, seconds_max: float) -> bool:
        """Wait until a read model has folded everything up to `position`; False after `seconds_max`."""
        deadline = asyncio.get_running_loop().time() + seconds_max
        while (await self.all()).get(name, -1) < position:
            if asyncio.get_running_loop().time() >= deadline:
                return False
            await asyncio.sleep(POLL_SECONDS)
        return True

    async def states(self) -> list[ProjectionState]:
        """Return all control rows, ordered by name.

        Raises:
            psycopg.Error: the query failed.
        """
        async with self._pool.connection() as connection:
            return await checkpoints.states(connection)

    async def builds(self) -> list[Build]:
        """Return all versions of read models that are not live, ordered by name.

        Raises:
            psycopg.Error: the query failed.
        """
        async with self._pool.connection() as connection:
            return await list_builds(connection)

    async def _query(self) -> Mapping[str, int]:
        async with self._pool.connection() as connection:
            return dict(await (await connection.execute(POSITIONS)).fetchall())

    def _on_queried(self, _: asyncio.Task[Mapping[str, int]]) -> None:
        self._query_task = None
