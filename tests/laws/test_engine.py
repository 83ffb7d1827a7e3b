"""A state machine over the whole engine: whatever people do, every promise holds after every step."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from uuid_utils.compat import uuid7

from domain import basket, blocking, entry, ordering, paying, refunding, scheduling, settling
from domain.books import Books, Changes, merged
from domain.errors import Rejected
from domain.order import OrderStatus, PlacedOrder
from domain.payment import PaymentSettled
from domain.refund import transfer_reference
from domain.ticket import EntryRecorded
from domain.values import BlockReason, CancelReason, Limits
from eventstore.clock import FixedClock
from eventstore.handler import Outcome
from eventstore.memory import MemoryStore
from tests.laws.world import BUYERS, HOLD_LASTS, START, Wish, World

Answer = TypeVar("Answer")

RUNS_MIN, RUNS_MAX = 2, 10
EXAMPLES = 50
UNCACHED_EXAMPLES = 40
PLANTED_EXAMPLES = 500
STEPS = 40
CALM_COMMANDS = 35
"""A performance is called off only once something has happened."""
WORTH_SEEING = {
    "held",
    "ordered",
    "ordered a hold",
    "extended",
    "released",
    "swept",
    "swept an order",
    "cancelled",
    "captured",
    "settled: confirmed",
    "settled: refunded",
    "settled: exception",
    "approved",
    "rejected",
    "completed",
    "failed",
    "admitted",
    "blocked",
    "unblocked",
    "sent again",
}
"""Runs in which one of these never happened prove too little."""

GATES = ("north", "south")
EXTENSION = timedelta(minutes=5)
SHORT = timedelta(minutes=2)
SEATS = st.lists(st.integers(0, 5), min_size=1, max_size=3, unique=True)
BUYER = st.sampled_from(BUYERS)
WRONG = st.sampled_from([0, 0, 0, -1, 100])
CURRENCIES = st.sampled_from(["EUR", "EUR", "USD"])
TRANSFERS = st.sampled_from(["submitted", "completed", "failed"])


class EngineMachine(RuleBasedStateMachine):
    """Everything people, processes and the provider may do to one performance. A new rule is a method."""

    cache_size: ClassVar[int] = 1_000
    settle: ClassVar[Callable[..., Changes]] = staticmethod(settling.settle)
    approve: ClassVar[Callable[..., Changes]] = staticmethod(refunding.approve_refund)
    tally: ClassVar[Counter[str]] = Counter()

    holds: Bundle[tuple[str, str]] = Bundle("holds")
    orders: Bundle[tuple[str, str]] = Bundle("orders")
    payments: Bundle[str] = Bundle("payments")
    refunds: Bundle[str] = Bundle("refunds")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = FixedClock(START)
        self.world = World(MemoryStore(now=self.clock.now), self.clock, cache_size=self.cache_size)
        self.sent: list[tuple[Wish, Outcome | None]] = []

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Do one thing; a Runner would set up its answer to Ctrl-C for each, in a quarter of all the time."""
        return self.loop.run_until_complete(work)

    def send(self, wish: Wish, label: str) -> Outcome | None:
        """Carry a command out; a refusal must leave no trace."""
        before = self.run(self.world.store.head())
        try:
            outcome = self.run(self.world.do(wish))
        except Rejected:
            assert self.run(self.world.store.head()) == before
            self.sent.append((wish, None))
            return None
        self.sent.append((wish, outcome))
        self.tally[label] += bool(outcome.events)
        return outcome

    def teardown(self) -> None:
        self.run(self.drained())
        self.loop.close()

    async def drained(self) -> None:
        """Let the process come by for every capture; none may stay undecided."""
        for payment in self.world.ledger.undecided():
            await self.world.do(Wish(partial(type(self).settle, payment=payment)))
        assert self.world.ledger.undecided() == [], "a capture was never decided"

    @initialize(limited=st.booleans())
    def open(self, *, limited: bool) -> None:
        unlimited = Limits(seats_per_order=None, seats_per_buyer=None, live_holds_per_buyer=None)
        limits = Limits(seats_per_order=3, seats_per_buyer=4, live_holds_per_buyer=2) if limited else unlimited
        self.run(self.world.open(limits=limits))

    @rule(target=holds, buyer=BUYER, seats=SEATS, lasts=st.sampled_from([SHORT, HOLD_LASTS]))
    def hold(self, buyer: str, seats: list[int], lasts: timedelta) -> Any:
        hold, wish = self.world.hold(buyer, [self.world.seats[seat] for seat in seats], lasts=lasts)
        return (hold, buyer) if self.send(wish, "held") else multiple()

    @rule(target=orders, buyer=BUYER, seats=SEATS, lasts=st.sampled_from([SHORT, HOLD_LASTS]))
    def hold_and_order(self, buyer: str, seats: list[int], lasts: timedelta) -> Any:
        order, wish = self.world.one_step(buyer, [self.world.seats[seat] for seat in seats], lasts=lasts)
        return (order, buyer) if self.send(wish, "ordered") else multiple()

    @rule(target=orders, hold=holds)
    def order(self, hold: tuple[str, str]) -> Any:
        order, wish = self.world.order(hold[1], hold[0])
        return (order, hold[1]) if self.send(wish, "ordered a hold") else multiple()

    @rule(hold=holds)
    def extend(self, hold: tuple[str, str]) -> None:
        self.send(Wish(partial(basket.extend_hold, hold=hold[0], holder=hold[1], by=EXTENSION)), "extended")

    @rule(hold=holds)
    def release(self, hold: tuple[str, str]) -> None:
        self.send(Wish(partial(basket.release_hold, hold=hold[0], holder=hold[1])), "released")

    @rule(hold=holds)
    def sweep(self, hold: tuple[str, str]) -> None:
        self.send(Wish(partial(basket.expire_hold, hold=hold[0])), "swept")

    @rule(order=orders)
    def sweep_order(self, order: tuple[str, str]) -> None:
        state = self.order_state(order[0])
        self.send(Wish(partial(basket.expire_hold, hold=state.hold)), "swept an order")

    @rule(order=orders)
    def cancel(self, order: tuple[str, str]) -> None:
        wish = Wish(partial(ordering.cancel_order, order=order[0], account=order[1], reason=CancelReason.BUYER))
        self.send(wish, "cancelled")

    @rule(target=payments, order=orders)
    def pay(self, order: tuple[str, str]) -> Any:
        payment = str(uuid7())
        command = paying.OpenPayment(payment=payment, order=order[0], account=order[1], provider="sandbox")
        return payment if self.send(Wish(partial(paying.open_payment, command=command)), "opened") else multiple()

    @rule(payment=payments, wrong=WRONG, currency=CURRENCIES)
    def capture(self, payment: str, wrong: int, currency: str) -> None:
        state = self.run(self.world.handler.look(lambda books: paying.existing(books, payment)))
        captured = partial(
            paying.capture,
            payment=payment,
            amount=state.amount + wrong,
            currency=currency,
            captured_at=self.clock.now(),
            source="webhook",
        )
        self.send(Wish(captured), "captured")

    @rule(payment=payments, failed=st.booleans())
    def end_payment(self, payment: str, *, failed: bool) -> None:
        ending = partial(paying.fail, reason="declined") if failed else paying.expire
        self.send(Wish(partial(ending, payment=payment)), "payment ended")

    @rule(target=orders, buyer=BUYER, seats=SEATS, wrong=WRONG, currency=CURRENCIES)
    def buy(self, buyer: str, seats: list[int], *, wrong: int, currency: str) -> Any:
        """Go all the way at once, so that the long ways from there on are walked often."""
        order = self.hold_and_order(buyer, seats, HOLD_LASTS)
        if isinstance(order, tuple):
            payment = self.pay(order)
            self.capture(payment, wrong, currency)
            self.decide(payment)
        return order

    @rule(target=orders, buyer=BUYER, seats=SEATS, swept=st.booleans(), taken=st.booleans())
    def pay_late(self, buyer: str, seats: list[int], *, swept: bool, taken: bool) -> Any:
        """Let an order lapse, swept or not, its seats taken by another or not, and then let its money arrive."""
        order = self.hold_and_order(buyer, seats, SHORT)
        if isinstance(order, tuple):
            payment = self.pay(order)
            self.wait(3)
            if swept:
                self.sweep_order(order)
            if taken:
                self.hold(BUYERS[buyer == BUYERS[0]], seats[:1], HOLD_LASTS)
            self.capture(payment, 0, "EUR")
            self.decide(payment)
        return order

    @rule(target=orders, buyer=BUYER, seats=SEATS, approve=st.booleans(), outcome=TRANSFERS)
    def buy_and_return(self, buyer: str, seats: list[int], *, approve: bool, outcome: str) -> Any:
        """Buy, and want the money back."""
        order = self.buy(buyer, seats, wrong=0, currency="EUR")
        if isinstance(order, tuple):
            refund = self.ask_refund(order, None)
            if isinstance(refund, str):
                self.decide_refund(refund, approve=approve)
                self.transfer(refund, outcome)
        return order

    @rule(buyer=BUYER, seats=SEATS)
    def hold_and_forget(self, buyer: str, seats: list[int]) -> None:
        """Let a hold lapse, and let the process come by."""
        hold = self.hold(buyer, seats, SHORT)
        if isinstance(hold, tuple):
            self.wait(3)
            self.sweep(hold)

    @rule(payment=payments)
    def decide(self, payment: str) -> None:
        outcome = self.send(Wish(partial(type(self).settle, payment=payment)), "settled")
        facts = [fact for _, fact in outcome.events] if outcome else []
        for fact in facts:
            if isinstance(fact, PaymentSettled):
                self.tally[f"settled: {fact.outcome}"] += 1

    @rule(target=refunds, order=orders, line=st.sampled_from([None, None, "1", "2"]))
    def ask_refund(self, order: tuple[str, str], line: str | None) -> Any:
        lines = None if line is None else (line,)
        wish = refunding.RequestRefund(refund=str(uuid7()), order=order[0], account=order[1], lines=lines)
        outcome = self.send(Wish(partial(refunding.request_refund, command=wish)), "asked for a refund")
        return wish.refund if outcome else multiple()

    @rule(target=refunds, order=orders, line=st.sampled_from([None, "1"]))
    def refund(self, order: tuple[str, str], line: str | None) -> Any:
        """Ask and approve at once, for the same reason as `buy`."""
        refund = self.ask_refund(order, line)
        if isinstance(refund, str):
            self.decide_refund(refund, approve=True)
        return refund

    @rule(refund=refunds, approve=st.sampled_from([True, True, False]))
    def decide_refund(self, refund: str, *, approve: bool) -> None:
        decision = type(self).approve if approve else refunding.reject_refund
        self.send(Wish(partial(decision, refund=refund, by="support")), "approved" if approve else "rejected")

    @rule(refund=refunds, outcome=TRANSFERS)
    def transfer(self, refund: str, outcome: str) -> None:
        self.send(Wish(partial(refunding.submit_refund, refund=refund)), "submitted")
        state = self.run(self.world.handler.look(lambda books: refunding.existing(books, refund)))
        reference = transfer_reference(refund, state.attempts)
        if outcome == "completed":
            self.send(Wish(partial(refunding.complete_refund, reference=reference, provider_refund="r1")), outcome)
        if outcome == "failed":
            self.send(Wish(partial(refunding.fail_refund, reference=reference, reason="closed")), outcome)

    @rule(order=orders, line=st.sampled_from(["1", "1", "2"]), gate=st.sampled_from(GATES))
    def scan(self, order: tuple[str, str], line: str, gate: str) -> None:
        ticket = self.order_state(order[0]).tickets.get(line)
        command = entry.ScanTicket(
            ticket=ticket,
            code_sha256="",
            gate=gate,
            device=gate,
            nonce=str(uuid7()),
            organizers=frozenset({self.world.organizer}),
        )
        outcome = self.send(Wish(partial(entry.scan_ticket, command=command)), "scanned")
        assert outcome is not None
        self.tally["admitted"] += any(isinstance(fact, EntryRecorded) for _, fact in outcome.events)

    @rule(seats=SEATS, block=st.booleans())
    def block(self, seats: list[int], *, block: bool) -> None:
        keys = tuple(self.world.seats[seat] for seat in seats)
        command = blocking.BlockSeats(
            performance=self.world.performance, seats=keys, reason=BlockReason.HOUSE, owner="staff"
        )
        unblock = partial(
            blocking.unblock_seats, performance=self.world.performance, seats=keys, inventory=self.world.inventory
        )
        blocked = partial(blocking.block_seats, command=command, inventory=self.world.inventory)
        self.send(Wish(blocked if block else unblock), "blocked" if block else "unblocked")

    @precondition(lambda self: self.sent)
    @rule(which=st.integers(0, 10_000))
    def again(self, which: int) -> None:
        """Send any command once more: what took effect is replayed, what did not is judged anew."""
        wish, before = self.sent[which % len(self.sent)]
        head = self.run(self.world.store.head())
        outcome = self.send(wish, "sent again")
        if before is not None and before.events:
            assert outcome is not None
            assert outcome.replayed
            assert list(outcome.events) == list(before.events)
            assert self.run(self.world.store.head()) == head

    @precondition(lambda self: len(self.sent) > CALM_COMMANDS)
    @rule()
    def call_off(self) -> None:
        self.send(
            Wish(partial(scheduling.call_off, performance=self.world.performance, reason=CancelReason.ILLNESS)),
            "called off",
        )

    @rule(minutes=st.sampled_from([1, 3, 11]))
    def wait(self, minutes: int) -> None:
        self.clock.advance(timedelta(minutes=minutes))

    def order_state(self, order: str) -> PlacedOrder:
        def view(books: Books) -> PlacedOrder:
            return ordering.visible_order(books, order, None)

        return self.run(self.world.handler.look(view))


