"""`asyncio.wait_for` as Python 3.12 has it: one that never forgets a cancellation.

In 3.11 a cancellation that comes in the same moment as the answer is lost (CPython issue 86296), and whoever waits for
the task to end waits for ever. The clients of NATS and PostgreSQL are built on it.
"""

import asyncio
import sys
from collections.abc import Awaitable
from typing import TypeVar

Answer = TypeVar("Answer")


def patch_wait_for() -> None:
    """Give every library of this process the newer one; call it before an event loop runs."""
    if sys.version_info < (3, 12):
        asyncio.wait_for = wait_for  # type: ignore[assignment]


async def wait_for(fut: Awaitable[Answer], timeout: float | None) -> Answer:  # noqa: ASYNC109 - as it was
    """Wait for an answer, at most some seconds (None: for ever).

    Raises:
        TimeoutError: there is none in time; what was to answer is cancelled.
    """
    async with asyncio.timeout(timeout):
        return await fut
