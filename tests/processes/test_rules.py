"""Given events, then commands: rules without a provider, and the behaviour of every runner."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar
from uuid import uuid5

import orjson
import pytest
from uuid_utils.compat import uuid7

from adapters.postgres.memory_process_state import MemoryProcessState, ProcessRecords
from adapters.postgres.process_state import SILENCE_S
from domain import event
from domain.decisions import holding, ordering, paying, settling
from domain.decisions.performance_deletion import close_performance_for_deletion
from domain.errors import NotFound
from domain.order import OrderStatus
from domain.payment import PaymentOutcome
from domain.values import OrderCancelReason
from eventstore.back_off import POLL_BACKOFF, BackOff
from eventstore.checkpoint import Checkpoint
from eventstore.clock import FixedClock
from eventstore.errors import LogRestored, Overloaded
from eventstore.store import RecordedEvent
from processes.release_lapsed_holds import ReleaseLapsedHolds
from processes.reopen_unfinished_deletions import DELETION_LASTS_MAX, ReopenUnfinishedDeletions
from processes.rule import Rule, WorkChanges
from processes.runner import STANDBY_INTERVAL_S, RuleExecution
from processes.settle_payments import GRACE, RETRY_AFTER, SettlePayments
from processes.shared_reader import SharedEventReader
from processes.work import WorkItem, subject_of
from tests.eventstore.doubles import RestorableStore
from tests.processes.shop import handler_on
from tests.properties.scenario import CODEC, HOLD_LASTS, START, Scenario, ScriptedCommand

OVER = HOLD_LASTS + timedelta(seconds=1)


class RuleFixture:
    """One rule on a log in memory, with a clock that tests advance."""

    def __init__(self, rule: Callable[[Any], Rule]) -> None:
        self.clock = FixedClock(START)
        self.store = RestorableStore(now=self.clock.now)
        self.world = Scenario(self.store, self.clock, cache_size=0)
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


@pytest.fixture
async def holds() -> RuleFixture:
    bench = RuleFixture(lambda handler: ReleaseLapsedHolds(handler, pause_s=0))
    await bench.open()
    return bench


@pytest.fixture
async def captures() -> RuleFixture:
    bench = RuleFixture(SettlePayments)
    await bench.open()
    return bench


class TestReleaseLapsedHolds:
    async def test_given_a_basket_before_its_deadline_then_nothing(self, holds: RuleFixture) -> None:
        await holds.world.do(holds.world.hold("ann", holds.world.seats[:2])[1])
        holds.clock.advance(HOLD_LASTS - timedelta(seconds=1))
        assert await holds.caused() == []
        assert len(holds.work()) == 1

    async def test_given_a_lapsed_basket_then_it_is_cleared_away(self, holds: RuleFixture) -> None:
        await holds.world.do(holds.world.hold("ann", holds.world.seats[:2])[1])
        holds.clock.advance(OVER)
        assert await holds.caused() == ["HoldExpired", "SeatReleased", "SeatReleased", "BuyerQuotaReturned"]
        assert holds.work() == []

    async def test_its_command_is_known_by_its_cause(self, holds: RuleFixture) -> None:
        hold, command = holds.world.hold("ann", holds.world.seats[:1])
        placed = await holds.world.do(command)
        holds.clock.advance(OVER)
        await holds.caused()
        (expired,) = [event for event in await holds.log() if event.name == "HoldExpired"]
        assert expired.command_id == uuid5(command.command_id, f"release_lapsed_holds/{hold}/expire")
        assert placed.first <= orjson.loads(expired.metadata)["causation"] <= placed.last

    async def test_given_a_lapsed_order_then_it_expires_in_the_same_command(self, holds: RuleFixture) -> None:
        await holds.order("ann", [0])
        holds.clock.advance(OVER)
        assert await holds.caused() == ["OrderExpired", "HoldExpired", "SeatReleased", "BuyerQuotaReturned"]

    async def test_given_an_extended_basket_then_it_stays_until_the_later_deadline(self, holds: RuleFixture) -> None:
        hold, command = holds.world.hold("ann", holds.world.seats[:1])
        await holds.world.do(command)
        extend = partial(holding.extend_hold, hold=hold, holder="ann", by=timedelta(minutes=5))
        await holds.world.do(ScriptedCommand(extend))
        holds.clock.advance(OVER)
        assert await holds.caused() == []
        holds.clock.advance(timedelta(minutes=5))
        assert "HoldExpired" in await holds.caused()

    async def test_given_a_basket_extended_behind_its_back_then_it_stays(self, holds: RuleFixture) -> None:
        hold, command = holds.world.hold("ann", holds.world.seats[:1])
        await holds.world.do(command)
        assert await holds.caused() == []
        due = WorkItem(*holds.records.rules["release_lapsed_holds"].work[hold])
        extend = partial(holding.extend_hold, hold=hold, holder="ann", by=timedelta(minutes=5))
        await holds.world.do(ScriptedCommand(extend))
        holds.clock.advance(OVER)
        await holds.rule.execute(due, holds.clock.now())
        assert await holds.caused() == []
        assert holds.work() == [hold]

    @pytest.mark.parametrize("ending", ["released", "cancelled", "paid"])
    async def test_given_a_basket_that_ended_otherwise_then_no_work_is_left(
        self, holds: RuleFixture, ending: str
    ) -> None:
        if ending == "released":
            hold, command = holds.world.hold("ann", holds.world.seats[:1])
            await holds.world.do(command)
            await holds.world.do(ScriptedCommand(partial(holding.release_hold, hold=hold, holder="ann")))
        else:
            order = await holds.order("ann", [0])
            if ending == "paid":
                payment = await holds.captured(order, "ann")
                await holds.world.do(ScriptedCommand(partial(settling.settle, payment=payment)))
            else:
                cancel = partial(ordering.cancel_order, order=order, account="ann", reason=OrderCancelReason.BUYER)
                await holds.world.do(ScriptedCommand(cancel))
        assert await holds.caused() == []
        assert holds.work() == []

    async def test_given_a_seat_taken_over_then_only_the_rest_is_cleared_away(self, holds: RuleFixture) -> None:
        await holds.world.do(holds.world.hold("ann", holds.world.seats[:2])[1])
        holds.clock.advance(OVER)
        await holds.world.do(holds.world.hold("bob", holds.world.seats[1:2])[1])
        assert await holds.caused() == ["HoldExpired", "SeatReleased", "BuyerQuotaReturned"]


class TestSettlePayments:
    async def test_given_a_capture_then_its_order_is_confirmed_after_the_grace(self, captures: RuleFixture) -> None:
        order = await captures.order("ann", [0])
        await captures.captured(order, "ann")
        assert await captures.caused() == []
        captures.clock.advance(timedelta(seconds=1))
        assert "OrderConfirmed" in await captures.caused()
        assert captures.work() == []

    async def test_given_a_capture_that_the_api_decided_then_nothing(self, captures: RuleFixture) -> None:
        payment = await captures.captured(await captures.order("ann", [0]), "ann")
        await captures.world.do(ScriptedCommand(partial(settling.settle, payment=payment)))
        captures.clock.advance(timedelta(seconds=1))
        assert await captures.caused() == []
        assert captures.work() == []

    async def test_given_a_capture_for_a_taken_seat_then_the_money_goes_back(self, captures: RuleFixture) -> None:
        order = await captures.order("ann", [0, 1])
        payment = await captures.opened(order, "ann")
        captures.clock.advance(OVER)
        await captures.order("bob", [1])
        await captures.capture(payment)
        captures.clock.advance(GRACE)
        caused = await captures.caused()
        assert {"PaymentSettled", "RefundRequested", "RefundApproved", "OrderCancelled"} <= set(caused)
        state = await captures.world.handler.query(partial(paying.require_payment, payment=payment))
        assert state.outcome is PaymentOutcome.REFUNDED
        seen = await captures.world.handler.query(partial(ordering.require_visible_order, order=order, account=None))
        assert seen.status is OrderStatus.CANCELLED

    def test_the_stated_delay_covers_a_take_over(self) -> None:
        take_over = timedelta(seconds=SILENCE_S + STANDBY_INTERVAL_S) + POLL_BACKOFF.maximum
        assert GRACE + take_over + RETRY_AFTER < settling.UNDECIDED_MAX


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
        return {subject_of(recorded): WorkItem.caused_by(recorded, due_at=recorded.recorded_at)}

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


class TestBackOff:
    def test_it_grows_to_its_most(self) -> None:
        pauses = BackOff(first=timedelta(seconds=1), factor=3.0, maximum=timedelta(seconds=20))
        assert [pauses.after(tries).total_seconds() for tries in (0, 1, 2, 3, 1_000_000)] == [1, 3, 9, 20, 20]
