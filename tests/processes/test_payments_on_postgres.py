"""Payments from card to settlement on PostgreSQL, with the gateway, without webhooks, with workers that are killed."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from functools import partial

import psycopg
import pytest

from adapters.sandbox_gateway import SandboxGateway
from domain.decisions import paying
from domain.money_exception import EXCEPTIONS_OWNER
from domain.order import OrderStatus
from domain.refund import REFUND_ATTEMPTS_MAX, RefundStatus
from domain.values import RefundReason, derived_id
from tests.adapters.sandbox_process import SandboxProcess
from tests.processes.databases import ServedShop, served_shop
from tests.processes.shop import PATIENCE_S, Shop
from tests.processes.test_cancelled_performances import cancel, refunded

SHORT = timedelta(seconds=2)
BUYERS_AND_SEATS = (("ann", 0), ("bob", 1), ("cleo", 2))
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_database() || '_app'"


@pytest.fixture
async def served(owner_url: str, gateway: SandboxGateway, sandbox: SandboxProcess) -> AsyncIterator[ServedShop]:
    async with served_shop(owner_url, gateway, sandbox.url) as served:
        yield served


@pytest.fixture
def no_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow the payment of an order that lasts seconds."""
    monkeypatch.setattr(paying, "CHECKOUT_MARGIN", timedelta(0))


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await condition():  # noqa: ASYNC110 - the condition is in another process
            await asyncio.sleep(0.02)


async def order_and_pay(shop: Shop, buyer: str, seat: int, card: str) -> tuple[str, str]:
    order = await shop.ordered(buyer, [seat])
    payment = await shop.payment_opened(buyer, order)
    await shop.paid(payment, card)
    return order, payment


async def order_and_pay_late(shop: Shop) -> tuple[str, str]:
    """Let Ann pay with a card that is charged long after her order has expired."""
    order = await shop.ordered("ann", [0, 1], lasts=SHORT)
    payment = await shop.payment_opened("ann", order, lasts=SHORT)
    await shop.paid(payment, "captured_late", delay_s=3600)
    return order, payment


class TestOneWorker:
    async def test_every_card_comes_to_its_end(self, served: ServedShop) -> None:
        shop = served.shop
        lost, _ = await order_and_pay(shop, "ann", 0, "webhook_never")
        _, too_little = await order_and_pay(shop, "bob", 1, "captured_too_little")
        refused, _ = await order_and_pay(shop, "cleo", 2, "refund_fails")
        async with served.worker():
            await eventually(lambda: shop.confirmed(refused))
            refund = await shop.refund_approved("cleo", refused)
            await eventually(lambda: shop.confirmed(lost))
            await eventually(lambda: shop.refunded(derived_id(too_little, "refund")))
            await eventually(lambda: shop.owned(refund))
        state = await shop.refund(refund)
        assert (state.owner, state.attempts) == (EXCEPTIONS_OWNER, REFUND_ATTEMPTS_MAX)
        assert (await shop.refund(derived_id(too_little, "refund"))).reason is RefundReason.WRONG_AMOUNT
        await shop.money_agrees()

    @pytest.mark.usefixtures("no_margin")
    async def test_a_late_capture_confirms_if_the_seats_are_free(self, served: ServedShop) -> None:
        order, payment = await order_and_pay_late(served.shop)
        async with served.worker():
            await eventually(lambda: status_is(served.shop, order, OrderStatus.EXPIRED))
            await served.shop.charged_late(payment)
            await eventually(lambda: served.shop.confirmed(order))
        await served.shop.money_agrees()

    @pytest.mark.usefixtures("no_margin")
    async def test_a_late_capture_goes_back_if_a_seat_is_taken(self, served: ServedShop) -> None:
        order, payment = await order_and_pay_late(served.shop)
        refund = derived_id(payment, "refund")
        async with served.worker():
            await eventually(lambda: status_is(served.shop, order, OrderStatus.EXPIRED))
            await served.shop.ordered("bob", [1])
            await served.shop.charged_late(payment)
            await eventually(lambda: served.shop.refunded(refund))
        assert (await served.shop.refund(refund)).reason is RefundReason.LATE_PAYMENT
        assert (await served.shop.order(order)).status is OrderStatus.EXPIRED
        await served.shop.money_agrees()

    async def test_cut_connections_are_made_again(self, served: ServedShop, owner_url: str) -> None:
        shop = served.shop
        first, _ = await order_and_pay(shop, "ann", 0, "webhook_never")
        async with served.worker():
            await eventually(lambda: shop.confirmed(first))
            with psycopg.connect(owner_url, autocommit=True) as owner:
                assert owner.execute(CUT).rowcount > 0
            second, _ = await order_and_pay(shop, "bob", 1, "webhook_never")
            await eventually(lambda: shop.confirmed(second))
        await shop.money_agrees()


class TestKilledWorkers:
    @pytest.mark.parametrize("dies", ["before", "after"])
    async def test_killed_at_the_provider_the_next_one_moves_the_money_once(
        self, served: ServedShop, dies: str
    ) -> None:
        shop = served.shop
        order, _ = await order_and_pay(shop, "ann", 0, "webhook_never")
        with served.worker_process(dies) as dying:
            await eventually(lambda: shop.confirmed(order))
            refund = await shop.refund_approved("ann", order)
            assert await asyncio.to_thread(dying.wait, PATIENCE_S) == -signal.SIGKILL
        assert (await shop.refund(refund)).status is RefundStatus.SUBMITTED
        assert (("refund", refund) in await shop.movements()) == (dies == "after")
        async with served.worker():
            await eventually(lambda: shop.refunded(refund))
        assert (await shop.refund(refund)).attempts == 1
        await shop.money_agrees()

    async def test_killed_while_it_refunds_a_cancelled_performance_the_next_one_refunds_every_order_once(
        self, served: ServedShop
    ) -> None:
        shop = served.shop
        orders = [(await order_and_pay(shop, buyer, seat, "webhook_never"))[0] for buyer, seat in BUYERS_AND_SEATS]
        with served.worker_process("after") as dying:
            for order in orders:
                await eventually(partial(shop.confirmed, order))
            await cancel(shop)
            assert await asyncio.to_thread(dying.wait, PATIENCE_S) == -signal.SIGKILL
        async with served.worker():
            for order in orders:
                await eventually(partial(refunded_whole, shop, order))
        await shop.money_agrees()

    async def test_a_standby_takes_over_when_the_owner_is_killed(self, served: ServedShop) -> None:
        shop = served.shop
        first, _ = await order_and_pay(shop, "ann", 0, "webhook_never")
        with served.worker_process() as owner:
            await eventually(lambda: shop.confirmed(first))
            async with served.worker():
                owner.kill()
                refund = await shop.refund_approved("ann", first)
                second, _ = await order_and_pay(shop, "bob", 1, "webhook_never")
                await eventually(lambda: shop.confirmed(second))
                await eventually(lambda: shop.refunded(refund))
        await shop.money_agrees()


async def status_is(shop: Shop, order: str, status: OrderStatus) -> bool:
    return (await shop.order(order)).status is status


async def refunded_whole(shop: Shop, order: str) -> bool:
    return await refunded(shop, await shop.order(order))
