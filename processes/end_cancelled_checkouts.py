"""When a payment is cancelled, then end the provider's checkout, so that nobody pays for what is over.

The payment is cancelled first, in the command that ended its order: money that is captured all the same goes back. A
checkout that we never learned of is looked up by our own reference until its time would have run out.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar

from domain.paying import require_payment
from domain.payment import PaymentCancelled, PaymentStatus, RequestedPayment
from domain.ports import CheckoutStatus, PaymentGateway, PaymentRefused, PaymentUnavailable
from eventstore.handler import CommandHandler
from eventstore.store import RecordedEvent
from processes.rule import NOTHING, Commands, Notes
from processes.work import BackOff, Work, subject_of

LOOKS = BackOff(first=timedelta(seconds=2), factor=2.0, most=timedelta(minutes=2))
"""Between two tries to end a checkout that the provider does not know yet, or that waits for the buyer's bank."""


class EndCancelledCheckouts:
    """Keeps every cancelled payment until its checkout takes no card any more."""

    name: ClassVar[str] = "end_cancelled_checkouts"
    events: ClassVar[frozenset[str]] = frozenset({"PaymentCancelled"})
    at_once: ClassVar[int] = 16
    pause_s: ClassVar[float] = 0.0

    def __init__(
        self, handler: CommandHandler, gateways: Mapping[str, PaymentGateway], *, looks: BackOff = LOOKS
    ) -> None:
        self._commands = Commands(handler, self.name)
        self._gateways = gateways
        self._looks = looks

    def standing(self) -> Sequence[Work]:
        """Begin with nothing."""
        return ()

    def note(self, event: Any, recorded: RecordedEvent) -> Notes:
        """Note a cancelled payment."""
        match event:
            case PaymentCancelled():
                return {subject_of(recorded): Work.caused_by(recorded, due_at=recorded.recorded_at)}
            case _:
                return NOTHING

    async def act(self, work: Work, now: datetime) -> Work | None:
        """End one checkout; what was captured meanwhile is found and decided by the rules for captures."""
        payment = await self._commands.look(partial(require_payment, payment=work.subject))
        if payment.status is not PaymentStatus.CANCELLED or now >= payment.expires_at:
            return None
        return None if await self._ended(work.subject, payment) else work.again(now + self._looks.after(work.tries))

    async def _ended(self, reference: str, payment: RequestedPayment) -> bool:
        gateway = self._gateways.get(payment.provider)
        if gateway is None:
            raise PaymentUnavailable(f"There is no gateway called {payment.provider}.")
        checkout = payment.checkout
        if checkout is None:
            known = await gateway.find_payment(reference)
            if known is None:
                return False
            checkout = known.checkout_id
        try:
            ended = await gateway.expire_checkout(checkout)
        except PaymentRefused:  # the provider has no such checkout, so nobody can pay in it
            return True
        return ended.status not in {CheckoutStatus.OPEN, CheckoutStatus.ACTION_REQUIRED}
