"""One rule on a log in memory."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from uuid_utils.compat import uuid7

from adapters.postgres.memory_process_state import MemoryProcessState, ProcessRecords
from domain.decisions import paying
from eventstore.clock import FixedClock
from eventstore.store import RecordedEvent
from processes.rule import Rule
from processes.runner import RuleExecution
from processes.shared_reader import SharedEventReader
from tests.eventstore.doubles import RestorableStore
from tests.processes.shop import handler_on
from tests.support.audited_scenario import AuditedScenario
from tests.support.engine import CODEC, START, ScriptedCommand
from tests.support.shop import HOLD_LASTS

OVER = HOLD_LASTS + timedelta(seconds=1)


class RuleFixture:
    """One rule on a log in memory, with a clock that tests advance."""

    def __init__(self, rule: Callable[[Any], Rule]) -> None:
        self.clock = FixedClock(START)
        self.store = RestorableStore(now=self.clock.now)
        self.world = AuditedScenario(self.store, self.clock, cache_size=0)
        self.records = ProcessRecords(now=self.clock.now)
        self.rule = rule(handler_on(self.world.store, clock=self.clock))
        self.seen = 0

    async def open(self) -> None:
        await self.world.open()
        self.tenure = await MemoryProcessState(self.records).acquire(self.rule.name)
        assert self.tenure is not None
        self.execution = RuleExecution(
            self.rule, self.tenure, log=SharedEventReader(self.world.store, self.rule.events), codec=CODEC
        )
        await self.execution.begin()

    async def caused(self) -> list[str]:
        """Run the rule until no work is due; return the names of the events it caused."""
        while await self.execution.step():
            pass
        await self.world.audit()
        caused = [event.name for event in await self.log() if f'"id":"{self.rule.name}"' in event.metadata]
        new, self.seen = caused[self.seen :], len(caused)
        return new

    async def log(self) -> list[RecordedEvent]:
        return await self.world.store.read_range(after=0, limit=10_000)

    def work(self) -> list[str]:
        return list(self.records.rules[self.rule.name].work)

    async def order(self, buyer: str, seats: Sequence[int]) -> str:
        order, command = self.world.one_step(buyer, [self.world.seats[seat] for seat in seats])
        await self.world.do(command)
        return order

    async def opened(self, order: str, buyer: str) -> str:
        payment = str(uuid7())
        command = paying.OpenPayment(payment=payment, order=order, account=buyer, provider="sandbox")
        await self.world.do(ScriptedCommand(partial(paying.open_payment, command=command)))
        return payment

    async def capture(self, payment: str) -> None:
        state = await self.world.handler.query(partial(paying.require_payment, payment=payment))
        capture = partial(
            paying.capture,
            payment=payment,
            amount=state.amount,
            currency="EUR",
            captured_at=self.clock.now(),
            source="webhook",
        )
        await self.world.do(ScriptedCommand(capture))

    async def captured(self, order: str, buyer: str) -> str:
        payment = await self.opened(order, buyer)
        await self.capture(payment)
        return payment
