"""The pause after a failed transfer, however the failure is reported."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from domain.decisions import paying, settling
from domain.decisions.refunds import refunding
from domain.ports.payment_gateway import ProviderRefund, ProviderRefundStatus
from domain.refund import REFUND_ATTEMPTS_MAX, transfer_reference
from processes.submit_refunds import ATTEMPT_BACKOFF, SubmitRefunds
from tests.processes.rule_fixture import RuleFixture
from tests.support.engine import START, ScriptedCommand


class UndecidedGateway:
    """A provider that accepts every transfer and reports its result later."""

    async def find_refund(self, reference: str) -> ProviderRefund | None:
        return self.pending(reference)

    async def submit_refund(self, *, reference: str, **_: Any) -> ProviderRefund:
        return self.pending(reference)

    def pending(self, reference: str) -> ProviderRefund:
        return ProviderRefund(
            reference=reference,
            refund_id="re_1",
            checkout_id="co_1",
            status=ProviderRefundStatus.PENDING,
            amount=4500,
            currency="EUR",
            requested_at=START,
            decided_at=None,
            failure=None,
        )


@pytest.fixture
async def transfers() -> RuleFixture:
    gateways: dict[str, Any] = {"sandbox": UndecidedGateway()}
    bench = RuleFixture(lambda handler: SubmitRefunds(handler, gateways))
    await bench.open()
    return bench


async def approved_refund(bench: RuleFixture) -> str:
    order = await bench.order("ann", [0])
    payment = await bench.captured(order, "ann")
    checkout = partial(paying.open_checkout, payment=payment, checkout="co_1")
    await bench.world.do(ScriptedCommand(checkout))
    await bench.world.do(ScriptedCommand(partial(settling.settle, payment=payment)))
    refund = str(uuid7())
    command = refunding.RequestRefund(refund=refund, order=order, account="ann")
    await bench.world.do(ScriptedCommand(partial(refunding.request_refund, command=command)))
    await bench.world.do(ScriptedCommand(partial(refunding.approve_refund, refund=refund, by="support")))
    return refund


async def test_given_webhooks_that_tell_of_failures_then_eight_attempts_take_their_hours(
    transfers: RuleFixture,
) -> None:
    refund = await approved_refund(transfers)
    begun = transfers.clock.now()
    for attempt in range(1, REFUND_ATTEMPTS_MAX + 1):
        while "RefundSubmitted" not in await transfers.caused():
            ((_, _, _, due_at, *_),) = transfers.records.rules[SubmitRefunds.name].work.values()
            transfers.clock.advance(max(due_at - transfers.clock.now(), timedelta(seconds=1)))
        failed = partial(refunding.fail_refund, reference=transfer_reference(refund, attempt), reason="closed")
        await transfers.world.do(ScriptedCommand(failed))
    pauses = [ATTEMPT_BACKOFF.after(attempt) for attempt in range(REFUND_ATTEMPTS_MAX - 1)]
    assert transfers.clock.now() - begun >= sum(pauses, timedelta(0))
    await transfers.caused()
    assert transfers.work() == []
