"""Random logs with given times, and their insertion into PostgreSQL by the owner's role."""

import asyncio
from collections.abc import Sequence
from random import Random

import psycopg

from eventstore.store import RecordedEvent
from tests.projections.random_history import RandomHistory
from tests.support.shop_scenario import ShopScenario

DEEDS = 400
COPY = f"COPY eventstore.event ({', '.join(RecordedEvent._fields)}) FROM STDIN"


def generate_log(seed: int) -> Sequence[RecordedEvent]:
    """Return a log with nearly every kind of event."""

    async def live() -> Sequence[RecordedEvent]:
        shop_scenario = ShopScenario()
        await RandomHistory(shop_scenario, Random(seed)).run(DEEDS)
        return await shop_scenario.store.read_range(after=0, limit=1_000_000)

    return asyncio.run(live())


def put(owner_url: str, log: Sequence[RecordedEvent]) -> None:
    """Insert events unchanged, with positions and times."""
    with psycopg.connect(owner_url) as owner, owner.cursor().copy(COPY) as copy:
        for event in log:
            copy.write_row(event)
