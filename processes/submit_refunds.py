"""When a refund is approved, send the money back: record RefundSubmitted, ask the provider, record the answer.

A transfer is identified by its reference: after a crash or without an answer it is looked up before it is sent again,
so the money moves once. A new transfer with another reference is made only after one that has failed definitely.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar, assert_never

from domain.decisions.paying import require_payment
from domain.decisions.refunds.transfers import (
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
from eventstore.back_off import BackOff
from eventstore.command_handler import CommandHandler
from eventstore.store import RecordedEvent
from processes.rule import NO_CHANGES, Commands, WorkChanges
from processes.work import WorkItem, subject_of

PENDING_BACKOFF = BackOff(first=timedelta(seconds=1), factor=2.0, maximum=timedelta(minutes=10))
"""Between two look-ups of a transfer that is pending at the provider."""

ATTEMPT_BACKOFF = BackOff(first=timedelta(seconds=10), factor=4.0, maximum=timedelta(hours=6))
"""Between a failed transfer and the next one."""


class SubmitRefunds:
    """Holds every approved refund until its money has gone back or it has an owner among the staff."""

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
        """Return no work: all of it is caused by events."""
        return ()

    def on_event(self, event: Any, recorded: RecordedEvent) -> WorkChanges:
        """Add an approved refund; remove it once its money has gone back or it has an owner."""
        match event:
            case RefundApproved() | RefundRetried():
                return {subject_of(recorded): WorkItem.from_event(recorded, due_at=recorded.recorded_at)}
            case RefundFailed(owner=None):
                return NO_CHANGES
            case RefundCompleted() | RefundFailed() | RefundClosedManually():
                return {subject_of(recorded): None}
            case _:
                return NO_CHANGES

    async def execute(self, work: WorkItem, now: datetime) -> WorkItem | None:
        """Advance one refund as far as possible."""
        refund = await self._commands.query(partial(require_refund, refund=work.subject))
        if refund.status not in UNFINISHED or refund.owner is not None:
            return None
        if refund.status is RefundStatus.FAILED and refund.attempts > work.cursor:
            return self._after_failure(work, now, refund.attempts)
        is_resumed = refund.status is RefundStatus.SUBMITTED
        if is_resumed and refund.provider not in self._gateways:
            reported = partial(report_unanswered, refund=work.subject)
            await self._commands.send(work, f"unanswered/{refund.attempts}", reported)
            return work.retry_at(now + self._pending.after(work.tries))
        attempt = refund.attempts if is_resumed else await self._submit(work, refund.attempts + 1)
        if attempt is None:
            return work.retry_at(now + self._pending.after(work.tries))
        reference = transfer_reference(work.subject, attempt)
        try:
            transfer = await self._transfer(refund, reference, is_resumed=is_resumed)
        except PaymentRefused as refusal:
            return await self._record_failure(work, now, attempt, refusal.code)
        return await self._record_status(work, now, attempt, transfer)

    async def _submit(self, work: WorkItem, attempt: int) -> int | None:
        submitted = await self._commands.send(work, f"submit/{attempt}", partial(submit_refund, refund=work.subject))
        return next((event.attempt for _, event in submitted.events if isinstance(event, RefundSubmitted)), None)

    async def _transfer(self, refund: RequestedRefund, reference: str, *, is_resumed: bool) -> ProviderRefund:
        gateway = self._gateways.get(refund.provider)
        if gateway is None:
            raise PaymentRefused("unknown_provider")
        known = await gateway.find_refund(reference) if is_resumed else None
        if known is not None:
            return known
        checkout = refund.checkout or await self._checkout(refund, gateway)
        return await gateway.submit_refund(
            reference=reference, checkout_id=checkout, amount=refund.amount, currency=refund.currency
        )

    async def _checkout(self, refund: RequestedRefund, gateway: PaymentGateway) -> str:
        """Return the checkout through which a refund's money was paid.

        Raises:
            PaymentRefused: there is no payment, or the provider does not have it.
        """
        if refund.payment is None:
            raise PaymentRefused("unknown_payment")
        payment = await self._commands.query(partial(require_payment, payment=refund.payment))
        return payment.checkout or await find_checkout(gateway, refund.payment)

    async def _record_status(
        self, work: WorkItem, now: datetime, attempt: int, transfer: ProviderRefund
    ) -> WorkItem | None:
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
        """Return the work after a failed attempt, due after that attempt's pause; `cursor` is the attempt."""
        return work._replace(due_at=now + self._attempts.after(attempt - 1), tries=0, cursor=attempt)


async def find_checkout(gateway: PaymentGateway, payment: str) -> str:
    """Return the checkout of a payment whose opening was not recorded.

    Raises:
        PaymentRefused: the provider does not have the payment.
    """
    known = await gateway.find_payment(payment)
    if known is None:
        raise PaymentRefused("unknown_payment")
    return known.checkout_id
