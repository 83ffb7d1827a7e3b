"""A real log, half told, and those who fold it."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from eventstore.postgres import PostgresStore
from eventstore.store import RecordedEvent
from tests.projections.rebuild.log_replayer import LogReplayer, history
from tests.projections.workers import ProjectionWorkers

SEEDS = range(11, 17)
DEEDS = 250
APPENDED_FIRST = 400


@pytest.fixture
async def store(app_url: str) -> AsyncIterator[PostgresStore]:
    """The log, as the application appends to it."""
    async with PostgresStore(app_url) as store:
        yield store


@pytest.fixture(scope="session")
def histories() -> Sequence[RecordedEvent]:
    """The histories of some towns."""
    return [event for seed in SEEDS for event in asyncio.run(history(seed, DEEDS))]


@pytest.fixture
async def log_replayer(store: PostgresStore, histories: Sequence[RecordedEvent]) -> LogReplayer:
    """Tells the histories, and has told a part."""
    log_replayer = LogReplayer(store, histories)
    await log_replayer.append(APPENDED_FIRST)
    return log_replayer


@pytest.fixture
def projection_workers(projector_url: str, store: PostgresStore) -> ProjectionWorkers:
    """Processes that fold the log."""
    return ProjectionWorkers(projector_url, store)
