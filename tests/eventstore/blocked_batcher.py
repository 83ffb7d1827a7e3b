"""A batcher with a slow store, for tests of queueing."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from eventstore.batcher import BatchComposition, Batcher
from eventstore.store import (
    Append,
    Verdict,
)
from tests.eventstore.appends import at, to_append
from tests.eventstore.doubles import SlowStore

DEADLINE_S = 10.0
Result = TypeVar("Result")


class BlockedBatcher:
    """A batcher with a slow store; one batch is held back, so that further commands are queued."""

    def __init__(self, batcher: Batcher, store: SlowStore) -> None:
        self.batcher = batcher
        self.store = store
        self.tasks: list[asyncio.Task[Verdict]] = []

    @classmethod
    async def blocked(cls, admission: type[BatchComposition] = BatchComposition) -> "BlockedBatcher":
        store = SlowStore()
        queue = cls(Batcher(store, new_batch=admission), store)
        await queue.enqueue(to_append(at("first", 0)))
        await soon(store.arrived.acquire())
        return queue

    async def enqueue(self, *appends: Append) -> None:
        """Submit commands and wait until they are queued."""
        self.tasks += [asyncio.ensure_future(self.batcher.submit(append)) for append in appends]
        await asyncio.sleep(0)

    async def batch(self) -> list[Append]:
        """Release the batch in flight and return the next one."""
        self.store.let_go.release()
        await soon(self.store.arrived.acquire())
        return self.store.batches[-1]

    async def verdicts(self) -> list[Verdict]:
        """Release all batches and return all verdicts but the first."""
        for _ in range(len(self.tasks)):
            self.store.let_go.release()
        return (await soon(asyncio.gather(*self.tasks)))[1:]


async def soon(awaitable: Awaitable[Result]) -> Result:
    """Await with a timeout of `DEADLINE_S`."""
    async with asyncio.timeout(DEADLINE_S):
        return await awaitable
