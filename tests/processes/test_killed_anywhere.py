"""A run of all rules is killed at each of its steps in turn; the next run makes good, and does nothing twice."""

import asyncio
from collections import Counter
from datetime import timedelta

from adapters.records.memory_process_state import MemoryProcessState, ProcessRecords
from adapters.sandbox_gateway import SandboxGateway
from domain.refund import RefundStatus
from domain.values import derived_id
from eventstore.memory import MemoryStore
from processes.runner import TenureLost, Turn
from tests.laws.world import CODEC, OneByOne, World
from tests.processes.fuse import Fuse, Killed
from tests.processes.shop import PATIENCE_S, QUICK, ShiftedClock, Shop, handler_on, rules_on

STEPS_MIN = 20
"""A run with fewer steps than this proves too little."""

ONCE = ("PaymentCaptured", "PaymentSettled", "RefundApproved", "RefundSubmitted", "RefundCompleted", "HoldExpired")


class Scene:
    """A shop that has yet to learn of Ann's money, while Bob has her seat; and what outlives a process."""

    def __init__(self, gateway: SandboxGateway) -> None:
        self.clock = ShiftedClock()
        self.records = ProcessRecords(now=self.clock.now)
        world = World(MemoryStore(now=self.clock.now), self.clock, cache_size=0)
        self.shop = Shop(world, gateway, MemoryProcessState(self.records))
        self.payment = ""

    async def set_up(self) -> None:
        await self.shop.world.open()
        await self.shop.ignore_older_books()
        self.payment = await self.shop.payment_opened("ann", await self.shop.ordered("ann", [0, 1]))
        await self.shop.paid(self.payment)
        self.clock.shift += timedelta(minutes=11)
        await self.shop.ordered("bob", [1])

    async def begun(self, fuse: Fuse) -> list[Turn]:
        """Return a new owner's turns, one a rule, each of whose traces is a step."""
        store, state = self.shop.world.store, MemoryProcessState(self.records, silence_s=0)
        handler = handler_on(store, judge=fuse.around(OneByOne(store)), clock=self.clock)
        turns = []
        for rule in rules_on(handler, {"sandbox": fuse.around(self.shop.gateway)}):
            tenure = await state.acquire(rule.name)
            assert tenure is not None
            turns.append(Turn(rule, fuse.around(tenure), log=store, codec=CODEC, retries=QUICK))
        return turns

    async def run(self, fuse: Fuse) -> None:
        """Run every rule with a new owner to the end, or until the fuse burns."""
        turns = await self.begun(fuse)
        for turn in turns:
            await turn.begin()
        async with asyncio.timeout(PATIENCE_S):
            while not await self.over():
                for turn in turns:
                    await turn.step()

    async def run_from_the_start(self) -> None:
        """Run every rule whose state was lost until it has seen the whole log and asked about everything once."""
        turns = await self.begun(Fuse())
        for turn in turns:
            await turn.begin()
            for _ in range(3):
                await turn.step()

    async def over(self) -> bool:
        names = Counter(recorded.name for recorded in await self.shop.log())
        return all(names[name] for name in ONCE)

    async def judged(self) -> None:
        """Check that everything happened once, by commands whose ids a second run makes again."""
        names = Counter(recorded.name for recorded in await self.shop.log())
        assert {name: names[name] for name in ONCE} == dict.fromkeys(ONCE, 1)
        refund = await self.shop.refund(derived_id(self.payment, "refund"))
        assert (refund.status, refund.attempts) == (RefundStatus.COMPLETED, 1)
        await self.shop.money_agrees()


async def test_killed_at_any_step_the_next_run_makes_good(gateway: SandboxGateway) -> None:
    burns_at, burnt = 0, True
    while burnt:
        burns_at += 1
        scene = Scene(gateway)
        await scene.set_up()
        fuse = Fuse(burns_at)
        try:
            await scene.run(fuse)
        except* Killed:
            burnt = fuse.steps >= burns_at
        else:
            burnt = False
        await scene.run(Fuse())
        await scene.judged()
    assert burns_at > STEPS_MIN
    scene.records.rules.clear()
    await scene.run_from_the_start()
    await scene.judged()


async def test_an_owner_that_was_taken_for_dead_changes_nothing_twice(gateway: SandboxGateway) -> None:
    scene = Scene(gateway)
    await scene.set_up()
    older, newer = await scene.begun(Fuse()), await scene.begun(Fuse())
    lost = await asyncio.gather(*(stepping(turn) for pair in zip(older, newer, strict=True) for turn in pair))
    assert sum(lost) == len(older)
    await scene.run(Fuse())
    await scene.judged()


async def stepping(turn: Turn) -> bool:
    """Take some steps; True if somebody else has taken over, as a step says that writes, or the next sign of life."""
    try:
        for _ in range(20):
            await turn.step()
    except TenureLost:
        return True
    return not await turn._tenure.renew()
