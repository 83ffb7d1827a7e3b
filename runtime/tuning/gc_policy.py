"""When Python looks for garbage. What our processes build has next to no cycles; counting references frees the rest."""

import asyncio
import gc
from collections.abc import Callable

BACKGROUND_THRESHOLD = 200_000
"""In the background parts: looking after every 700 objects was 60 % of their work."""

API_THRESHOLD = 10_000
"""In the API: a look at 200,000 objects at once kept 64 buyers waiting for up to 110 ms, a second look at what two
portions had left for 11 to 56 ms, twice a second."""

NEW_EVERY_S = 0.1
"""How often the API looks at what is new. Python counts what is new less what is freed, so while each booking pushes an
old one out of a full cache it does not look for 16 s, and then at 140,000 objects: buyers waited 110 to 300 ms."""

NEVER = 1_000_000
QUIET_CHECK_S = 20.0
REQUESTS_WHEN_QUIET_MAX = 20
BUSY_CHECKS_MAX = 15
"""A shop that is never quiet is kept waiting once in five minutes, for memory must not grow for ever."""


def relax_gc() -> None:
    """Look for garbage seldom, and not at what is there by now; whoever works in the background may stop for it."""
    gc.freeze()
    gc.set_threshold(BACKGROUND_THRESHOLD)


def collect_in_small_batches() -> None:
    """Look at what is new from now on, a little at a time and once; `collect_all_when_idle` sees to the rest."""
    gc.freeze()
    gc.set_threshold(API_THRESHOLD, NEVER, NEVER)


def disable_gc_at_exit() -> None:
    """Leave everything as it is: the process ends, and Python would look once more while a person waits."""
    gc.disable()
    gc.freeze()


def idle_detector(requests: Callable[[], int]) -> Callable[[], bool]:
    """Return a question: was there hardly a request since it was last asked? A single moment says nothing.

    Args:
        requests: how many there ever were.
    """
    seen = requests()

    def is_quiet() -> bool:
        nonlocal seen
        before, seen = seen, requests()
        return seen - before <= REQUESTS_WHEN_QUIET_MAX

    return is_quiet


async def collect_young_periodically(*, every_s: float = NEW_EVERY_S) -> None:
    """Look at what is new before there is much of it; until cancelled."""
    while True:
        await asyncio.sleep(every_s)
        gc.collect(0)


async def collect_all_when_idle(is_quiet: Callable[[], bool], *, check_every_s: float = QUIET_CHECK_S) -> None:
    """Look at everything while nobody waits, and leave what is still there in peace from then on; until cancelled."""
    busy_checks = 0
    while True:
        await asyncio.sleep(check_every_s)
        if is_quiet() or busy_checks == BUSY_CHECKS_MAX:
            busy_checks = 0
            gc.collect()
            gc.freeze()
        else:
            busy_checks += 1
