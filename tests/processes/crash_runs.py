"""Runs of all rules that crash at each of their steps in turn, with a state that survives crashes."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable

from adapters.postgres.memory_process_state import MemoryProcessState, ProcessRecords
from adapters.sandbox_gateway import SandboxGateway
from eventstore.memory import MemoryStore
from processes.runner import RuleExecution
from processes.shared_reader import SharedEventReader
from tests.processes.crash_points import Crashed, CrashPoint
from tests.processes.shop import PATIENCE_S, QUICK, ShiftedClock, Shop, handler_on, rules_on
from tests.support.audited_scenario import AuditedScenario
from tests.support.engine import CODEC, UnbatchedAppender


class CrashRun(ABC):
    """A shop in memory with pending work, and the state that survives a crash."""

    def __init__(self, gateway: SandboxGateway) -> None:
        self.clock = ShiftedClock()
        self.records = ProcessRecords(now=self.clock.now)
        scenario = AuditedScenario(MemoryStore(now=self.clock.now), self.clock, cache_size=0)
        self.shop = Shop(scenario, gateway, MemoryProcessState(self.records))

    @abstractmethod
    async def set_up(self) -> None:
        """Open the shop and create work."""

    @abstractmethod
    async def over(self) -> bool:
        """Tell whether all work is done."""

    @abstractmethod
    async def judged(self) -> None:
        """Check that all work was done once."""

    async def opened(self) -> None:
        await self.shop.world.open()
        await self.shop.ignore_older_books()

    async def begun(self, crash_point: CrashPoint) -> list[RuleExecution]:
        """Return a new owner's execution of each rule, with the crash point in place."""
        store, state = self.shop.world.store, MemoryProcessState(self.records, silence_s=0)
        handler = handler_on(store, appender=crash_point.around(UnbatchedAppender(store)), clock=self.clock)
        turns = []
        for rule in rules_on(handler, {"sandbox": crash_point.around(self.shop.gateway)}, store):
            tenure = await state.acquire(rule.name)
            assert tenure is not None
            turns.append(
                RuleExecution(
                    rule,
                    crash_point.around(tenure),
                    log=SharedEventReader(store, rule.events),
                    codec=CODEC,
                    retries=QUICK,
                )
            )
        return turns

    async def run(self, crash_point: CrashPoint) -> None:
        """Run every rule with a new owner until all work is done, or until the crash point."""
        turns = await self.begun(crash_point)
        for turn in turns:
            await turn.begin()
        async with asyncio.timeout(PATIENCE_S):
            while not await self.over():
                for turn in turns:
                    await turn.step()

    async def run_from_the_start(self) -> None:
        """Run every rule with an empty state until it has read the whole log and executed all work once."""
        self.records.rules.clear()
        turns = await self.begun(CrashPoint())
        for turn in turns:
            await turn.begin()
            for _ in range(3):
                await turn.step()


async def killed_at_every_step(make: Callable[[], CrashRun], *, steps_min: int) -> None:
    """Crash a run at its first step, at its second, and so on, each completed by another run; then lose the state once.

    Args:
        steps_min: a run with fewer steps fails the test.
    """
    burns_at, burnt = 0, True
    while burnt:
        burns_at += 1
        scene = make()
        await scene.set_up()
        crash_point = CrashPoint(burns_at)
        try:
            await scene.run(crash_point)
        except* Crashed:
            burnt = crash_point.steps >= burns_at
        else:
            burnt = False
        await scene.run(CrashPoint())
        await scene.judged()
    assert burns_at > steps_min
    await scene.run_from_the_start()
    await scene.judged()
