"""A shop, a customer's card at the real sandbox gateway, and the rules, on any store and process state."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import NAMESPACE_URL, uuid5

from httpx import AsyncClient
from uuid_utils.compat import uuid7

from adapters.postgres.memory_process_state import MemoryProcessState, ProcessRecords
from adapters.sandbox_gateway import SandboxGateway
from domain.decisions import ordering, paying
from domain.decisions.refunds import refunding
from domain.order import OrderStatus, PlacedOrder
from domain.payment import PaymentCaptured, PaymentStatus, RequestedPayment
from domain.ports.payment_gateway import Checkout, LedgerEntryKind, PaymentGateway
from domain.refund import RefundCompleted, RequestedRefund, transfer_of
from eventstore.back_off import BackOff
from eventstore.clock import ServerClock
from eventstore.command_handler import Appender, Clock, CommandHandler
from eventstore.store import RANGE_EVENTS_MAX, RecordedEvent, Store
from processes.end_cancelled_checkouts import EndCancelledCheckouts
from processes.reconcile_payments import LEDGER, LEDGER_PAGE, ReconcilePayments
from processes.refund_cancelled_performances import RefundCancelledPerformances
from processes.release_lapsed_holds import ReleaseLapsedHolds
from processes.rule import Rule
from processes.runner import RuleExecution
from processes.settle_payments import SettlePayments
from processes.shared_reader import SharedEventReader
from processes.state import ProcessState
from processes.submit_refunds import SubmitRefunds
from processes.work import WorkItem
from sandbox_provider.cards import find_card_by_name
from tests.adapters.sandbox_process import API_KEY, Customer
from tests.support.audited_scenario import AuditedScenario
from tests.support.engine import CODEC, ScriptedCommand, command_handler
from tests.support.shop import HOLD_LASTS

AT_ONCE = timedelta(0)
OFTEN = timedelta(milliseconds=50)
NEVER_AGAIN = timedelta(days=365)
QUICK = BackOff(first=timedelta(milliseconds=20), factor=1.0, maximum=timedelta(milliseconds=20))
PATIENCE_S = 20.0
SILENCE_S = 1.5


class ShiftedClock:
    """The real time, with an offset that tests increase."""

    def __init__(self) -> None:
        self.shift = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.shift

    def at(self, _moment: float) -> datetime:
        return self.now()

    def synchronize(self, server_now: datetime) -> None:
        """Ignore the server's time."""


def handler_on(store: Store, *, appender: Appender | None = None, clock: Clock | None = None) -> CommandHandler:
    """Return a handler without a cache, as workers have it, because others append too."""
    return command_handler(store, clock or ServerClock(datetime.now(UTC)), appender=appender)


def rules_on(
    handler: CommandHandler, gateways: Mapping[str, PaymentGateway], store: Store, *, ledger_interval: timedelta = OFTEN
) -> list[Rule]:
    """Return every rule with short delays."""
    return [
        ReleaseLapsedHolds(handler, pause_s=0),
        SettlePayments(handler, grace=AT_ONCE),
        SubmitRefunds(handler, gateways, pending=QUICK, attempts=QUICK),
        ReconcilePayments(
            handler, gateways, first_lookup_after=AT_ONCE, lookup_backoff=QUICK, ledger_interval=ledger_interval
        ),
        EndCancelledCheckouts(handler, gateways, lookup_backoff=QUICK),
        RefundCancelledPerformances(handler, store, CODEC, batch_pause=AT_ONCE, retry_backoff=QUICK),
    ]


