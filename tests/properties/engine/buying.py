"""What buyers, the processes and the payment provider do until a seat is sold or free again."""

from datetime import timedelta
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import multiple, rule
from uuid_utils.compat import uuid7

from domain.decisions import holding, ordering, paying
from domain.payment import PaymentSettled
from domain.values import OrderCancelReason
from tests.properties.engine.scenario import BUYER, HOLDS, ORDERS, PAYMENTS, SEATS, EngineScenario
from tests.support.audited_scenario import BUYERS
from tests.support.engine import ScriptedCommand
from tests.support.shop import HOLD_LASTS

EXTENSION = timedelta(minutes=5)
SHORT = timedelta(minutes=2)
WRONG = st.sampled_from([0, 0, 0, -1, 100])
CURRENCIES = st.sampled_from(["EUR", "EUR", "USD"])


class Buying(EngineScenario):
    """Holding, ordering and paying, in time, too late, too little or not at all."""

    @rule(target=HOLDS, buyer=BUYER, seats=SEATS, lasts=st.sampled_from([SHORT, HOLD_LASTS]))
    def hold(self, buyer: str, seats: list[int], lasts: timedelta) -> Any:
        hold, command = self.world.hold(buyer, [self.world.seats[seat] for seat in seats], lasts=lasts)
        return (hold, buyer) if self.send(self.by(buyer, command), "held") else multiple()

    @rule(target=ORDERS, buyer=BUYER, seats=SEATS, lasts=st.sampled_from([SHORT, HOLD_LASTS]))
    def hold_and_order(self, buyer: str, seats: list[int], lasts: timedelta) -> Any:
        order, command = self.world.one_step(buyer, [self.world.seats[seat] for seat in seats], lasts=lasts)
        return (order, buyer) if self.send(self.by(buyer, command), "ordered") else multiple()

    @rule(target=ORDERS, hold=HOLDS)
    def order(self, hold: tuple[str, str]) -> Any:
        owner = self.owner(hold[1])
        order, command = self.world.order(owner, hold[0])
        return (order, owner) if self.send(self.by(owner, command), "ordered a hold") else multiple()

    @rule(hold=HOLDS)
    def extend(self, hold: tuple[str, str]) -> None:
        self.send(
            ScriptedCommand(partial(holding.extend_hold, hold=hold[0], holder=self.owner(hold[1]), by=EXTENSION)),
            "extended",
        )

    @rule(hold=HOLDS)
    def release(self, hold: tuple[str, str]) -> None:
        self.send(ScriptedCommand(partial(holding.release_hold, hold=hold[0], holder=self.owner(hold[1]))), "released")

    @rule(hold=HOLDS)
    def sweep(self, hold: tuple[str, str]) -> None:
        self.send(ScriptedCommand(partial(holding.expire_hold, hold=hold[0])), "swept")

    @rule(order=ORDERS)
    def sweep_order(self, order: tuple[str, str]) -> None:
        state = self.order_state(order[0])
        self.send(ScriptedCommand(partial(holding.expire_hold, hold=state.hold)), "swept an order")

    @rule(order=ORDERS)
    def cancel(self, order: tuple[str, str]) -> None:
        command = ScriptedCommand(
            partial(ordering.cancel_order, order=order[0], account=self.owner(order[1]), reason=OrderCancelReason.BUYER)
        )
        self.send(command, "cancelled")

    @rule(target=PAYMENTS, order=ORDERS)
    def pay(self, order: tuple[str, str]) -> Any:
        payment = str(uuid7())
        command = paying.OpenPayment(payment=payment, order=order[0], account=self.owner(order[1]), provider="sandbox")
        return (
            payment
            if self.send(ScriptedCommand(partial(paying.open_payment, command=command)), "opened")
            else multiple()
        )

    @rule(payment=PAYMENTS, wrong=WRONG, currency=CURRENCIES)
    def capture(self, payment: str, wrong: int, currency: str) -> None:
        state = self.run(self.world.handler.query(lambda context: paying.require_payment(context, payment)))
        captured = partial(
            paying.capture,
            payment=payment,
            amount=state.amount + wrong,
            currency=currency,
            captured_at=self.clock.now(),
            source="webhook",
        )
        self.send(ScriptedCommand(captured), "captured")

    @rule(payment=PAYMENTS, failed=st.booleans())
    def end_payment(self, payment: str, *, failed: bool) -> None:
        ending = partial(paying.fail, reason="declined") if failed else paying.expire
        self.send(ScriptedCommand(partial(ending, payment=payment)), "payment ended")

    @rule(target=ORDERS, buyer=BUYER, seats=SEATS, wrong=WRONG, currency=CURRENCIES)
    def buy(self, buyer: str, seats: list[int], *, wrong: int, currency: str) -> Any:
        """Go all the way at once, so that the long ways from there on are walked often."""
        order = self.hold_and_order(buyer, seats, HOLD_LASTS)
        if isinstance(order, tuple):
            payment = self.pay(order)
            self.capture(payment, wrong, currency)
            self.decide(payment)
        return order

    @rule(target=ORDERS, buyer=BUYER, seats=SEATS, late=st.booleans())
    def pay_in_two_tabs(self, buyer: str, seats: list[int], *, late: bool) -> Any:
        """Open two checkouts, pay in one of them, and perhaps in the other one all the same."""
        order = self.hold_and_order(buyer, seats, HOLD_LASTS)
        if isinstance(order, tuple):
            first, second = self.pay(order), self.pay(order)
            for payment in (first, second) if late else (first,):
                self.capture(payment, 0, "EUR")
                self.decide(payment)
        return order

    @rule(target=ORDERS, buyer=BUYER, seats=SEATS, swept=st.booleans(), taken=st.booleans())
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

    @rule(buyer=BUYER, seats=SEATS)
    def hold_and_forget(self, buyer: str, seats: list[int]) -> None:
        """Let a hold lapse, and let the process come by."""
        hold = self.hold(buyer, seats, SHORT)
        if isinstance(hold, tuple):
            self.wait(3)
            self.sweep(hold)

    @rule(payment=PAYMENTS)
    def decide(self, payment: str) -> None:
        outcome = self.send(ScriptedCommand(partial(type(self).settle, payment=payment)), "settled")
        facts = [fact for _, fact in outcome.events] if outcome else []
        for fact in facts:
            if isinstance(fact, PaymentSettled):
                self.tally[f"settled: {fact.outcome}"] += 1
