"""The fair queue: fair between clients, without lost slots."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.fair_queue import FairQueue
from application.errors import Busy

LONG = 60.0


class Visits:
    """Clients that enter, leave on a signal, and are recorded in the order of entry."""

    def __init__(self, queue: FairQueue) -> None:
        self.queue = queue
        self.entered: list[str] = []
        self.leaves: list[asyncio.Event] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def come(self, client: str, times: int = 1) -> None:
        """Let a client enter the given number of times."""
        for _ in range(times):
            self.leaves.append(asyncio.Event())
            self.tasks.append(asyncio.create_task(self._visit(client, self.leaves[-1])))
        await settled()

    async def leave(self) -> None:
        """Let all leave one after the other."""
        for leave in self.leaves:
            leave.set()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def refused(self) -> int:
        """Count the refused ones."""
        return sum(task.done() and isinstance(task.exception(), Busy) for task in self.tasks)

    async def _visit(self, client: str, leave: asyncio.Event) -> None:
        async with self.queue.slot(client):
            self.entered.append(client)
            await leave.wait()


async def settled() -> None:
    """Run every task as far as possible."""
    for _ in range(10):
        await asyncio.sleep(0)


def queue(**limits: int) -> FairQueue:
    """Return a queue with a long maximum wait."""
    return FairQueue(**{"running_max": 1, "waiting_max": 100} | limits, waiting_seconds_max=LONG)


class TestTurns:
    async def test_given_a_crowd_of_one_client_then_another_waits_for_one_of_them(self) -> None:
        visits = Visits(queue())
        await visits.come("a", 20)
        await visits.come("b")
        await visits.leave()
        assert visits.entered.index("b") <= 2
        assert Counter(visits.entered) == {"a": 20, "b": 1}

    async def test_given_as_many_of_a_client_as_may_run_then_others_pass_it(self) -> None:
        visits = Visits(queue(running_max=2, client_max=1))
        await visits.come("a", 3)
        assert visits.entered == ["a"]
        await visits.come("b")
        assert visits.entered == ["a", "b"]
        await visits.leave()
        assert Counter(visits.entered) == {"a": 3, "b": 1}
        assert (visits.queue.running, visits.queue.waiting) == (0, 0)


class TestFull:
    async def test_given_a_client_that_fills_it_then_it_loses_its_newest_to_others(self) -> None:
        visits = Visits(queue(waiting_max=4))
        await visits.come("a", 5)
        await visits.come("b", 2)
        await visits.come("c")
        assert visits.refused() == 3
        await visits.leave()
        assert Counter(visits.entered) == {"a": 2, "b": 2, "c": 1}

    async def test_given_a_client_that_fills_it_then_its_own_next_is_refused(self) -> None:
        visits = Visits(queue(waiting_max=2))
        await visits.come("a", 4)
        assert (visits.refused(), visits.queue.waiting, visits.queue.refused) == (1, 2, 1)
        await visits.leave()
        assert len(visits.entered) == 3


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("come"), st.sampled_from("abc")),
            st.tuples(st.just("leave"), st.integers(0, 20)),
            st.tuples(st.just("cancel"), st.integers(0, 20)),
        ),
        max_size=40,
    )
)
async def test_whatever_comes_and_goes_then_no_place_is_lost(steps: list[tuple[str, str | int]]) -> None:
    visits = Visits(queue(running_max=2, waiting_max=3, client_max=1))
    for step, which in steps:
        if step == "come":
            await visits.come(str(which))
        elif visits.tasks and step == "leave":
            visits.leaves[int(which) % len(visits.leaves)].set()
        elif visits.tasks:
            visits.tasks[int(which) % len(visits.tasks)].cancel()
        assert visits.queue.running <= 2
        assert visits.queue.waiting <= 3
    await visits.leave()
    assert (visits.queue.running, visits.queue.waiting) == (0, 0)
    assert visits.queue.try_enter("a")


async def test_given_too_long_a_wait_then_it_is_refused_and_leaves_the_queue() -> None:
    short = FairQueue(running_max=1, waiting_max=10, waiting_seconds_max=0.01)
    assert short.try_enter("a")
    with pytest.raises(Busy):
        await short.enter("b")
    assert (short.running, short.waiting, short.refused) == (1, 0, 1)
