"""The batcher: composition of batches, queueing, and failures."""

import asyncio
from collections.abc import Awaitable, Iterable
from dataclasses import replace
from typing import TypeVar

import pytest

from eventstore.batcher import BatchComposition, Batcher, QueuedAppend
from eventstore.errors import (
    BatchRefused,
    ClientDisconnected,
    ClockBehind,
    OutcomeUnknown,
    Overloaded,
    StoreUnavailable,
    Unencodable,
)
from eventstore.store import (
    BATCH_BYTES_MAX,
    COMMANDS_PER_BATCH_MAX,
    EVENT_BYTES_MAX,
    Append,
    Appended,
    Conflict,
    Replayed,
    Verdict,
)
from tests.eventstore.appends import at, to_append
from tests.eventstore.blocked_batcher import BlockedBatcher, soon
from tests.eventstore.doubles import FailingStore, SlowStore

DEADLINE_S = 10.0
PERFORMANCE = {"performance-1": 0}

Result = TypeVar("Result")


class TestBatchComposition:
    async def test_whatever_arrived_while_the_last_one_was_in_flight(self) -> None:
        queue = await BlockedBatcher.blocked()
        queued = [to_append(at(f"seat-{n}", 0)) for n in range(10)]
        await queue.enqueue(*queued)
        assert await queue.batch() == queued
        assert all(isinstance(verdict, Appended) for verdict in await queue.verdicts())

    async def test_two_hundred_at_most(self) -> None:
        queue = await BlockedBatcher.blocked()
        await queue.enqueue(*(to_append(at(f"seat-{n}", 0)) for n in range(COMMANDS_PER_BATCH_MAX + 7)))
        assert [len(await queue.batch()) for _ in range(2)] == [COMMANDS_PER_BATCH_MAX, 7]
        await queue.verdicts()

    async def test_so_many_bytes_at_most(self) -> None:
        queue = await BlockedBatcher.blocked()
        data = f'"{"x" * (EVENT_BYTES_MAX - 1_000)}"'
        events = BATCH_BYTES_MAX // EVENT_BYTES_MAX // 2
        await queue.enqueue(*(to_append(at(f"seat-{n}", 0, events, data=data)) for n in range(3)))
        assert [len(await queue.batch()) for _ in range(2)] == [2, 1]
        await queue.verdicts()

    async def test_all_that_guard_the_same_stream(self) -> None:
        queue = await BlockedBatcher.blocked()
        await queue.enqueue(*(to_append(at(f"seat-{n}", 0), guards=PERFORMANCE) for n in range(50)))
        assert len(await queue.batch()) == 50
        await queue.verdicts()

    async def test_without_shared_guards_it_would_be_one_at_a_time(self) -> None:
        queue = await BlockedBatcher.blocked(admission=UnsharedGuards)
        await queue.enqueue(*(to_append(at(f"seat-{n}", 0), guards=PERFORMANCE) for n in range(5)))
        assert [len(await queue.batch()) for _ in range(5)] == [1] * 5
        await queue.verdicts()


class TestPostponedCommands:
    @pytest.mark.parametrize(
        ("first", "second"),
        [
            (to_append(at("seat-1", 0)), to_append(at("seat-1", 1))),
            (to_append(at("seat-1", 0)), to_append(at("seat-2", 0), guards={"seat-1": 1})),
            (to_append(at("seat-1", 0), guards={"seat-2": 0}), to_append(at("seat-2", 0))),
        ],
        ids=["write meets write", "guard meets write", "write meets guard"],
    )
    async def test_a_command_that_the_other_could_change(self, first: Append, second: Append) -> None:
        queue = await BlockedBatcher.blocked()
        bystander = to_append(at("seat-9", 0), guards={"seat-8": 0})
        await queue.enqueue(first, second, bystander)
        assert await queue.batch() == [first, bystander]
        assert await queue.batch() == [second]
        assert all(isinstance(verdict, Appended) for verdict in await queue.verdicts())

    async def test_a_second_attempt_is_answered_as_a_replay(self) -> None:
        queue = await BlockedBatcher.blocked()
        command = to_append(at("seat-1", 0))
        await queue.enqueue(command, command)
        assert await queue.batch() == [command]
        first, second = await queue.verdicts()
        assert (type(first), type(second)) == (Appended, Replayed)

    async def test_what_was_passed_over_is_first_in_the_next_batch(self) -> None:
        queue = await BlockedBatcher.blocked()
        writer = to_append(at("performance-1", 0))
        await queue.enqueue(to_append(at("seat-0", 0), guards=PERFORMANCE), writer)
        await queue.enqueue(*(to_append(at(f"seat-{n}", 0), guards=PERFORMANCE) for n in range(1, 3)))
        assert len(await queue.batch()) == 3
        await queue.enqueue(*(to_append(at(f"seat-{n}", 0), guards=PERFORMANCE) for n in range(3, 6)))
        assert await queue.batch() == [writer]
        *_, last = await queue.verdicts()
        assert last == Conflict(stream="performance-1", version=1)

    async def test_also_when_the_batch_was_full(self) -> None:
        queue = await BlockedBatcher.blocked()
        writer = to_append(at("seat-0", 1))
        await queue.enqueue(to_append(at("seat-0", 0)), writer)
        await queue.enqueue(*(to_append(at(f"seat-{n}", 0)) for n in range(1, COMMANDS_PER_BATCH_MAX + 5)))
        assert len(await queue.batch()) == COMMANDS_PER_BATCH_MAX
        assert (await queue.batch())[0] == writer
        await queue.verdicts()