class UncachedEngineMachine(EngineMachine):
    """The same people; nothing is remembered between two commands."""

    cache_size = 0


def settle_ignoring_the_late(books: Books, *, payment: str) -> Changes:
    """A planted bug: money for an expired order is nobody's business."""
    order = ordering.visible_order(books, paying.existing(books, payment).order, None)
    return {} if order.status is OrderStatus.EXPIRED else settling.settle(books, payment=payment)


def approve_returning_twice(books: Books, *, refund: str, by: str) -> Changes:
    """A planted bug: a refund gives the seat back twice."""
    changes = refunding.approve_refund(books, refund=refund, by=by)
    return merged(changes, {stream: events for stream, events in changes.items() if stream.startswith("seat-")})


class LateMoneyIgnored(EngineMachine):
    """The engine with the first planted bug."""

    settle = staticmethod(settle_ignoring_the_late)


class SeatReturnedTwice(EngineMachine):
    """The engine with the second planted bug."""

    approve = staticmethod(approve_returning_twice)


def explore(
    machine: type[EngineMachine], *, examples: int, phases: Sequence[Phase] = tuple(Phase), number: int = 0
) -> Counter[str]:
    """Let a machine run; return how often each thing happened. A run of one number does the same every time."""
    machine.tally = Counter()
    run_state_machine_as_test(
        seed(number)(machine),
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            print_blob=False,
            phases=phases,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return machine.tally


class TestEngine:
    def test_every_promise_holds_after_every_step(self) -> None:
        happened: Counter[str] = Counter()
        for number in range(RUNS_MAX):
            happened += explore(EngineMachine, examples=EXAMPLES, number=number)
            if happened.keys() >= WORTH_SEEING and number + 1 >= RUNS_MIN:
                return
        pytest.fail(f"the runs were too tame: {WORTH_SEEING - happened.keys()} never happened")

    def test_every_promise_holds_with_nothing_remembered(self) -> None:
        assert explore(UncachedEngineMachine, examples=UNCACHED_EXAMPLES).total() > 0

    @pytest.mark.parametrize("planted", [LateMoneyIgnored, SeatReturnedTwice])
    def test_a_planted_bug_is_caught(self, planted: type[EngineMachine]) -> None:
        with pytest.raises(AssertionError):
            explore(planted, examples=PLANTED_EXAMPLES, phases=[Phase.generate])
