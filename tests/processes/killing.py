"""Runs of all rules that are killed at each of their steps in turn, on what outlives a process."""

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
from tests.properties.scenario import CODEC, Scenario, UnbatchedAppender


class CrashRun(ABC):
    """A shop in memory with something left to do, and what outlives a process."""

    def __init__(self, gateway: SandboxGateway) -> None:
        self.clock = ShiftedClock()
        self.records = ProcessRecords(now=self.clock.now)
        scenario = Scenario(MemoryStore(now=self.clock.now), self.clock, cache_size=0)
        self.shop = Shop(scenario, gateway, MemoryProcessState(self.records))

    @abstractmethod
    async def set_up(self) -> None:
        """Open the shop, and leave something to do."""

    @abstractmethod
    async def over(self) -> bool:
        """Say whether everything was done."""

    @abstractmethod
    async def judged(self) -> None:
        """Check that everything was done once."""

    async def opened(self) -> None:
        await self.shop.world.open()
        await self.shop.ignore_older_books()

    async def begun(self, crash_point: CrashPoint) -> list[RuleExecution]:
        """Return a new owner's turns, one a rule, each of whose traces is a step."""
        store, state = self.shop.world.store, MemoryProcessState(self.records, silence_s=0)
        handler = handler_on(store, judge=crash_point.around(UnbatchedAppender(store)), clock=self.clock)
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
        """Run every rule with a new owner to the end, or until the fuse burns."""
        turns = await self.begun(crash_point)
        for turn in turns:
            await turn.begin()
        async with asyncio.timeout(PATIENCE_S):
            while not await self.over():
                for turn in turns:
                    await turn.step()

    async def run_from_the_start(self) -> None:
        """Run every rule whose state was lost until it has seen the whole log and asked about everything once."""
        self.records.rules.clear()
        turns = await self.begun(CrashPoint())
        for turn in turns:
            await turn.begin()
            for _ in range(3):
                await turn.step()


async def killed_at_every_step(make: Callable[[], CrashRun], *, steps_min: int) -> None:
    """Kill a run at its first step, at its second …, and let the next one finish; then run once with lost states.

    Args:
        steps_min: runs with fewer steps than this prove too little.
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
