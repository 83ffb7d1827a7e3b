"""When a refund is approved, then send the money back: RefundSubmitted first, then the provider, then what it said.

A transfer goes by its reference: after a crash, or without an answer, it is looked up before it is sent again, so the
money moves once. Only a transfer known to have failed is followed by another, under another reference.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar, assert_never

from domain.decisions.paying import require_payment
from domain.decisions.refund_transfers import (
    UNFINISHED,
    complete_refund,
    fail_refund,
    report_unanswered,
    require_refund,
    submit_refund,
)
from domain.ports.payment_gateway import PaymentGateway, PaymentRefused, ProviderRefund, ProviderRefundStatus
from domain.refund import (
    RefundApproved,
    RefundClosedManually,
    RefundCompleted,
    RefundFailed,
    RefundRetried,
    RefundStatus,
    RefundSubmitted,
    RequestedRefund,
    transfer_reference,
)
from eventstore.command_handler import CommandHandler
from eventstore.store import RecordedEvent
from processes.rule import NO_CHANGES, Commands, WorkChanges
from processes.work import BackOff, WorkItem, subject_of

PENDING_BACKOFF = BackOff(first=timedelta(seconds=1), factor=2.0, maximum=timedelta(minutes=10))
"""Between two looks at a transfer that the provider has not decided."""

ATTEMPT_BACKOFF = BackOff(first=timedelta(seconds=10), factor=4.0, maximum=timedelta(hours=6))
"""Between a failed transfer and the next."""


class SubmitRefunds:
    """Keeps every approved refund until its money has gone back or a person owns it."""

    name: ClassVar[str] = "submit_refunds"
    events: ClassVar[frozenset[str]] = frozenset(
        {"RefundApproved", "RefundRetried", "RefundCompleted", "RefundFailed", "RefundClosedManually"}
    )
    concurrency: ClassVar[int] = 16
    pause_s: ClassVar[float] = 0.0

    def __init__(
        self,
        handler: CommandHandler,
        gateways: Mapping[str, PaymentGateway],
        *,
        pending: BackOff = PENDING_BACKOFF,
        attempts: BackOff = ATTEMPT_BACKOFF,
    ) -> None:
        self._commands = Commands(handler, self.name)
        self._gateways = gateways
        self._pending = pending
        self._attempts = attempts

    def initial_work(self) -> Sequence[WorkItem]:
        """Begin with nothing."""
        return ()

    def on_event(self, event: Any, recorded: RecordedEvent) -> WorkChanges:
        """Note an approval; strike it out when the money has gone back or a person owns the refund."""
        match event:
            case RefundApproved() | RefundRetried():
                return {subject_of(recorded): WorkItem.caused_by(recorded, due_at=recorded.recorded_at)}
            case RefundFailed(owner=None):
                return NO_CHANGES
            case RefundCompleted() | RefundFailed() | RefundClosedManually():
                return {subject_of(recorded): None}
            case _:
                return NO_CHANGES

    async def execute(self, work: WorkItem, now: datetime) -> WorkItem | None:
        """Take one refund as far as it goes."""
        refund = await self._commands.query(partial(require_refund, refund=work.subject))
        if refund.status not in UNFINISHED or refund.owner is not None:
            return None
        if refund.status is RefundStatus.FAILED and refund.attempts > work.cursor:
            return self._after_failure(work, now, refund.attempts)
        asked_before = refund.status is RefundStatus.SUBMITTED
        if asked_before and refund.provider not in self._gateways:
            reported = partial(report_unanswered, refund=work.subject)
            await self._commands.send(work, f"unanswered/{refund.attempts}", reported)
            return work.retry_at(now + self._pending.after(work.tries))
        attempt = refund.attempts if asked_before else await self._submit(work, refund.attempts + 1)
        if attempt is None:
            return work.retry_at(now + self._pending.after(work.tries))
        reference = transfer_reference(work.subject, attempt)
        try:
            transfer = await self._transfer(refund, reference, asked_before=asked_before)
        except PaymentRefused as refusal:
            return await self._record_failure(work, now, attempt, refusal.code)
        return await self._conclude(work, now, attempt, transfer)

    async def _submit(self, work: WorkItem, attempt: int) -> int | None:
        submitted = await self._commands.send(work, f"submit/{attempt}", partial(submit_refund, refund=work.subject))
        return next((event.attempt for _, event in submitted.events if isinstance(event, RefundSubmitted)), None)

    async def _transfer(self, refund: RequestedRefund, reference: str, *, asked_before: bool) -> ProviderRefund:
        gateway = self._gateways.get(refund.provider)
        if gateway is None:
            raise PaymentRefused("unknown_provider")
        known = await gateway.find_refund(reference) if asked_before else None
        if known is not None:
            return known
        checkout = refund.checkout or await self._checkout(refund, gateway)
        return await gateway.submit_refund(
            reference=reference, checkout_id=checkout, amount=refund.amount, currency=refund.currency
        )

    async def _checkout(self, refund: RequestedRefund, gateway: PaymentGateway) -> str:
        """Return where a refund's money came in.

        Raises:
            PaymentRefused: nothing was paid, or the provider never heard of it.
        """
        if refund.payment is None:
            raise PaymentRefused("unknown_payment")
        payment = await self._commands.query(partial(require_payment, payment=refund.payment))
        return payment.checkout or await find_checkout(gateway, refund.payment)

    async def _conclude(self, work: WorkItem, now: datetime, attempt: int, transfer: ProviderRefund) -> WorkItem | None:
        match transfer.status:
            case ProviderRefundStatus.PENDING:
                return work.retry_at(now + self._pending.after(work.tries))
            case ProviderRefundStatus.FAILED:
                return await self._record_failure(work, now, attempt, transfer.failure or "failed")
            case ProviderRefundStatus.COMPLETED:
                completed = partial(complete_refund, reference=transfer.reference, provider_refund=transfer.refund_id)
                await self._commands.send(work, f"complete/{attempt}", completed)
                return None
            case _:
                assert_never(transfer.status)

    async def _record_failure(self, work: WorkItem, now: datetime, attempt: int, reason: str) -> WorkItem:
        reference = transfer_reference(work.subject, attempt)
        await self._commands.send(work, f"fail/{attempt}", partial(fail_refund, reference=reference, reason=reason))
        return self._after_failure(work, now, attempt)

    def _after_failure(self, work: WorkItem, now: datetime, attempt: int) -> WorkItem:
        """Wait as long as the failed attempt asks for, whoever recorded the failure; `cursor` is that attempt."""
        return work._replace(due_at=now + self._attempts.after(attempt - 1), tries=0, cursor=attempt)


async def find_checkout(gateway: PaymentGateway, payment: str) -> str:
    """Return the checkout of a payment whose opening we never recorded.

    Raises:
        PaymentRefused: the provider never heard of it.
    """
    known = await gateway.find_payment(payment)
    if known is None:
        raise PaymentRefused("unknown_payment")
    return known.checkout_id
