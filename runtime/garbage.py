"""When Python looks for garbage. What our processes build has next to no cycles; counting references frees the rest."""

import asyncio
import gc
from collections.abc import Callable

OBJECTS_BETWEEN_LOOKS = 200_000
"""In the background parts: looking after every 700 objects was 60 % of their work."""

OBJECTS_PER_PORTION = 10_000
"""In the API: a look at 200,000 objects at once kept 64 buyers waiting for up to 110 ms."""

PORTIONS_BEFORE_A_SECOND_LOOK = 2
NEVER = 1_000_000
QUIET_CHECK_S = 20.0


def look_seldom() -> None:
    """Look for garbage seldom; whoever works in the background may stop for it."""
    gc.set_threshold(OBJECTS_BETWEEN_LOOKS)


def look_in_portions() -> None:
    """Look only at what is young, a little at a time; `look_when_quiet` sees to the rest."""
    gc.set_threshold(OBJECTS_PER_PORTION, PORTIONS_BEFORE_A_SECOND_LOOK, NEVER)


async def look_when_quiet(is_quiet: Callable[[], bool]) -> None:
    """Look at everything while nobody waits, and leave what is still there in peace from then on; until cancelled."""
    while True:
        await asyncio.sleep(QUIET_CHECK_S)
        if is_quiet():
            gc.collect()
            gc.freeze()
