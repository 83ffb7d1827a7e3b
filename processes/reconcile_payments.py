"""When a payment has no end, look it up at the provider; and compare the provider's ledger with the log.

A lost webhook loses no money: the capture is found by the look-up, and again in the ledger, which also shows what no
payment or refund in the log explains. An entry that cannot be compared becomes an exception, and the next one is read.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar, assert_never
from uuid import NAMESPACE_URL, uuid5

import structlog

from domain.decisions.paying import capture, expire, fail, require_action, require_payment
from domain.decisions.reconciling import (
    SOURCE,
    entry_exception_id,
    expire_unknown_payment,
    reconcile_entry,
    unreadable_events,
)
from domain.money_exception import (
    EXCEPTION,
    ClosedException,
    ExceptionClosed,
    Resolution,
    exception_opened_events,
)
from domain.payment import (
    AWAITING_BUYER,
    PaymentCaptured,
    PaymentFailed,
    PaymentRequested,
    PaymentSettled,
    PaymentStatus,
)
from domain.ports.payment_gateway import (
    CheckoutStatus,
    LedgerEntry,
    LedgerEntryKind,
    PaymentGateway,
    PaymentUnavailable,
    ProviderPayment,
)
from eventstore.back_off import BackOff
from eventstore.command_handler import CommandHandler
from eventstore.errors import EventStoreError, Unencodable
from eventstore.store import RecordedEvent
from processes.rule import NO_CHANGES, Commands, WorkChanges
from processes.work import WorkItem, subject_of

FIRST_LOOKUP_AFTER = timedelta(seconds=15)
"""A payment without an end is looked up after this time, if no webhook has arrived."""

LOOKUP_BACKOFF = BackOff(first=timedelta(seconds=15), factor=1.5, maximum=timedelta(hours=6))

EXPIRY_MARGIN = timedelta(seconds=2)
"""A look-up that would be due after the checkout's end is made this long after that end instead."""

LATE_CAPTURES_FOR = timedelta(days=3)
"""How long an expired payment is still looked up; later captures are found in the ledger alone."""

LEDGER_INTERVAL = timedelta(seconds=30)
LEDGER_PAGE = 20
"""Entries compared per work item, so that the rule's other work does not wait for long."""
LEDGER = "books/"
EXCEPTION_RETRY = "exception/"

_log = structlog.get_logger(__name__)


