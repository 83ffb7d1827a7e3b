"""Garbage that counting references does not free: looked for when it disturbs nobody, and never forgotten."""

import asyncio
import gc
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from runtime.tuning.gc_policy import (
    BUSY_CHECKS_MAX,
    REQUESTS_WHEN_IDLE_MAX,
    collect_all_when_idle,
    collect_in_small_batches,
    collect_young_periodically,
    disable_gc_at_exit,
    idle_detector,
    relax_gc,
)


class Ring:
    """Something that holds itself, so that counting references does not free it."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """Leave the test process as it was."""
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()
    gc.enable()


def forgotten() -> weakref.ref[Ring]:
    """Make garbage that has survived the look at what is new."""
    ring = Ring()
    gc.collect(0)
    return weakref.ref(ring)


async def checks_until_freed(*, quiet: bool) -> int:
    """Return how often the shop was asked whether it is quiet before the garbage was gone."""
    asked = 0

    def is_idle() -> bool:
        nonlocal asked
        asked += 1
        return quiet

    collect_in_small_batches()
    garbage = forgotten()
    looking = asyncio.create_task(collect_all_when_idle(is_idle, check_every_s=0))
    async with asyncio.timeout(30):
        while garbage() is not None:  # noqa: ASYNC110 - the collector sets no event
            await asyncio.sleep(0)
    looking.cancel()
    with suppress(asyncio.CancelledError):
        await looking
    return asked


class TestLookWhenQuiet:
    async def test_given_nobody_waits_then_at_once(self) -> None:
        assert await checks_until_freed(quiet=True) <= 2

    async def test_given_somebody_always_waits_then_in_the_end(self) -> None:
        assert BUSY_CHECKS_MAX < await checks_until_freed(quiet=False) <= BUSY_CHECKS_MAX + 2


async def new_at_most(full_cache: deque[list[int]], *, replaced: int) -> int:
    """Replace what a cache holds, a thousand in each turn of the loop; return the most that was new after a turn."""
    most = 0
    for begin in range(0, replaced, 1_000):
        full_cache.extend([number] for number in range(begin, begin + 1_000))
        most = max(most, len(gc.get_objects(generation=0)))
        await asyncio.sleep(0)
    return most


class TestLookAtWhatIsNew:
    async def test_given_a_full_cache_then_what_is_new_in_it_does_not_pile_up(self) -> None:
        collect_in_small_batches()
        cache = deque([[number] for number in range(50_000)], maxlen=50_000)
        gc.collect(0)
        assert await new_at_most(cache, replaced=40_000) > 30_000, "Python looks by itself, so this is needed no more"
        gc.collect(0)
        looking = asyncio.create_task(collect_young_periodically(every_s=0))
        assert await new_at_most(cache, replaced=40_000) < 5_000
        looking.cancel()


class TestLull:
    def test_what_counts_is_what_came_since_it_was_last_asked(self) -> None:
        requests = 1_000
        is_idle = idle_detector(lambda: requests)
        assert is_idle()
        requests += REQUESTS_WHEN_IDLE_MAX
        assert is_idle()
        requests += REQUESTS_WHEN_IDLE_MAX + 1
        assert not is_idle()
        assert is_idle()


@pytest.mark.parametrize("look", [relax_gc, collect_in_small_batches])
def test_what_a_part_has_imported_is_never_looked_at(look: Callable[[], None]) -> None:
    imported = Ring()
    look()
    found = gc.get_objects()
    assert not any(each is imported for each in found)


def test_given_portions_then_what_has_survived_is_not_looked_at_again() -> None:
    collect_in_small_batches()
    before = [generation["collections"] for generation in gc.get_stats()]
    kept = [[number] for number in range(100_000)]
    after = [generation["collections"] for generation in gc.get_stats()]
    assert kept
    assert after[0] > before[0]
    assert after[1:] == before[1:]


def test_given_the_process_ends_then_nothing_is_looked_at_again() -> None:
    garbage = forgotten()
    disable_gc_at_exit()
    gc.collect()
    assert garbage() is not None
    gc.unfreeze()
    gc.collect()
    assert garbage() is None
