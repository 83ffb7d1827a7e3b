"""A checkout that cannot be ended is retried until it would have expired."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from domain.decisions import ordering, paying
from domain.ports.payment_gateway import PaymentRefused, PaymentUnavailable, ProviderPayment
from domain.values import OrderCancelReason
from processes.end_cancelled_checkouts import EndCancelledCheckouts
from tests.processes.rule_fixture import RuleFixture
from tests.support.engine import ScriptedCommand
from tests.support.shop import HOLD_LASTS


class FailingGateway:
    """A provider that does not have the payment, and refuses or does not answer."""

    def __init__(self, error: Callable[[], Exception] | None) -> None:
        self.error = error
        self.asked = 0

    async def find_payment(self, reference: str) -> ProviderPayment | None:
        self.asked += 1
        if self.error is not None:
            raise self.error()
        return None

    async def expire_checkout(self, checkout_id: str) -> ProviderPayment:
        self.asked += 1
        raise PaymentRefused("unknown_checkout", checkout_id)


async def cancelled_payment(gateway: FailingGateway, *, known: bool = False) -> RuleFixture:
    gateways: dict[str, Any] = {"sandbox": gateway}
    bench = RuleFixture(lambda handler: EndCancelledCheckouts(handler, gateways))
    await bench.open()
    order = await bench.order("ann", [0])
    payment = await bench.opened(order, "ann")
    if known:
        opened = partial(paying.open_checkout, payment=payment, checkout="co")
        await bench.world.do(ScriptedCommand(opened))
    cancel = partial(ordering.cancel_order, order=order, account="ann", reason=OrderCancelReason.BUYER)
    await bench.world.do(ScriptedCommand(cancel))
    return bench


async def test_given_a_provider_without_an_answer_then_it_is_retried_until_the_checkout_expires() -> None:
    for error in (None, PaymentUnavailable):
        gateway = FailingGateway(error)
        bench = await cancelled_payment(gateway)
        await bench.caused()
        assert len(bench.work()) == 1
        bench.clock.advance(timedelta(minutes=5))
        await bench.caused()
        assert gateway.asked == 2
        bench.clock.advance(HOLD_LASTS)
        await bench.caused()
        assert (gateway.asked, bench.work()) == (2, [])


async def test_given_a_provider_that_has_no_such_checkout_then_nothing_is_left_to_end() -> None:
    gateway = FailingGateway(None)
    bench = await cancelled_payment(gateway, known=True)
    await bench.caused()
    assert (gateway.asked, bench.work()) == (1, [])
