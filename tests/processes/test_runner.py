"""The behaviour of every runner, shown with a rule on holds."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest

from adapters.postgres.memory_process_state import MemoryProcessState
from domain.errors import NotFound
from eventstore.checkpoint import Checkpoint
from eventstore.errors import LogRestored, Overloaded
from eventstore.store import RecordedEvent
from processes.release_lapsed_holds import ReleaseLapsedHolds
from processes.rule import WorkChanges
from processes.runner import RuleExecution
from processes.shared_reader import SharedEventReader
from processes.work import WorkItem, subject_of
from tests.processes.rule_fixture import OVER, RuleFixture
from tests.support.engine import CODEC


class PartlyFailingRule:
    """A rule that fails on some holds and releases the others."""

    name: ClassVar[str] = "release_lapsed_holds"
    events: ClassVar[frozenset[str]] = frozenset({"HoldPlaced"})
    concurrency: ClassVar[int] = 10
    pause_s: ClassVar[float] = 0.0

    def __init__(self, bench: RuleFixture, error: Exception) -> None:
        self.bench = bench
        self.error = error
        self.stumbles: list[datetime] = []

    def initial_work(self) -> Sequence[WorkItem]:
        return ()

    def on_event(self, event: Any, recorded: RecordedEvent) -> WorkChanges:
        return {subject_of(recorded): WorkItem.from_event(recorded, due_at=recorded.recorded_at)}

    async def execute(self, work: WorkItem, now: datetime) -> WorkItem | None:
        if work.cause_position == min(row[2] for row in self.bench.records.rules[self.name].work.values()):
            self.stumbles.append(now)
            raise self.error
        return None


class TestRunner:
    @pytest.mark.parametrize(
        ("error", "refusals"),
        [(NotFound("gone"), ["not_found"]), (Overloaded("busy"), []), (ZeroDivisionError(), [])],
        ids=["refused", "no answer", "a bug"],
    )
    async def test_work_that_cannot_be_done_waits_longer_each_time_and_stops_no_other(
        self, error: Exception, refusals: list[str]
    ) -> None:
        bench = RuleFixture(ReleaseLapsedHolds)
        rule = bench.rule = PartlyFailingRule(bench, error)
        await bench.open()
        first, command = bench.world.hold("ann", bench.world.seats[:1])
        await bench.world.do(command)
        await bench.world.do(bench.world.hold("bob", bench.world.seats[1:2])[1])
        for _ in range(8):
            await bench.caused()
            bench.clock.advance(timedelta(seconds=1))
        assert bench.work() == [first]
        assert [(at - rule.stumbles[0]).seconds for at in rule.stumbles] == [0, 1, 3, 7]
        assert [code for _, _, code in bench.records.rules[rule.name].refusals] == refusals * 4

    async def test_where_nothing_is_to_be_noted_the_checkpoint_is_written_now_and_then(
        self, captures: RuleFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("processes.runner.UNSAVED_EVENTS_MAX", 12)
        behind = []
        for seat in range(6):
            await captures.order(f"buyer-{seat}", [seat])
            assert await captures.execution.step()
            behind.append(len(await captures.log()) - captures.records.rules[captures.rule.name].checkpoint.position)
        assert 0 in behind
        assert 0 < max(behind) < 12


class TestRestoredLog:
    async def lose(self, holds: RuleFixture, *, new: int) -> list[str]:
        """Place two holds, lose the second one by a restore, and place others; return those in the log."""
        first, command = holds.world.hold("ann", holds.world.seats[:1])
        await holds.world.do(command)
        restore = holds.store.backup()
        await holds.world.do(holds.world.hold("zoe", holds.world.seats[1:2])[1])
        await self.work_through(holds)
        restore()
        holds.clock.advance(timedelta(seconds=1))
        known = [first]
        for seat in range(2, 2 + new):
            basket, command = holds.world.hold("ben", [holds.world.seats[seat]])
            await holds.world.do(command)
            known.append(basket)
        return known

    async def work_through(self, holds: RuleFixture) -> None:
        while await holds.execution.step():
            pass

    async def begin_again(self, holds: RuleFixture) -> None:
        """Let another owner take over the rule."""
        assert holds.tenure is not None
        await holds.tenure.release()
        holds.tenure = await MemoryProcessState(holds.records).acquire(holds.rule.name)
        assert holds.tenure is not None
        holds.execution = RuleExecution(
            holds.rule, holds.tenure, log=SharedEventReader(holds.world.store, holds.rule.events), codec=CODEC
        )
        await holds.execution.begin()

    @pytest.mark.parametrize("new", [0, 1, 2])
    async def test_an_owner_whose_log_went_back_is_interrupted_and_the_next_one_takes_all_notes_again(
        self, holds: RuleFixture, new: int
    ) -> None:
        known = await self.lose(holds, new=new)
        with pytest.raises(LogRestored):
            await holds.execution.step()
        await self.begin_again(holds)
        await self.work_through(holds)
        assert sorted(holds.work()) == sorted(known)
        holds.clock.advance(OVER)
        await self.work_through(holds)
        assert [event.name for event in await holds.log()].count("HoldExpired") == len(known)
        assert holds.work() == []

    async def test_what_was_done_before_is_not_done_twice(self, holds: RuleFixture) -> None:
        await holds.world.do(holds.world.hold("ann", holds.world.seats[:1])[1])
        holds.clock.advance(OVER)
        assert "HoldExpired" in await holds.caused()
        log = await holds.log()
        holds.records.rules[holds.rule.name].checkpoint = Checkpoint(len(log) + 1, b"of a lost future")
        await self.begin_again(holds)
        assert await holds.caused() == []
        assert await holds.log() == log
