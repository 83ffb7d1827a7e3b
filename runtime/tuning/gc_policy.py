"""When the garbage collector runs. These processes build next to no cycles, so reference counts free nearly all."""

import asyncio
import gc
from collections.abc import Callable

BACKGROUND_THRESHOLD = 200_000
"""For the background parts: collections at the default threshold of 700 objects took 60 % of their work."""

API_THRESHOLD = 10_000
"""For the API: collecting 200,000 objects at once delayed 64 buyers by up to 110 ms, and collecting the second
generation by 11 to 56 ms, twice a second."""

YOUNG_INTERVAL_S = 0.1
"""Interval of the API's collections of the youngest generation. The threshold counts allocations minus frees: while
each booking evicts an old state from a full cache it is not reached for 16 s, and the collection of 140,000 objects
that followed delayed buyers by 110 to 300 ms."""

NEVER = 1_000_000
IDLE_CHECK_S = 20.0
REQUESTS_WHEN_IDLE_MAX = 20
BUSY_CHECKS_MAX = 15
"""After so many checks (five minutes) without an idle one a full collection runs all the same, to bound memory."""


def relax_gc() -> None:
    """Exempt existing objects from collection and collect rarely; for processes in which a pause does no harm."""
    gc.freeze()
    gc.set_threshold(BACKGROUND_THRESHOLD)


def collect_in_small_batches() -> None:
    """Exempt existing objects and collect only the youngest generation; `collect_all_when_idle` collects the others."""
    gc.freeze()
    gc.set_threshold(API_THRESHOLD, NEVER, NEVER)


def disable_gc_at_exit() -> None:
    """Disable the collector before shutdown, to skip the final collection."""
    gc.disable()
    gc.freeze()


def idle_detector(requests: Callable[[], int]) -> Callable[[], bool]:
    """Return a function that reports whether at most 20 requests arrived since its last call.

    Args:
        requests: returns the number of requests since the start.
    """
    count = requests()

    def is_idle() -> bool:
        nonlocal count
        before, count = count, requests()
        return count - before <= REQUESTS_WHEN_IDLE_MAX

    return is_idle


async def collect_young_periodically(*, every_s: float = YOUNG_INTERVAL_S) -> None:
    """Collect the youngest generation at intervals, while it is small, until cancelled."""
    while True:
        await asyncio.sleep(every_s)
        gc.collect(0)


async def collect_all_when_idle(is_idle: Callable[[], bool], *, check_every_s: float = IDLE_CHECK_S) -> None:
    """Run full collections while the API is idle, and exempt the survivors from later ones; until cancelled."""
    busy_checks = 0
    while True:
        await asyncio.sleep(check_every_s)
        if is_idle() or busy_checks == BUSY_CHECKS_MAX:
            busy_checks = 0
            gc.collect()
            gc.freeze()
        else:
            busy_checks += 1
