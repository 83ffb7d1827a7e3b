"""Stores that misbehave on purpose, around one that does not."""

import asyncio
from collections.abc import Sequence

from eventstore.memory import MemoryStore
from eventstore.store import Append, Verdict


class SlowStore(MemoryStore):
    """Keeps every batch until it is let go, and remembers what was in it."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[Append]] = []
        self.arrived = asyncio.Semaphore(0)
        self.let_go = asyncio.Semaphore(0)

    async def append(self, batch: Sequence[Append]) -> list[Verdict]:
        """Append when the test says so."""
        self.batches.append(list(batch))
        self.arrived.release()
        await self.let_go.acquire()
        return await super().append(batch)


class FailingStore(MemoryStore):
    """Raises what it was told to, one failure an append, before or after the batch took effect."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[Append]] = []
        self.before: list[Exception] = []
        self.after: list[Exception] = []

    async def append(self, batch: Sequence[Append]) -> list[Verdict]:
        """Append, unless a failure is due."""
        self.batches.append(list(batch))
        if self.before:
            raise self.before.pop(0)
        verdicts = await super().append(batch)
        if self.after:
            raise self.after.pop(0)
        return verdicts
