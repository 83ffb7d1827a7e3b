"""Waiting for a condition with a timeout."""

import asyncio
from collections.abc import Awaitable, Callable

DEADLINE_S = 20.0
PAUSE_S = 0.01


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Return when the condition holds; fail after `DEADLINE_S`."""
    async with asyncio.timeout(DEADLINE_S):
        while not await condition():  # noqa: ASYNC110 - the condition is in another process
            await asyncio.sleep(PAUSE_S)
