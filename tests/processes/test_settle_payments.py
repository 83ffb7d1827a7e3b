"""Given events, then commands: captures are settled."""

from datetime import timedelta
from functools import partial

from adapters.postgres.process_state import SILENCE_S
from domain.decisions import ordering, paying, settling
from domain.order import OrderStatus
from domain.payment import PaymentOutcome
from eventstore.back_off import POLL_BACKOFF
from processes.runner import STANDBY_INTERVAL_S
from processes.settle_payments import GRACE, RETRY_AFTER
from tests.processes.rule_fixture import OVER, RuleFixture
from tests.support.engine import ScriptedCommand


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
