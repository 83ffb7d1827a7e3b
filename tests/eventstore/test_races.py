"""Concurrent writers at one version: exactly one wins, and a store without version checks is detected."""

import asyncio
from datetime import datetime

from eventstore.batcher import Batcher
from eventstore.memory import MemoryStore
from eventstore.store import Append, Appended, Conflict, Store, Verdict
from tests.eventstore.appends import at, to_append
from tests.eventstore.backends import Backend

WRITERS = 50


class BlindStore(MemoryStore):
    """Planted bug: versions are not checked."""

    def _decide(self, append: Append, now: datetime) -> Verdict | None:
        verdict = super()._decide(append, now)
        return None if isinstance(verdict, Conflict) else verdict


class TestOneSeatManyWriters:
    async def test_exactly_one_wins(self, backend: Backend) -> None:
        assert await winners(backend.store) == 1

    async def test_a_store_without_version_checks_sells_it_twice(self) -> None:
        assert await winners(BlindStore()) > 1


async def winners(store: Store) -> int:
    """Let writers compete for one seat, each with its own batcher; return the number of winners."""
    verdicts = await asyncio.gather(*(Batcher(store).submit(to_append(at("seat-1", 0))) for _ in range(WRITERS)))
    return sum(isinstance(verdict, Appended) for verdict in verdicts)
