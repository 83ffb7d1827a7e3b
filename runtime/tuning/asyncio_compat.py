"""`asyncio.wait_for` with the behaviour of Python 3.12, which never loses a cancellation.

Python 3.11 loses a cancellation that arrives together with the result (CPython issue 86296), so the task never ends.
The client libraries of NATS and PostgreSQL use it.
"""

import asyncio
import sys
from collections.abc import Awaitable
from typing import TypeVar

Result = TypeVar("Result")


def patch_wait_for() -> None:
    """Replace `asyncio.wait_for` for every library of this process; call it before an event loop runs."""
    if sys.version_info < (3, 12):
        asyncio.wait_for = wait_for  # type: ignore[assignment]


async def wait_for(fut: Awaitable[Result], timeout: float | None) -> Result:  # noqa: ASYNC109 - the same signature
    """Return the result of an awaitable; `timeout` is in seconds, None waits for ever.

    Raises:
        TimeoutError: there is no result in time; the awaitable is cancelled.
    """
    async with asyncio.timeout(timeout):
        return await fut
