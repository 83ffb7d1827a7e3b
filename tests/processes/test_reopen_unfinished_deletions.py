"""Given events, then commands: unfinished deletions are reopened."""

from datetime import timedelta
from functools import partial

from domain import event
from domain.decisions.performance_deletion import close_performance_for_deletion
from processes.reopen_unfinished_deletions import DELETION_LASTS_MAX, ReopenUnfinishedDeletions
from tests.processes.rule_fixture import RuleFixture
from tests.support.engine import ScriptedCommand


class TestReopenUnfinishedDeletions:
    async def test_given_a_deletion_that_was_never_finished_then_it_is_given_up(self) -> None:
        bench = RuleFixture(ReopenUnfinishedDeletions)
        await bench.open()
        await bench.world.do(ScriptedCommand(partial(event.close_for_deletion, event=bench.world.show)))
        bench.clock.advance(DELETION_LASTS_MAX - timedelta(seconds=1))
        assert await bench.caused() == []
        bench.clock.advance(timedelta(seconds=1))
        assert await bench.caused() == ["EventReopened"]
        assert bench.work() == []

    async def test_given_a_performance_whose_deletion_was_never_finished_then_it_is_given_up(self) -> None:
        bench = RuleFixture(ReopenUnfinishedDeletions)
        await bench.open()
        closing = partial(close_performance_for_deletion, performance=bench.world.performance)
        await bench.world.do(ScriptedCommand(closing))
        bench.clock.advance(DELETION_LASTS_MAX)
        assert await bench.caused() == ["PerformanceReopened"]

    async def test_given_a_deletion_that_ended_then_nothing(self) -> None:
        bench = RuleFixture(ReopenUnfinishedDeletions)
        await bench.open()
        await bench.world.do(ScriptedCommand(partial(event.close_for_deletion, event=bench.world.show)))
        await bench.world.do(
            ScriptedCommand(partial(event.finish_deletion, event=bench.world.show, closing=1, booked=False))
        )
        bench.clock.advance(DELETION_LASTS_MAX)
        assert await bench.caused() == []
        assert bench.work() == []
