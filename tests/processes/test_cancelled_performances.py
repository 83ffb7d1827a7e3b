"""Every order of a cancelled performance is refunded once, also with concurrent commands and crashes."""

from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from uuid_utils.compat import uuid7

from adapters.sandbox_gateway import SandboxGateway
from domain.decisions import scheduling
from domain.decisions.refunds import refunding
from domain.order import OrderStatus, PlacedOrder
from domain.refund import RefundStatus
from domain.values import PerformanceCancelReason, RefundReason
from processes.refund_cancelled_performances import RefundCancelledPerformances
from tests.processes.crash_runs import CrashRun, killed_at_every_step
from tests.processes.shop import ShiftedClock, Shop, handler_on
from tests.support.engine import CODEC, ScriptedCommand

STEPS_MIN = 30


async def bought(shop: Shop, buyer: str, *seats: int) -> str:
    order = await shop.ordered(buyer, list(seats))
    payment = await shop.payment_opened(buyer, order)
    await shop.paid(payment)
    await shop.run_rules(until=lambda: shop.confirmed(order))
    return order


async def request_refund(shop: Shop, buyer: str, order: str, *lines: str) -> str:
    command = refunding.RequestRefund(refund=str(uuid7()), order=order, account=buyer, lines=lines)
    await shop.world.do(ScriptedCommand(partial(refunding.request_refund, command=command)))
    return command.refund


async def cancel(shop: Shop) -> None:
    reason = PerformanceCancelReason.ILLNESS
    await shop.world.do(ScriptedCommand(partial(scheduling.cancel, performance=shop.world.performance, reason=reason)))


async def refunded(shop: Shop, order: PlacedOrder) -> bool:
    """Tell whether the money of every line was refunded."""
    refunds = [await shop.refund(refund) for refund in order.refunds]
    done = [line for refund in refunds if refund.status is RefundStatus.COMPLETED for line in refund.lines]
    return sorted(done) == [line.line_id for line in order.lines]


class CancelledPerformance(CrashRun):
    """A paid order with a refund request for one line, a paid order, an unpaid order, and a hold."""

    paid: tuple[str, ...] = ()
    unpaid = ""

    async def set_up(self) -> None:
        await self.opened()
        self.paid = (await bought(self.shop, "ann", 0, 1), await bought(self.shop, "bob", 2))
        await request_refund(self.shop, "ann", self.paid[0], "1")
        self.unpaid = await self.shop.ordered("cleo", [3])
        await self.shop.payment_requested("cleo", self.unpaid)
        await self.shop.world.do(self.shop.world.hold("cleo", self.shop.world.seats[4:5])[1])
        self.clock.shift += timedelta(seconds=1)
        await cancel(self.shop)

    async def over(self) -> bool:
        orders = [await self.shop.order(order) for order in self.paid]
        unpaid = await self.shop.order(self.unpaid)
        return unpaid.status is OrderStatus.CANCELLED and all([await refunded(self.shop, each) for each in orders])

    async def judged(self) -> None:
        names = Counter(recorded.name for recorded in await self.shop.log())
        assert (names["RefundRequested"], names["RefundApproved"], names["RefundCompleted"]) == (3, 3, 3)
        assert (names["TicketVoided"], names["SeatReturned"], names["HoldReleased"]) == (3, 3, 2)
        assert await self.over()
        await self.shop.money_agrees()


async def test_killed_at_any_step_every_order_is_refunded_once(gateway: SandboxGateway) -> None:
    await killed_at_every_step(lambda: CancelledPerformance(gateway), steps_min=STEPS_MIN)


class TestRefundCancelledPerformances:
    async def test_given_a_refund_under_way_then_only_the_rest_is_refunded(self, shop: Shop) -> None:
        order = await bought(shop, "ann", 0, 1)
        refund = await request_refund(shop, "ann", order, "2")
        await shop.world.do(ScriptedCommand(partial(refunding.approve_refund, refund=refund, by="support")))
        await cancel(shop)

        async def over() -> bool:
            return await refunded(shop, await shop.order(order))

        await shop.run_rules(until=over)
        (rest,) = set((await shop.order(order)).refunds) - {refund}
        state = await shop.refund(rest)
        assert (state.lines, state.reason, state.requested_by) == (("1",), RefundReason.PERFORMANCE_CANCELLED, None)
        await shop.money_agrees()

    async def test_given_a_rejected_refund_then_its_lines_are_refunded(self, shop: Shop) -> None:
        order = await bought(shop, "ann", 0)
        refund = await request_refund(shop, "ann", order, "1")
        await shop.world.do(ScriptedCommand(partial(refunding.reject_refund, refund=refund, by="support")))
        await cancel(shop)

        async def over() -> bool:
            state = await shop.order(order)
            refunds = [await shop.refund(each) for each in state.refunds]
            return any(each.status is RefundStatus.COMPLETED for each in refunds)

        await shop.run_rules(until=over)
        await shop.money_agrees()

    async def test_given_money_that_arrives_after_the_cancellation_then_it_goes_back(self, shop: Shop) -> None:
        order = await shop.ordered("ann", [0])
        payment = await shop.payment_opened("ann", order)
        await cancel(shop)
        await shop.paid(payment)
        await shop.run_rules(until=lambda: shop.settled(payment))

        async def over() -> bool:
            refunds = [await shop.refund(each) for each in (await shop.order(order)).refunds]
            return [each.status for each in refunds] == [RefundStatus.COMPLETED]

        await shop.run_rules(until=over)
        assert (await shop.order(order)).status is OrderStatus.CANCELLED
        await shop.money_agrees()

    async def test_given_many_orders_then_it_rests_between_a_few_of_them(
        self, shop: Shop, clock: ShiftedClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("processes.refund_cancelled_performances.ORDERS_PER_BATCH", 1)
        for buyer, seat in (("ann", 0), ("bob", 1), ("cleo", 2)):
            await bought(shop, buyer, seat)
        await cancel(shop)
        handler = handler_on(shop.world.store, clock=clock)
        rule = RefundCancelledPerformances(handler, shop.world.store, CODEC, batch_pause=timedelta(seconds=30))
        execution = await shop.execution(rule)
        approved = []
        for _ in range(3):
            while await execution.step():
                pass
            names = Counter(recorded.name for recorded in await shop.log())
            approved.append(names["RefundApproved"])
            clock.shift += timedelta(seconds=31)
        assert approved == [1, 2, 3]
