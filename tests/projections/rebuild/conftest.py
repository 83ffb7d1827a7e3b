"""A real log with a part of a history, and runners that fold it."""

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
    """The log, with the application's role."""
    async with PostgresStore(app_url) as store:
        yield store


@pytest.fixture(scope="session")
def histories() -> Sequence[RecordedEvent]:
    """The events of some random histories."""
    return [event for seed in SEEDS for event in asyncio.run(history(seed, DEEDS))]


@pytest.fixture
async def log_replayer(store: PostgresStore, histories: Sequence[RecordedEvent]) -> LogReplayer:
    """Replays the histories; a part is appended already."""
    log_replayer = LogReplayer(store, histories)
    await log_replayer.append(APPENDED_FIRST)
    return log_replayer


@pytest.fixture
def projection_workers(projector_url: str, store: PostgresStore) -> ProjectionWorkers:
    """Runners that fold the log."""
    return ProjectionWorkers(projector_url, store)