@dataclass
class Shop:
    """Operations and checks for tests; the gateway sends no webhooks, so results are found by look-up only."""

    world: AuditedScenario
    gateway: SandboxGateway
    state: ProcessState
    ledger_interval: timedelta = OFTEN
    provider: str = "sandbox"
    checkouts: dict[str, Checkout] = field(default_factory=dict)

    async def ignore_older_books(self) -> None:
        """Start after the ledger entries of other tests."""
        tenure = await self.state.acquire(ReconcilePayments.name)
        assert tenure is not None
        after, more = 0, True
        while more:
            page = await self.gateway.list_ledger(after=after, limit=LEDGER_PAGE)
            after, more = page.entries[-1].entry if page.entries else after, page.next_cursor is not None
        subject = f"{LEDGER}sandbox"
        begun = WorkItem(subject, uuid5(NAMESPACE_URL, subject), 0, datetime.fromtimestamp(0, UTC), cursor=after)
        assert await tenure.commit(put=[begun])
        await tenure.release()

    async def ordered(self, buyer: str, seats: Sequence[int], *, lasts: timedelta = HOLD_LASTS) -> str:
        order, command = self.world.one_step(buyer, [self.world.seats[seat] for seat in seats], lasts=lasts)
        await self.world.do(command)
        return order

    async def payment_requested(self, buyer: str, order: str) -> str:
        """Request a payment without opening a checkout."""
        payment = str(uuid7())
        command = paying.OpenPayment(payment=payment, order=order, account=buyer, provider="sandbox")
        await self.world.do(ScriptedCommand(partial(paying.open_payment, command=command)))
        return payment

    async def payment_opened(self, buyer: str, order: str, *, lasts: timedelta = HOLD_LASTS) -> str:
        """Request a payment and open a checkout, as the API does; it ends by the gateway's clock."""
        payment = await self.payment_requested(buyer, order)
        checkout = await self.checkout_opened_unseen(payment, lasts=lasts)
        self.checkouts[payment] = checkout
        recorded = partial(paying.open_checkout, payment=payment, checkout=checkout.checkout_id)
        await self.world.do(ScriptedCommand(recorded))
        return payment

    async def checkout_opened_unseen(self, payment: str, *, lasts: timedelta = HOLD_LASTS) -> Checkout:
        """Open a checkout at the provider without recording it; it ends by the provider's clock."""
        return await self.gateway.open_checkout(
            reference=payment,
            amount=(await self.payment(payment)).amount,
            currency="EUR",
            expires_at=datetime.now(UTC) + lasts,
            return_url="http://127.0.0.1/orders",
            description="",
        )

    async def paid(self, payment: str, card: str = "captured", **fields: object) -> None:
        """Pay a checkout with the named card."""
        answer = await Customer(self.checkouts[payment]).pay(find_card_by_name(card).number, **fields)
        assert answer.status_code in {200, 202, 402, 504}, answer.text

    async def charged_late(self, payment: str) -> None:
        """Let the bank capture a payment that was accepted long ago."""
        checkout = self.checkouts[payment].checkout_id
        async with AsyncClient(headers={"Authorization": f"Bearer {API_KEY}"}, trust_env=False) as provider:
            address = self.checkouts[payment].url.split("/sandbox/")[0]
            answer = await provider.post(f"{address}/sandbox/checkouts/{checkout}/capture-now")
        assert answer.is_success, answer.text

    async def refund_approved(self, buyer: str, order: str) -> str:
        refund = str(uuid7())
        command = refunding.RequestRefund(refund=refund, order=order, account=buyer)
        await self.world.do(ScriptedCommand(partial(refunding.request_refund, command=command)))
        await self.world.do(ScriptedCommand(partial(refunding.approve_refund, refund=refund, by="support")))
        return refund

    async def order(self, order: str) -> PlacedOrder:
        return await self.world.handler.query(partial(ordering.require_visible_order, order=order, account=None))

    async def payment(self, payment: str) -> RequestedPayment:
        return await self.world.handler.query(partial(paying.require_payment, payment=payment))

    async def refund(self, refund: str) -> RequestedRefund:
        return await self.world.handler.query(partial(refunding.require_refund, refund=refund))

    async def confirmed(self, order: str) -> bool:
        return (await self.order(order)).status is OrderStatus.CONFIRMED

    async def settled(self, payment: str) -> bool:
        return (await self.payment(payment)).status is PaymentStatus.SETTLED

    async def ended(self, payment: str) -> bool:
        return (await self.payment(payment)).status in {PaymentStatus.FAILED, PaymentStatus.EXPIRED}

    async def owned(self, refund: str) -> bool:
        return (await self.refund(refund)).owner is not None

    async def refunded(self, refund: str) -> bool:
        return ("RefundCompleted", f"refund-{refund}") in {(one.name, one.stream) for one in await self.log()}

    async def log(self) -> list[RecordedEvent]:
        return await self.world.store.read_range(after=0, limit=RANGE_EVENTS_MAX)

    async def money_agrees(self) -> None:
        """Compare the gateway's ledger with the log, entry by entry, and check every invariant."""
        await self.world.audit()
        assert self.world.ledger.undecided() == [], "a capture was never decided"
        ours: dict[tuple[str, str], tuple[int, str]] = {}
        for recorded in await self.log():
            event = CODEC.decode(recorded.name, recorded.schema_version, recorded.data)
            name = recorded.stream.split("-", 1)[1]
            if isinstance(event, PaymentCaptured):
                assert ("capture", name) not in ours
                ours["capture", name] = (event.amount, event.currency)
            if isinstance(event, RefundCompleted):
                assert ("refund", name) not in ours
                refund = await self.refund(name)
                ours["refund", name] = (refund.amount, refund.currency)
        assert ours == await self.movements()

    async def movements(self) -> dict[tuple[str, str], tuple[int, str]]:
        """Return the gateway's ledger entries for our checkouts; two entries for one reference fail the test."""
        checkouts = {checkout.checkout_id for checkout in self.checkouts.values()}
        found: dict[tuple[str, str], tuple[int, str]] = {}
        after, more = 0, True
        while more:
            page = await self.gateway.list_ledger(after=after, limit=LEDGER_PAGE)
            for entry in page.entries:
                if entry.checkout_id in checkouts and entry.kind in {LedgerEntryKind.CAPTURE, LedgerEntryKind.REFUND}:
                    key = (entry.kind.value, transfer_of(entry.reference)[0])
                    assert key not in found, "money moved twice"
                    found[key] = (entry.amount, entry.currency)
            after, more = page.entries[-1].entry if page.entries else after, page.next_cursor is not None
        return found

    async def run_rules(self, until: Callable[[], Awaitable[bool]]) -> None:
        """Run one runner per rule, step by step, until a condition holds."""
        handler = handler_on(self.world.store, clock=self.world.clock)
        rules = rules_on(handler, {self.provider: self.gateway}, self.world.store, ledger_interval=self.ledger_interval)
        executions = [await self.execution(rule) for rule in rules]
        async with asyncio.timeout(PATIENCE_S):
            while not await until():
                if not any([await execution.step() for execution in executions]):
                    await asyncio.sleep(0.01)

    async def execution(self, rule: Rule) -> RuleExecution:
        tenure = await self.state.acquire(rule.name)
        assert tenure is not None
        execution = RuleExecution(
            rule, tenure, log=SharedEventReader(self.world.store, rule.events), codec=CODEC, retries=QUICK
        )
        await execution.begin()
        return execution


def memory_state(clock: Clock) -> tuple[ProcessRecords, MemoryProcessState]:
    """Return the records that survive an owner, and a state for one owner."""
    records = ProcessRecords(now=clock.now)
    return records, MemoryProcessState(records)
