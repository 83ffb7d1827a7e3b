"""Stores that misbehave on purpose, around one that does not."""

import asyncio
from collections.abc import Callable, Sequence

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


class RestorableStore(MemoryStore):
    """A log that can be put back to an earlier backup of itself while everybody who reads it goes on."""

    def backup(self) -> Callable[[], None]:
        """Return what restores the log as it is now."""
        log, done = list(self._log), dict(self._done)
        streams = {name: list(events) for name, events in self._streams.items()}

        def restore() -> None:
            self._log, self._done = list(log), dict(done)
            self._streams = {name: list(events) for name, events in streams.items()}

        return restore