class ReconcilePayments:
    """Holds every payment that may still bring money, and the position reached in each provider's ledger."""

    name: ClassVar[str] = "reconcile_payments"
    events: ClassVar[frozenset[str]] = frozenset(
        {"PaymentRequested", "PaymentCaptured", "PaymentFailed", "PaymentSettled", "ExceptionClosed"}
    )
    concurrency: ClassVar[int] = 16
    pause_s: ClassVar[float] = 0.0

    def __init__(
        self,
        handler: CommandHandler,
        gateways: Mapping[str, PaymentGateway],
        *,
        first_lookup_after: timedelta = FIRST_LOOKUP_AFTER,
        lookup_backoff: BackOff = LOOKUP_BACKOFF,
        ledger_interval: timedelta = LEDGER_INTERVAL,
    ) -> None:
        self._commands = Commands(handler, self.name)
        self._gateways = gateways
        self._first_lookup_after = first_lookup_after
        self._lookup_backoff = lookup_backoff
        self._ledger_interval = ledger_interval

    def initial_work(self) -> Sequence[WorkItem]:
        """Return one work item per provider: its ledger, from the first entry on."""
        begin = datetime.fromtimestamp(0, UTC)
        return [WorkItem(LEDGER + name, uuid5(NAMESPACE_URL, LEDGER + name), 0, begin) for name in self._gateways]

    def on_event(self, event: Any, recorded: RecordedEvent) -> WorkChanges:
        """Add a payment that begins; remove it once money was captured or it has failed, not when it expires."""
        match event:
            case PaymentRequested():
                due_at = recorded.recorded_at + self._first_lookup_after
                return {subject_of(recorded): WorkItem.from_event(recorded, due_at=due_at)}
            case ExceptionClosed(resolution=Resolution.RETRY):
                retry = WorkItem.from_event(recorded, due_at=recorded.recorded_at)
                return {EXCEPTION_RETRY + retry.subject: retry._replace(subject=EXCEPTION_RETRY + retry.subject)}
            case PaymentCaptured() | PaymentFailed() | PaymentSettled():
                return {subject_of(recorded): None}
            case _:
                return NO_CHANGES

    async def execute(self, work: WorkItem, now: datetime) -> WorkItem | None:
        """Look up one payment, compare a page of one provider's ledger, or compare one entry again."""
        if work.subject.startswith(LEDGER):
            return await self._compare_ledger(work, now)
        if work.subject.startswith(EXCEPTION_RETRY):
            await self._compare_again(work)
            return None
        payment = await self._commands.query(partial(require_payment, payment=work.subject))
        if payment.status not in AWAITING_BUYER | {PaymentStatus.EXPIRED, PaymentStatus.CANCELLED}:
            return None
        known = await self._gateway(payment.provider).find_payment(work.subject)
        if known is None:
            await self._commands.send(work, "unheard-of", partial(expire_unknown_payment, payment=work.subject))
        else:
            await self._record_answer(work, known)
        return self._next_lookup(work, now, payment.expires_at)

    async def _record_answer(self, work: WorkItem, known: ProviderPayment) -> None:
        payment = work.subject
        match known.status:
            case CheckoutStatus.OPEN:
                pass
            case CheckoutStatus.ACTION_REQUIRED:
                await self._commands.send(work, "require-action", partial(require_action, payment=payment))
            case CheckoutStatus.CAPTURED:
                await self._commands.send(work, "capture", capture_command(payment, known))
            case CheckoutStatus.FAILED:
                failed = partial(fail, payment=payment, reason=known.failure or "failed")
                await self._commands.send(work, "fail", failed)
            case CheckoutStatus.EXPIRED:
                await self._commands.send(work, "expire", partial(expire, payment=payment))
            case _:
                assert_never(known.status)

    def _next_lookup(self, work: WorkItem, now: datetime, expires_at: datetime) -> WorkItem | None:
        due_at = now + self._lookup_backoff.after(work.tries)
        if now < expires_at < due_at:
            due_at = expires_at + EXPIRY_MARGIN
        return work.retry_at(due_at) if due_at < expires_at + LATE_CAPTURES_FOR else None

    async def _compare_ledger(self, work: WorkItem, now: datetime) -> WorkItem:
        provider = work.subject.removeprefix(LEDGER)
        gateway = self._gateway(provider)
        page = await gateway.list_ledger(after=work.cursor, limit=LEDGER_PAGE)
        if not page.entries and await is_renumbered(gateway, work.cursor):
            _log.warning("process: provider's ledger was renumbered", provider=provider, cursor=work.cursor)
            return work._replace(cursor=0, due_at=now, tries=0)
        for entry in page.entries:
            await self._compare(work, provider, gateway, entry)
        due_at = now if page.next_cursor is not None else now + self._ledger_interval
        cursor = page.entries[-1].entry if page.entries else work.cursor
        return work._replace(cursor=cursor, due_at=due_at, tries=0)

    async def _compare_again(self, work: WorkItem) -> None:
        """Compare an entry again after its exception was closed for a retry; it may become an exception again."""
        exception = work.subject.removeprefix(EXCEPTION_RETRY)
        state = await self._commands.query(lambda context: context.read(EXCEPTION, exception))
        if not isinstance(state, ClosedException) or state.opened.entry is None:
            return
        opened, provider = state.opened, state.opened.provider
        gateway = self._gateway(provider)
        page = await gateway.list_ledger(after=state.opened.entry - 1, limit=1)
        found = next((entry for entry in page.entries if entry_exception_id(entry, provider) == exception), None)
        if found is not None:
            await self._compare(work, provider, gateway, found)
        else:
            missing = partial(exception_opened_events, exception=exception, opened=opened)
            await self._commands.send(work, "missing", missing)

    def _gateway(self, provider: str) -> PaymentGateway:
        """Return a provider's gateway.

        Raises:
            PaymentUnavailable: none is configured, so nothing is known about its payments.
        """
        gateway = self._gateways.get(provider)
        if gateway is None:
            raise PaymentUnavailable(f"No gateway is configured for {provider}.")
        return gateway

    async def _compare(self, work: WorkItem, provider: str, gateway: PaymentGateway, entry: LedgerEntry) -> None:
        """Compare one entry; if it cannot be compared, record that and proceed.

        Raises:
            PaymentUnavailable, EventStoreError: no answer; the entry is compared again later.
        """
        try:
            await self._reconcile(work, provider, gateway, entry)
        except PaymentUnavailable:
            raise
        except EventStoreError as error:
            if not isinstance(error, Unencodable):
                raise
            await self._record_unreadable(work, provider, entry)
        except Exception:  # noqa: BLE001 - one entry that breaks a decision must not stop the next ones
            _log.exception("process: ledger entry cannot be compared", provider=provider, entry=entry.entry)
            await self._record_unreadable(work, provider, entry)

    async def _record_unreadable(self, work: WorkItem, provider: str, entry: LedgerEntry) -> None:
        record = partial(unreadable_events, entry=entry, provider=provider)
        await self._commands.send(work, f"unreadable/{entry_exception_id(entry, provider)}", record)

    async def _reconcile(self, work: WorkItem, provider: str, gateway: PaymentGateway, entry: LedgerEntry) -> None:
        refund = await gateway.find_refund(entry.reference) if entry.kind is LedgerEntryKind.REFUND else None
        compared = partial(
            reconcile_entry,
            entry=entry,
            provider=provider,
            provider_refund=refund.refund_id if refund else None,
        )
        await self._commands.send(work, f"entry/{entry_exception_id(entry, provider)}", compared)


async def is_renumbered(gateway: PaymentGateway, cursor: int) -> bool:
    """Tell whether the last entry that was read is missing from a provider's ledger."""
    if cursor == 0:
        return False
    last = await gateway.list_ledger(after=cursor - 1, limit=1)
    return not last.entries


def capture_command(payment: str, known: ProviderPayment) -> partial[Any]:
    """Return the command that records a capture reported by the provider."""
    return partial(
        capture,
        payment=payment,
        amount=known.captured_amount,
        currency=known.captured_currency or known.currency,
        captured_at=known.captured_at or known.expires_at,
        source=SOURCE,
    )