class TestStaleCommands:
    async def test_they_are_rejected_at_once_without_the_server(self) -> None:
        queue = await BlockedBatcher.blocked()
        rivals = [to_append(at("seat-1", 0)) for _ in range(500)]
        await queue.enqueue(*rivals)
        verdicts = await queue.verdicts()
        assert [type(verdict) for verdict in verdicts] == [Appended] + [Conflict] * 499
        assert verdicts[-1] == Conflict(stream="seat-1", version=1)
        assert [len(batch) for batch in queue.store.batches] == [1, 1]
        assert queue.batcher.counters.rejected_stale == 499

    async def test_a_conflict_tells_the_others_too(self) -> None:
        queue = await BlockedBatcher.blocked()
        await queue.enqueue(to_append(at("first", 0)), to_append(at("seat-1", 0), guards={"first": 0}))
        assert await queue.verdicts() == [Conflict(stream="first", version=1)] * 2
        assert len(queue.store.batches) == 1


class TestFailures:
    async def test_of_ten_commands_one_of_which_is_poisoned_nine_succeed(self) -> None:
        queue = await BlockedBatcher.blocked()
        queued = [to_append(at(f"seat-{n}", 0, data="{" if n == 4 else "{}")) for n in range(10)]
        await queue.enqueue(*queued)
        for _ in range(20):
            queue.store.let_go.release()
        _, *outcomes = await soon(asyncio.gather(*queue.tasks, return_exceptions=True))
        refused = [number for number, outcome in enumerate(outcomes) if isinstance(outcome, BatchRefused)]
        assert refused == [4]
        assert sum(isinstance(outcome, Appended) for outcome in outcomes) == 9
        assert await queue.store.head() == 10

    async def test_a_command_that_cannot_be_stored_is_refused_before_it_is_queued(self) -> None:
        store = FailingStore()
        with pytest.raises(Unencodable):
            await Batcher(store).submit(to_append(at("seat-1", 0, data='"\0"')))
        assert store.batches == []

    async def test_a_batch_is_resent_until_its_outcome_is_known(self) -> None:
        store = FailingStore()
        store.after = [OutcomeUnknown("cut")]
        batcher = Batcher(store)
        command = to_append(at("seat-1", 0))
        verdict = await soon(batcher.submit(command))
        assert isinstance(verdict, Replayed)
        assert store.batches == [[command], [command]]

    async def test_while_it_is_unknown_no_failure_is_an_answer_and_nothing_else_is_sent(self) -> None:
        store = FailingStore()
        store.before = [OutcomeUnknown("cut"), StoreUnavailable("down"), ClockBehind("back"), OutcomeUnknown("cut")]
        batcher = Batcher(store)
        commands = [to_append(at(f"seat-{n}", 0)) for n in range(3)]
        tasks = [asyncio.ensure_future(batcher.submit(commands[0]))]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        tasks += [asyncio.ensure_future(batcher.submit(command)) for command in commands[1:]]
        verdicts = await soon(asyncio.gather(*tasks))
        assert all(isinstance(verdict, Appended) for verdict in verdicts)
        assert store.batches == [[commands[0]]] * 5 + [commands[1:]]
        assert batcher.counters.resent == 4

    @pytest.mark.parametrize("error", [StoreUnavailable("down"), ClockBehind("back")])
    async def test_where_nothing_was_sent_the_callers_get_the_error(self, error: Exception) -> None:
        store = FailingStore()
        store.before = [error]
        batcher = Batcher(store)
        outcomes = await soon(both(batcher.submit(to_append(at(f"seat-{n}", 0))) for n in range(2)))
        assert outcomes == [error, error]
        assert isinstance(await soon(batcher.submit(to_append(at("seat-1", 0)))), Appended)

    async def test_a_caller_who_leaves_takes_the_command_along_unless_it_was_sent(self) -> None:
        queue = await BlockedBatcher.blocked()
        await queue.enqueue(to_append(at("seat-1", 0)), to_append(at("seat-2", 0)))
        queue.tasks[1].cancel()
        queue.tasks[0].cancel()
        for _ in range(2):
            queue.store.let_go.release()
        await soon(queue.tasks[2])
        assert [list(command.writes) for batch in queue.store.batches for command in batch] == [
            [at("first", 0)],
            [at("seat-2", 0)],
        ]

    async def test_what_was_abandoned_in_the_queue_is_not_sent(self) -> None:
        queue = await BlockedBatcher.blocked()
        await queue.enqueue(replace(to_append(at("seat-1", 0)), is_abandoned=lambda: True), to_append(at("seat-2", 0)))
        assert [command.writes for command in await queue.batch()] == [(at("seat-2", 0),)]
        queue.store.let_go.release()
        await soon(queue.tasks[2])
        with pytest.raises(ClientDisconnected):
            await soon(queue.tasks[1])

    async def test_a_crash_fails_all_queued_commands(self) -> None:
        store = FailingStore()
        store.before = [ZeroDivisionError("planted")]
        batcher = Batcher(store)
        outcomes = await soon(both(batcher.submit(to_append(at(f"seat-{n}", 0))) for n in range(2)))
        assert [type(outcome) for outcome in outcomes] == [ZeroDivisionError] * 2
        assert isinstance(await soon(batcher.submit(to_append(at("seat-1", 0)))), Appended)


