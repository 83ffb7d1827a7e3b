"""When a payment is cancelled, end the provider's checkout, so that it cannot be paid any more.

The payment is cancelled before, in the command that ended its order: money captured nevertheless is refunded. An
unrecorded checkout is looked up by the payment's reference until it would have expired.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar

from domain.decisions.paying import require_payment
from domain.payment import PaymentCancelled, PaymentStatus, RequestedPayment
from domain.ports.payment_gateway import CheckoutStatus, PaymentGateway, PaymentRefused, PaymentUnavailable
from eventstore.back_off import BackOff
from eventstore.command_handler import CommandHandler
from eventstore.store import RecordedEvent
from processes.rule import NO_CHANGES, Commands, WorkChanges
from processes.work import WorkItem, subject_of

LOOKUP_BACKOFF = BackOff(first=timedelta(seconds=2), factor=2.0, maximum=timedelta(minutes=2))
"""Between two attempts to end a checkout that the provider does not have yet, or that awaits the customer's bank."""


class EndCancelledCheckouts:
    """Holds every cancelled payment until its checkout cannot be paid any more."""

    name: ClassVar[str] = "end_cancelled_checkouts"
    events: ClassVar[frozenset[str]] = frozenset({"PaymentCancelled"})
    concurrency: ClassVar[int] = 16
    pause_s: ClassVar[float] = 0.0

    def __init__(
        self,
        handler: CommandHandler,
        gateways: Mapping[str, PaymentGateway],
        *,
        lookup_backoff: BackOff = LOOKUP_BACKOFF,
    ) -> None:
        self._commands = Commands(handler, self.name)
        self._gateways = gateways
        self._lookup_backoff = lookup_backoff

    def initial_work(self) -> Sequence[WorkItem]:
        """Return no work: all of it is caused by events."""
        return ()

    def on_event(self, event: Any, recorded: RecordedEvent) -> WorkChanges:
        """Add a cancelled payment."""
        match event:
            case PaymentCancelled():
                return {subject_of(recorded): WorkItem.from_event(recorded, due_at=recorded.recorded_at)}
            case _:
                return NO_CHANGES

    async def execute(self, work: WorkItem, now: datetime) -> WorkItem | None:
        """End one checkout; money captured meanwhile is handled by the rules for captures."""
        payment = await self._commands.query(partial(require_payment, payment=work.subject))
        if payment.status is not PaymentStatus.CANCELLED or now >= payment.expires_at:
            return None
        return (
            None
            if await self._has_ended(work.subject, payment)
            else work.retry_at(now + self._lookup_backoff.after(work.tries))
        )

    async def _has_ended(self, reference: str, payment: RequestedPayment) -> bool:
        gateway = self._gateways.get(payment.provider)
        if gateway is None:
            raise PaymentUnavailable(f"No gateway is configured for {payment.provider}.")
        checkout = payment.checkout
        if checkout is None:
            known = await gateway.find_payment(reference)
            if known is None:
                return False
            checkout = known.checkout_id
        try:
            ended = await gateway.expire_checkout(checkout)
        except PaymentRefused:  # the provider has no such checkout, so it cannot be paid
            return True
        return ended.status not in {CheckoutStatus.OPEN, CheckoutStatus.ACTION_REQUIRED}
