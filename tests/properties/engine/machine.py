"""A state machine over the whole engine: what people do beside and after buying."""

from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import multiple, precondition, rule
from uuid_utils.compat import uuid7

from domain.decisions import cancelling, scheduling
from domain.decisions.refunds import refunding
from domain.errors import PaymentDisputed
from domain.refund import transfer_reference
from domain.values import PerformanceCancelReason, RefundReason
from tests.properties.engine.entering import Entering
from tests.properties.engine.provider import STEP, Provider
from tests.properties.engine.scenario import BUYER, HOLDS, ORDERS, REFUNDS, SEATS
from tests.properties.engine.seating import Seating
from tests.support.engine import ScriptedCommand

CALM_COMMANDS = 35
"""A performance is called off only once something has happened."""

MOVES = st.sampled_from([-365, -1, 0, 1, 7])
TRANSFERS = st.sampled_from(["submitted", "completed", "failed"])


class EngineMachine(Entering, Provider, Seating):
    """Everything people, processes and the provider may do to one performance. A new rule is a method."""

    @rule(target=ORDERS, buyer=BUYER, seats=SEATS, approve=st.booleans(), outcome=TRANSFERS)
    def buy_and_return(self, buyer: str, seats: list[int], *, approve: bool, outcome: str) -> Any:
        """Buy, and want the money back."""
        order = self.buy(buyer, seats, wrong=0, currency="EUR")
        if isinstance(order, tuple):
            refund = self.ask_refund(order, None)
            if isinstance(refund, str):
                self.decide_refund(refund, approve=approve)
                self.transfer(refund, outcome)
        return order

    @rule(target=REFUNDS, order=ORDERS, line=st.sampled_from([None, None, "1", "2"]))
    def ask_refund(self, order: tuple[str, str], line: str | None) -> Any:
        lines = None if line is None else (line,)
        command = refunding.RequestRefund(
            refund=str(uuid7()), order=order[0], account=self.owner(order[1]), lines=lines
        )
        outcome = self.send(ScriptedCommand(partial(type(self).request, command=command)), "asked for a refund")
        return command.refund if outcome else multiple()

    @rule(target=REFUNDS, order=ORDERS, why=st.sampled_from([None, "The sound failed."]))
    def support_asks_refund(self, order: tuple[str, str], why: str | None) -> Any:
        """Support asks for all that is left, after the start too if it says why."""
        command = refunding.RequestRefund(
            refund=str(uuid7()), order=order[0], account=None, reason=RefundReason.SUPPORT, reason_text=why
        )
        outcome = self.send(
            ScriptedCommand(partial(refunding.request_refund, command=command)), "support asked for a refund"
        )
        return command.refund if outcome else multiple()

    @rule(target=REFUNDS, order=ORDERS, line=st.sampled_from([None, "1"]))
    def refund(self, order: tuple[str, str], line: str | None) -> Any:
        """Ask and approve at once, for the same reason as `buy`."""
        refund = self.ask_refund(order, line)
        if isinstance(refund, str):
            self.decide_refund(refund, approve=True)
        return refund

    @rule(refund=REFUNDS, approve=st.sampled_from([True, True, False]))
    def decide_refund(self, refund: str, *, approve: bool) -> None:
        decision = type(self).approve if approve else refunding.reject_refund
        self.send(
            ScriptedCommand(partial(decision, refund=refund, by="support")), "approved" if approve else "rejected"
        )

    @rule(refund=REFUNDS, approve=st.booleans())
    def decide_own_refund(self, refund: str, *, approve: bool) -> None:
        """Let the owner of the order try to decide."""
        state = self.run(self.world.handler.query(partial(refunding.require_refund, refund=refund)))
        decision = type(self).approve if approve else refunding.reject_refund
        self.send(ScriptedCommand(partial(decision, refund=refund, by=str(state.account))), "decided their own")

    @rule(refund=REFUNDS, outcome=TRANSFERS)
    def transfer(self, refund: str, outcome: str) -> None:
        self.send(ScriptedCommand(partial(type(self).submit, refund=refund)), "submitted")
        state = self.run(self.world.handler.query(lambda context: refunding.require_refund(context, refund)))
        reference = transfer_reference(refund, state.attempts)
        if outcome == "completed":
            self.send(
                ScriptedCommand(partial(refunding.complete_refund, reference=reference, provider_refund="r1")), outcome
            )
        if outcome == "failed":
            self.send(ScriptedCommand(partial(refunding.fail_refund, reference=reference, reason="closed")), outcome)

    @rule(order=ORDERS, step=STEP, outcome=TRANSFERS)
    def dispute_a_refund(self, order: tuple[str, str], step: str, outcome: str) -> None:
        """Approve a refund, and let the same money be disputed before it is sent."""
        refund = self.refund(order, None)
        self.dispute_an_order(order, "dp_1", step)
        if isinstance(refund, str):
            self.transfer(refund, outcome)

    @precondition(lambda self: len(self.sent) > CALM_COMMANDS)
    @rule()
    def call_off(self) -> None:
        self.send(
            ScriptedCommand(
                partial(scheduling.cancel, performance=self.world.performance, reason=PerformanceCancelReason.ILLNESS)
            ),
            "called off",
        )

    @precondition(lambda self: len(self.sent) > CALM_COMMANDS)
    @rule(target=ORDERS, buyer=BUYER, seats=SEATS)
    def buy_for_nothing(self, buyer: str, seats: list[int]) -> Any:
        """Buy, and have the performance called off and the order refunded by the process."""
        order = self.buy(buyer, seats, wrong=0, currency="EUR")
        if isinstance(order, tuple):
            self.call_off()
            self.refund_for_the_cancellation(order, approve=True)
        return order

    @rule(order=ORDERS, approve=st.booleans())
    def refund_for_the_cancellation(self, order: tuple[str, str], *, approve: bool) -> None:
        """Take the process's steps for one order, or die between the request and the approval."""
        self.send(ScriptedCommand(partial(cancelling.request_due_refund, order=order[0])), "due refund requested")
        due = self.run(self.world.handler.query(partial(cancelling.due_refunds, order=order[0])))
        for refund in due.undecided if approve else ():
            approval = partial(refunding.approve_refund, refund=refund, by="refund_cancelled_performances")
            self.send(ScriptedCommand(approval), "due refund approved")

    @rule(hold=HOLDS)
    def end_basket(self, hold: tuple[str, str]) -> None:
        self.send(ScriptedCommand(partial(cancelling.end_basket, hold=hold[0])), "basket ended")

    @precondition(lambda self: len(self.sent) > CALM_COMMANDS)
    @rule(days=MOVES)
    def reschedule(self, days: int) -> None:
        """Move the performance by days from now; into the past is refused."""
        moved = scheduling.ChangePerformance(
            performance=self.world.performance, starts_at=self.clock.now() + timedelta(days=days)
        )
        outcome = self.send(ScriptedCommand(partial(scheduling.change, command=moved)), "moved")
        assert days > 0 or outcome is None or not outcome.events

    @precondition(lambda self: len(self.sent) > CALM_COMMANDS)
    @rule(late=st.sampled_from([timedelta(0), scheduling.CHANGES_AFTER_START_MAX]))
    def begin(self, late: timedelta) -> None:
        """Let the time come when the performance begins, or when it can be changed no more."""
        starts_at = self.run(self.world.handler.query(self.performance_state)).starts_at
        if self.clock.now() < starts_at:
            self.pass_time(starts_at + late - self.clock.now())

    @precondition(lambda self: len(self.sent) > CALM_COMMANDS)
    @rule(order=ORDERS, why=st.sampled_from([None, "The sound failed."]))
    def refund_after_the_start(self, order: tuple[str, str], why: str | None) -> None:
        """Enter, let it begin, ask as the owner and as support, and approve."""
        self.enter(order, "1")
        self.begin(timedelta(0))
        for refund in (self.ask_refund(order, None), self.support_asks_refund(order, why)):
            if isinstance(refund, str):
                self.decide_refund(refund, approve=True)

    @rule(order=ORDERS, approve=st.booleans())
    def enter_after_asking(self, order: tuple[str, str], *, approve: bool) -> None:
        """Ask for the money, and enter before it is decided."""
        refund = self.ask_refund(order, None)
        self.enter(order, "1")
        if isinstance(refund, str):
            self.decide_refund(refund, approve=approve)

    @precondition(lambda self: len(self.sent) > CALM_COMMANDS)
    @rule(order=ORDERS)
    def decide_after_the_start(self, order: tuple[str, str]) -> None:
        """Ask in time, and be answered when it has begun."""
        refund = self.ask_refund(order, None)
        self.begin(timedelta(0))
        if isinstance(refund, str):
            self.decide_refund(refund, approve=True)

    async def settle_all_captures(self) -> None:
        """Let the process come by for a cancelled performance, too: no order of it keeps money that no one disputes."""
        await super().settle_all_captures()
        performance = await self.world.handler.query(self.performance_state)
        for order in list(self.world.ledger.orders) if performance.cancelled else ():
            with suppress(PaymentDisputed):
                await self.world.do(ScriptedCommand(partial(cancelling.request_due_refund, order=order)))
                due = await self.world.handler.query(partial(cancelling.due_refunds, order=order))
                for refund in due.undecided:
                    await self.world.do(ScriptedCommand(partial(refunding.approve_refund, refund=refund, by="process")))
                left = await self.world.handler.query(partial(cancelling.due_refunds, order=order))
                assert left == cancelling.DueRefunds(), f"order {order} was not refunded: {left}"


class UncachedEngineMachine(EngineMachine):
    """The same people; nothing is remembered between two commands."""

    cache_size = 0
