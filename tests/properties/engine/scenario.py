"""The world in which a state machine over the whole engine plays: one performance, a clock, and every command sent."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, precondition, rule

from domain import account
from domain.decision import Changes, DecisionContext
from domain.decisions import entry, holding, merging, ordering, reconciling, resolving_exceptions, settling
from domain.decisions.refunds import refunding
from domain.errors import Rejected
from domain.order import PlacedOrder
from domain.performance import ScheduledPerformance, require_performance
from domain.values import Limits
from eventstore.clock import FixedClock
from eventstore.command import Outcome
from eventstore.command_handler import CommandHandler
from eventstore.memory import MemoryStore
from tests.properties.async_state_machine import AsyncStateMachine
from tests.support.audited_scenario import BUYERS, AuditedScenario
from tests.support.engine import START, ScriptedCommand

SEATS = st.lists(st.integers(0, 5), min_size=1, max_size=3, unique=True)
GUEST = "guest"
BUYER = st.sampled_from([*BUYERS, GUEST])
HOLDS: Bundle[tuple[str, str]] = Bundle("holds")
ORDERS: Bundle[tuple[str, str]] = Bundle("orders")
PAYMENTS: Bundle[str] = Bundle("payments")
REFUNDS: Bundle[str] = Bundle("refunds")
SCANS: Bundle[str] = Bundle("scans")
DEVICES: Bundle[str] = Bundle("devices")


class EngineScenario(AsyncStateMachine):
    """One performance, and who may do something to it; what they do is in the subclasses."""

    cache_size: ClassVar[int] = 1_000
    handler: ClassVar[type[CommandHandler]] = CommandHandler
    hold_seats: ClassVar[Callable[..., Changes]] = staticmethod(holding.hold_seats)
    merge: ClassVar[Callable[..., Changes]] = staticmethod(merging.merge_guest)
    settle: ClassVar[Callable[..., Changes]] = staticmethod(settling.settle)
    request: ClassVar[Callable[..., Changes]] = staticmethod(refunding.request_refund)
    approve: ClassVar[Callable[..., Changes]] = staticmethod(refunding.approve_refund)
    scan_ticket: ClassVar[Callable[..., Changes]] = staticmethod(entry.scan_ticket)
    revert: ClassVar[Callable[..., Changes]] = staticmethod(entry.revert_entry)
    submit: ClassVar[Callable[..., Changes]] = staticmethod(refunding.submit_refund)
    reconcile: ClassVar[Callable[..., Changes]] = staticmethod(reconciling.reconcile_entry)
    end: ClassVar[Callable[..., Changes]] = staticmethod(resolving_exceptions.resolve_exception)
    tally: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.clock = FixedClock(START)
        self.world = AuditedScenario(
            MemoryStore(now=self.clock.now), self.clock, cache_size=self.cache_size, handler=self.handler
        )
        self.sent: list[tuple[ScriptedCommand, Outcome | None]] = []
        self.logged_in_as: str | None = None

    def owner(self, buyer: str) -> str:
        """Return who acts for a buyer's baskets and orders: a guest that logged in does so as the account."""
        return self.logged_in_as or buyer if buyer == GUEST else buyer

    def by(self, buyer: str, command: ScriptedCommand) -> ScriptedCommand:
        """Return a wish as its sender's: a guest that logged in is refused."""
        if buyer != GUEST:
            return command

        def decide(context: DecisionContext) -> Changes:
            account.require_unmerged(context, GUEST)
            return command.decide(context)

        return replace(command, decide=decide)

    def send(self, command: ScriptedCommand, label: str) -> Outcome | None:
        """Carry a command out; a refusal must leave no trace."""
        before = self.run(self.world.store.head())
        try:
            outcome = self.run(self.world.do(command))
        except Rejected:
            assert self.run(self.world.store.head()) == before
            self.sent.append((command, None))
            return None
        self.sent.append((command, outcome))
        self.tally[label] += bool(outcome.events)
        return outcome

    def teardown(self) -> None:
        self.run(self.settle_all_captures())
        super().teardown()

    async def settle_captures(self) -> None:
        """Let the process come by for every capture."""
        for payment in self.world.ledger.undecided():
            await self.world.do(ScriptedCommand(partial(type(self).settle, payment=payment)))

    async def settle_all_captures(self) -> None:
        """Let the process come by for every capture; none may stay undecided."""
        await self.settle_captures()
        assert self.world.ledger.undecided() == [], "a capture was never decided"

    @initialize(limited=st.booleans())
    def open(self, *, limited: bool) -> None:
        self.open_shop(limited=limited)

    def open_shop(self, *, limited: bool) -> None:
        """Put the performance on sale, and open the accounts of those who will buy."""
        unlimited = Limits(seats_per_order=None, seats_per_buyer=None, live_holds_per_buyer=None)
        limits = Limits(seats_per_order=3, seats_per_buyer=4, live_holds_per_buyer=2) if limited else unlimited
        self.run(self.world.open(limits=limits))
        for buyer in (*BUYERS, GUEST):
            self.run(self.world.do(ScriptedCommand(partial(account.open_account, account=buyer, guest=buyer == GUEST))))

    @precondition(lambda self: self.sent)
    @rule(which=st.integers(0, 10_000))
    def resend(self, which: int) -> None:
        """Send any command once more: what took effect is replayed, what did not is judged anew."""
        command, before = self.sent[which % len(self.sent)]
        head = self.run(self.world.store.head())
        outcome = self.send(command, "sent again")
        if before is not None and before.events:
            assert outcome is not None
            assert outcome.replayed
            assert list(outcome.events) == list(before.events)
            assert self.run(self.world.store.head()) == head

    @rule(minutes=st.sampled_from([1, 3, 11]))
    def wait(self, minutes: int) -> None:
        self.pass_time(timedelta(minutes=minutes))

    def pass_time(self, by: timedelta) -> None:
        """Let the process decide what was captured, and time pass."""
        self.run(self.settle_captures())
        self.clock.advance(by)

    def performance_state(self, context: DecisionContext) -> ScheduledPerformance:
        return require_performance(context, self.world.performance)

    def order_state(self, order: str) -> PlacedOrder:
        def view(context: DecisionContext) -> PlacedOrder:
            return ordering.require_visible_order(context, order, None)

        return self.run(self.world.handler.query(view))
