"""The concurrency limit: bounded, first come first served, without lost slots."""

import asyncio

import pytest

from api.http.load_shedding import ConcurrencyLimit
from application.errors import Busy


async def visit(admission: ConcurrencyLimit, leave: asyncio.Event, order: list[int], number: int) -> None:
    """Enter, record the order, and leave on a signal."""
    async with admission:
        order.append(number)
        await leave.wait()


async def settled() -> None:
    """Run every task as far as possible."""
    for _ in range(10):
        await asyncio.sleep(0)


class TestAdmission:
    async def test_given_more_than_run_then_they_wait_in_order(self) -> None:
        admission, leave, order = ConcurrencyLimit(running_max=2), asyncio.Event(), list[int]()
        visits = [asyncio.create_task(visit(admission, leave, order, number)) for number in range(5)]
        await settled()
        assert (order, admission.running, admission.waiting) == ([0, 1], 2, 3)
        leave.set()
        await asyncio.gather(*visits)
        assert (order, admission.running, admission.waiting) == ([0, 1, 2, 3, 4], 0, 0)

    async def test_given_a_full_queue_then_the_next_is_refused_at_once(self) -> None:
        admission, leave, order = ConcurrencyLimit(running_max=1, waiting_max=1_000), asyncio.Event(), list[int]()
        visits = [asyncio.create_task(visit(admission, leave, order, number)) for number in range(1_001)]
        await settled()
        with pytest.raises(Busy):
            await visit(admission, leave, order, 1_001)
        leave.set()
        await asyncio.gather(*visits)
        assert (len(order), admission.refused) == (1_001, 1)

    async def test_given_too_long_a_wait_then_it_is_refused_and_leaves_the_queue(self) -> None:
        admission, leave, order = (
            ConcurrencyLimit(running_max=1, waiting_seconds_max=0.01),
            asyncio.Event(),
            list[int](),
        )
        first = asyncio.create_task(visit(admission, leave, order, 0))
        await settled()
        with pytest.raises(Busy):
            await visit(admission, leave, order, 1)
        assert admission.waiting == 0
        leave.set()
        await first
        assert admission.running == 0

    async def test_given_waiters_that_give_up_at_any_moment_then_no_place_is_lost(self) -> None:
        admission, leave, order = ConcurrencyLimit(running_max=1), asyncio.Event(), list[int]()
        first = asyncio.create_task(visit(admission, leave, order, 0))
        await settled()
        for steps in range(6):
            waiter = asyncio.create_task(visit(admission, asyncio.Event(), order, 1))
            for _ in range(steps):
                await asyncio.sleep(0)
            waiter.cancel()
            await asyncio.wait([waiter])
        leave.set()
        await first
        assert (order, admission.running, admission.waiting) == ([0], 0, 0)

    async def test_given_a_waiter_that_gives_up_in_the_moment_its_turn_comes_then_the_next_one_gets_the_place(
        self,
    ) -> None:
        admission, leave, order = ConcurrencyLimit(running_max=1), asyncio.Event(), list[int]()
        leave.set()
        async with admission:
            waiters = [asyncio.create_task(visit(admission, leave, order, number)) for number in range(2)]
            await settled()
        waiters[0].cancel()
        await asyncio.wait(waiters)
        assert (order, admission.running, admission.waiting) == ([1], 0, 0)
