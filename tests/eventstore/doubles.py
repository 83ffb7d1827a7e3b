"""Stores with delays and failures for tests."""

import asyncio
from collections.abc import Callable, Sequence

from eventstore.memory import MemoryStore
from eventstore.store import Append, Verdict


class SlowStore(MemoryStore):
    """A store that blocks each append until the test releases it, and records the batches."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[Append]] = []
        self.arrived = asyncio.Semaphore(0)
        self.let_go = asyncio.Semaphore(0)

    async def append(self, batch: Sequence[Append]) -> list[Verdict]:
        """Record the batch; append it once the test releases it."""
        self.batches.append(list(batch))
        self.arrived.release()
        await self.let_go.acquire()
        return await super().append(batch)


class FailingStore(MemoryStore):
    """A store that raises given errors, one per append, before or after the batch took effect."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[Append]] = []
        self.before: list[Exception] = []
        self.after: list[Exception] = []

    async def append(self, batch: Sequence[Append]) -> list[Verdict]:
        """Append, or raise the next error."""
        self.batches.append(list(batch))
        if self.before:
            raise self.before.pop(0)
        verdicts = await super().append(batch)
        if self.after:
            raise self.after.pop(0)
        return verdicts


class RestorableStore(MemoryStore):
    """A log that can be restored from a backup while it is being read."""

    def backup(self) -> Callable[[], None]:
        """Return a function that restores the current log."""
        log, done = list(self._log), dict(self._done)
        streams = {name: list(events) for name, events in self._streams.items()}

        def restore() -> None:
            self._log, self._done = list(log), dict(done)
            self._streams = {name: list(events) for name, events in streams.items()}

        return restore
