"""A run of all rules is killed at each of its steps in turn; the next run completes the work without repetitions."""

import asyncio
from collections import Counter
from datetime import timedelta

from adapters.sandbox_gateway import SandboxGateway
from domain.refund import RefundStatus
from domain.values import derived_id
from processes.runner import LeaseLost, RuleExecution
from tests.processes.crash_points import CrashPoint
from tests.processes.crash_runs import CrashRun, killed_at_every_step

STEPS_MIN = 20

ONCE = ("PaymentCaptured", "PaymentSettled", "RefundApproved", "RefundSubmitted", "RefundCompleted", "HoldExpired")


class LateMoney(CrashRun):
    """A shop with an unrecorded capture for Ann's order, whose seat Bob has meanwhile."""

    payment = ""

    async def set_up(self) -> None:
        await self.opened()
        self.payment = await self.shop.payment_opened("ann", await self.shop.ordered("ann", [0, 1]))
        await self.shop.paid(self.payment)
        self.clock.shift += timedelta(minutes=11)
        await self.shop.ordered("bob", [1])

    async def over(self) -> bool:
        names = Counter(recorded.name for recorded in await self.shop.log())
        return all(names[name] for name in ONCE)

    async def judged(self) -> None:
        """Check that everything happened once, by commands with deterministic ids."""
        names = Counter(recorded.name for recorded in await self.shop.log())
        assert {name: names[name] for name in ONCE} == dict.fromkeys(ONCE, 1)
        refund = await self.shop.refund(derived_id(self.payment, "refund"))
        assert (refund.status, refund.attempts) == (RefundStatus.COMPLETED, 1)
        await self.shop.money_agrees()


async def test_killed_at_any_step_the_next_run_completes_the_work(gateway: SandboxGateway) -> None:
    await killed_at_every_step(lambda: LateMoney(gateway), steps_min=STEPS_MIN)


async def test_an_owner_that_was_taken_for_dead_changes_nothing_twice(gateway: SandboxGateway) -> None:
    scene = LateMoney(gateway)
    await scene.set_up()
    older, newer = await scene.begun(CrashPoint()), await scene.begun(CrashPoint())
    lost = await asyncio.gather(*(stepping(execution) for pair in zip(older, newer, strict=True) for execution in pair))
    assert sum(lost) == len(older)
    await scene.run(CrashPoint())
    await scene.judged()


async def stepping(execution: RuleExecution) -> bool:
    """Take some steps; True if another owner has taken over, detected by a commit or the next renewal."""
    try:
        for _ in range(20):
            await execution.step()
    except LeaseLost:
        return True
    return not await execution._lease.renew()
