"""Python's way to wait with a time limit: a cancellation in the moment of the answer must not be lost."""

import asyncio
import sys
from collections.abc import Awaitable, Callable

import pytest

from runtime.tuning.asyncio_compat import wait_for

Wait = Callable[[Awaitable[str], float | None], Awaitable[str]]


async def cancelled_as_the_answer_comes(wait: Wait) -> str:
    """Answer somebody who waits and cancel them before they look; return what they saw."""
    answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def ask() -> str:
        return await wait(answer, 10.0)

    asking = asyncio.create_task(ask())
    await asyncio.sleep(0)
    answer.set_result("answer")
    asking.cancel()
    try:
        return await asking
    except asyncio.CancelledError:
        return "cancelled"


class TestWaitFor:
    async def test_a_cancellation_in_the_moment_of_the_answer_counts(self) -> None:
        assert await cancelled_as_the_answer_comes(wait_for) == "cancelled"

    async def test_every_library_here_waits_like_that(self) -> None:
        assert await cancelled_as_the_answer_comes(asyncio.wait_for) == "cancelled"

    @pytest.mark.skipif(sys.version_info >= (3, 12), reason="mended in Python 3.12")
    async def test_positive_control_the_one_of_python_3_11_loses_it(self) -> None:
        as_it_came: Wait = asyncio.tasks.wait_for
        assert await cancelled_as_the_answer_comes(as_it_came) == "answer"

    async def test_no_answer_in_time(self) -> None:
        with pytest.raises(TimeoutError):
            await wait_for(asyncio.Event().wait(), 0.01)

    async def test_without_a_limit(self) -> None:
        assert await wait_for(asyncio.sleep(0, "answer"), None) == "answer"
