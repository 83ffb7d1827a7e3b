"""When a payment has no end, then ask the provider how it stands; and read the provider's books to their end.

So a webhook that never comes loses no money: a capture is found by asking, and once more in the books, which also show
what no payment or refund of ours explains.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar, assert_never
from uuid import NAMESPACE_URL, uuid5

from domain.paying import WAITING, capture, existing, expire, fail, require_action
from domain.payment import (
    PaymentCaptured,
    PaymentFailed,
    PaymentRequested,
    PaymentSettled,
    PaymentStatus,
)
from domain.ports import (
    BookEntry,
    BookEntryKind,
    CheckoutStatus,
    PaymentGateway,
    PaymentUnavailable,
    ProviderPayment,
)
from domain.reconciling import SOURCE, expire_unheard_of, reconcile_entry
from eventstore.handler import Handler
from eventstore.store import Recorded
from processes.rule import NOTHING, Commands, Notes
from processes.work import BackOff, Work, subject_of

FIRST_LOOK = timedelta(seconds=15)
"""A payment that its webhook has not ended by then is asked for."""

LOOKS = BackOff(first=timedelta(seconds=15), factor=1.5, most=timedelta(hours=6))

EXPIRY_MARGIN = timedelta(seconds=2)
"""A look that would come after the checkout's end comes this soon after it instead."""

LATE_CAPTURES_FOR = timedelta(days=3)
"""An expired payment is asked for this long; later captures are found in the books alone."""

BOOKS_EVERY = timedelta(seconds=30)
BOOKS_PAGE = 100
BOOKS = "books/"


class ReconcilePayments:
    """Keeps every payment that may still bring money, and how far each provider's books were read."""

    name: ClassVar[str] = "reconcile_payments"
    events: ClassVar[frozenset[str]] = frozenset(
        {"PaymentRequested", "PaymentCaptured", "PaymentFailed", "PaymentSettled"}
    )
    at_once: ClassVar[int] = 16
    pause_s: ClassVar[float] = 0.0

    def __init__(
        self,
        handler: Handler,
        gateways: Mapping[str, PaymentGateway],
        *,
        first_look: timedelta = FIRST_LOOK,
        looks: BackOff = LOOKS,
        books_every: timedelta = BOOKS_EVERY,
    ) -> None:
        self._commands = Commands(handler, self.name)
        self._gateways = gateways
        self._first_look = first_look
        self._looks = looks
        self._books_every = books_every

    def standing(self) -> Sequence[Work]:
        """Read each provider's books from their first entry on."""
        begin = datetime.fromtimestamp(0, UTC)
        return [Work(BOOKS + name, uuid5(NAMESPACE_URL, BOOKS + name), 0, begin) for name in self._gateways]

    def note(self, event: Any, recorded: Recorded) -> Notes:
        """Note a payment when it begins; money or a definite no strikes it out, expiry does not."""
        match event:
            case PaymentRequested():
                due_at = recorded.recorded_at + self._first_look
                return {subject_of(recorded): Work.caused_by(recorded, due_at=due_at)}
            case PaymentCaptured() | PaymentFailed() | PaymentSettled():
                return {subject_of(recorded): None}
            case _:
                return NOTHING

    async def act(self, work: Work, now: datetime) -> Work | None:
        """Ask for one payment, or read on in one provider's books."""
        if work.subject.startswith(BOOKS):
            return await self._read_books(work, now)
        payment = await self._commands.look(partial(existing, payment=work.subject))
        if payment.status not in WAITING | {PaymentStatus.EXPIRED}:
            return None
        gateway = self._gateways.get(payment.provider)
        known = await gateway.find_payment(work.subject) if gateway is not None else None
        if known is None:
            await self._commands.send(work, "unheard-of", partial(expire_unheard_of, payment=work.subject))
        else:
            await self._heard(work, known)
        return self._next_look(work, now, payment.expires_at)

    async def _heard(self, work: Work, known: ProviderPayment) -> None:
        payment = work.subject
        match known.status:
            case CheckoutStatus.OPEN:
                pass
            case CheckoutStatus.ACTION_REQUIRED:
                await self._commands.send(work, "require-action", partial(require_action, payment=payment))
            case CheckoutStatus.CAPTURED:
                await self._commands.send(work, "capture", captured(payment, known))
            case CheckoutStatus.FAILED:
                failed = partial(fail, payment=payment, reason=known.failure or "failed")
                await self._commands.send(work, "fail", failed)
            case CheckoutStatus.EXPIRED:
                await self._commands.send(work, "expire", partial(expire, payment=payment))
            case _:
                assert_never(known.status)

    def _next_look(self, work: Work, now: datetime, expires_at: datetime) -> Work | None:
        due_at = now + self._looks.after(work.tries)
        if now < expires_at < due_at:
            due_at = expires_at + EXPIRY_MARGIN
        return work.again(due_at) if due_at < expires_at + LATE_CAPTURES_FOR else None

    async def _read_books(self, work: Work, now: datetime) -> Work:
        provider = work.subject.removeprefix(BOOKS)
        gateway = self._gateways.get(provider)
        if gateway is None:
            raise PaymentUnavailable(f"There is no gateway called {provider}.")
        page = await gateway.books(after=work.cursor, limit=BOOKS_PAGE)
        for entry in page.entries:
            await self._reconcile(work, provider, gateway, entry)
        read_on = now if page.next_cursor is not None else now + self._books_every
        cursor = page.entries[-1].entry if page.entries else work.cursor
        return work._replace(cursor=cursor, due_at=read_on, tries=0)

    async def _reconcile(self, work: Work, provider: str, gateway: PaymentGateway, entry: BookEntry) -> None:
        refund = await gateway.find_refund(entry.reference) if entry.kind is BookEntryKind.REFUND else None
        compared = partial(
            reconcile_entry,
            entry=entry,
            provider=provider,
            provider_refund=refund.refund_id if refund else None,
        )
        await self._commands.send(work, f"{entry.entry}/{entry.kind}/{entry.reference}", compared)


def captured(payment: str, known: ProviderPayment) -> partial[Any]:
    """Return the command that records a capture as the provider tells it."""
    return partial(
        capture,
        payment=payment,
        amount=known.captured_amount,
        currency=known.captured_currency or known.currency,
        captured_at=known.captured_at or known.expires_at,
        source=SOURCE,
    )