class TestLimits:
    async def test_a_full_queue_sheds_load(self) -> None:
        store = SlowStore()
        queue = BlockedBatcher(Batcher(store, queue_max=1_000), store)
        await queue.enqueue(*(to_append(at(f"seat-{n}", 0)) for n in range(1_000)))
        with pytest.raises(Overloaded):
            await queue.batcher.submit(to_append(at("one-too-many", 0)))
        assert len(await queue.verdicts()) == 999
        store.let_go.release()
        assert isinstance(await soon(queue.batcher.submit(to_append(at("later", 0)))), Appended)


class TestClosing:
    async def test_queued_commands_get_their_verdicts_and_new_ones_are_refused(self) -> None:
        queue = await BlockedBatcher.blocked()
        await queue.enqueue(to_append(at("seat-1", 0)))
        closing = asyncio.ensure_future(queue.batcher.close())
        await asyncio.sleep(0)
        with pytest.raises(StoreUnavailable):
            await queue.batcher.submit(to_append(at("seat-2", 0)))
        assert not closing.done()
        (verdict,) = await queue.verdicts()
        assert isinstance(verdict, Appended)
        await soon(closing)

    async def test_after_the_timeout_the_outcome_is_unknown(self) -> None:
        queue = await BlockedBatcher.blocked()
        await queue.enqueue(to_append(at("seat-1", 0)))
        await soon(queue.batcher.close(within_s=0.01))
        outcomes = await soon(asyncio.gather(*queue.tasks, return_exceptions=True))
        assert [type(outcome) for outcome in outcomes] == [OutcomeUnknown, StoreUnavailable]


class TestCounters:
    async def test_they_tell_batches_commands_and_the_last_sizes(self) -> None:
        queue = await BlockedBatcher.blocked()
        await queue.enqueue(*(to_append(at(f"seat-{n}", 0)) for n in range(3)))
        assert queue.batcher.waiting == 3
        await queue.verdicts()
        counters = queue.batcher.counters
        assert (counters.batches, counters.commands, list(counters.sizes)) == (2, 4, [1, 3])


class UnsharedGuards(BatchComposition):
    """Planted slowness: guards are not shared."""

    def try_add(self, queued: QueuedAppend) -> bool:
        """Refuse the command if another one guards a stream that it guards."""
        return self._guarded.isdisjoint(queued.append.guards) and super().try_add(queued)


async def both(coroutines: Iterable[Awaitable[Verdict]]) -> list[Verdict | BaseException]:
    return await asyncio.gather(*coroutines, return_exceptions=True)
