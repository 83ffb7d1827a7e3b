"""A real log, half told, and those who fold it."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from eventstore.postgres import PostgresStore
from eventstore.store import RecordedEvent
from tests.projections.crew import Crew
from tests.projections.rebuilding.stage import Teller, history

SEEDS = range(11, 17)
DEEDS = 250
TOLD_FIRST = 400


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
async def teller(store: PostgresStore, histories: Sequence[RecordedEvent]) -> Teller:
    """Tells the histories, and has told a part."""
    teller = Teller(store, histories)
    await teller.tell(TOLD_FIRST)
    return teller


@pytest.fixture
def crew(projector_url: str, store: PostgresStore) -> Crew:
    """Processes that fold the log."""
    return Crew(projector_url, store)
