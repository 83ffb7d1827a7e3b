"""Searching the log page by page: complete, stable, and bounded."""

import asyncio
from datetime import timedelta
from random import Random

import pytest

from audit import log_search
from audit.log_search import Search, search
from eventstore.memory import MemoryStore
from eventstore.store import EventFilter
from tests.projections.random_history import RandomHistory
from tests.support.shop_scenario import ShopScenario


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    """A random history of some hundred events."""
    shop_scenario = ShopScenario()
    asyncio.run(RandomHistory(shop_scenario, Random(5)).run(120))
    return shop_scenario.store


async def pages(store: MemoryStore, asked: Search) -> list[int]:
    """Return the positions of everything found, page after page."""
    positions: list[int] = []
    while True:
        found = await search(store, asked)
        assert len(found.events) <= asked.limit
        positions += [event.position for event in found.events]
        if found.next_position is None:
            return positions
        asked = asked.from_position(found.next_position)


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("limit", [1, 7, 1000])
@pytest.mark.parametrize("at_once", [1, 10, 20_000])
async def test_the_pages_together_are_all_matching_events(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch, limit: int, at_once: int, *, newest_first: bool
) -> None:
    monkeypatch.setattr(log_search, "POSITIONS_AT_ONCE", at_once)
    wanted = EventFilter(names=["SeatHeld", "OrderPlaced"])
    log = await store.read_range(after=0, limit=10_000)
    expected = [event.position for event in log if event.name in {"SeatHeld", "OrderPlaced"}]
    assert len(expected) > 20
    asked = Search(wanted=wanted, limit=limit, newest_first=newest_first)
    assert await pages(store, asked) == (expected[::-1] if newest_first else expected)


@pytest.mark.parametrize("newest_first", [False, True])
async def test_one_search_has_a_limit_of_positions(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch, *, newest_first: bool
) -> None:
    monkeypatch.setattr(log_search, "POSITIONS_AT_ONCE", 10)
    monkeypatch.setattr(log_search, "POSITIONS_SEARCHED_MAX", 30)
    head = await store.head()
    nowhere = Search(wanted=EventFilter(names=["NoSuchEvent"]), limit=5, newest_first=newest_first)
    found = await search(store, nowhere)
    assert (found.events, found.next_position) == ([], head - 29 if newest_first else 30)
    assert await pages(store, nowhere) == []


async def test_a_search_in_one_stream_has_no_limit_of_positions(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_search, "POSITIONS_AT_ONCE", 1)
    monkeypatch.setattr(log_search, "POSITIONS_SEARCHED_MAX", 1)
    last = (await store.read_range(after=await store.head() - 1, limit=1))[0]
    found = await search(store, Search(wanted=EventFilter(stream=last.stream), limit=100))
    assert [event.version for event in found.events] == list(range(1, last.version + 1))
    assert found.next_position is None


async def test_times_are_included_at_both_ends(store: MemoryStore) -> None:
    log = await store.read_range(after=0, limit=10_000)
    middle = log[len(log) // 2].recorded_at
    expected = [event.position for event in log if event.recorded_at == middle]
    assert await pages(store, Search(wanted=EventFilter(), limit=1000, since=middle, until=middle)) == expected
    early = log[0].recorded_at - timedelta(days=1)
    assert await pages(store, Search(wanted=EventFilter(), limit=1000, until=early)) == []
