"""A reader that checks during a rebuild: no error, no earlier position, no partial state."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from projections.engine.queries import ReadModelQueries
from tests.eventstore.nats.bookings import until

COUNTS = """
SELECT (SELECT count(*) FROM {seat_map}.seat WHERE state <> 'free') AS seats,
       (SELECT coalesce(sum(seats), 0) FROM {seat_map}.tally) AS tallied,
       (SELECT count(*) FROM {seat_map}.seat) AS touched
"""
ENOUGH = 20


class Reader:
    """Reads the seat map repeatedly; `answers` are (position, number of seats with an event)."""

    def __init__(self, models: ReadModelQueries) -> None:
        self._models = models
        self.answers: list[tuple[int, int]] = []

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Read during the block; any error fails the test."""
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self._read_on())
            yield
            enough = len(self.answers) + ENOUGH
            await until(lambda: len(self.answers) >= enough or task.done(), "more answers")
            task.cancel()

    async def _read_on(self) -> None:
        while True:
            await self.read()
            await asyncio.sleep(0)

    async def read(self) -> None:
        """Read once."""
        found = await self._models.fetch(["seat_map"], COUNTS, {})
        (row,) = found.rows
        assert row["seats"] == row["tallied"], "two halves that do not fit"
        if self.answers:
            position, touched = self.answers[-1]
            assert found.position >= position, "the past"
            assert row["touched"] >= touched, "less than before"
        self.answers.append((found.position, row["touched"]))
