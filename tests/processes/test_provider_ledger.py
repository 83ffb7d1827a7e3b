"""A ledger is compared to its end, whatever its entries; and a provider that was removed from the settings."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from domain.decision import Changes, DecisionContext
from domain.decisions import paying, settling
from domain.decisions.reconciling import reconcile_entry
from domain.decisions.refunds import refunding
from domain.decisions.resolving_exceptions import ResolveException, resolve_exception
from domain.money_exception import ExceptionKind, Resolution, ResolutionReason
from domain.payment import PaymentStatus
from domain.ports.payment_gateway import LedgerEntry, LedgerEntryKind, LedgerPage, PaymentUnavailable
from domain.refund import RefundStatus
from processes import reconcile_payments
from processes.reconcile_payments import LEDGER, ReconcilePayments
from processes.submit_refunds import SubmitRefunds
from processes.work import WorkItem
from tests.processes.rule_fixture import RuleFixture
from tests.support.engine import START, ScriptedCommand

PRICE = 4500


class ScriptedBooks:
    """A provider with a given ledger and no other functions."""

    def __init__(self, entries: Sequence[LedgerEntry] = ()) -> None:
        self.entries = list(entries)

    async def list_ledger(self, *, after: int = 0, limit: int = 100) -> LedgerPage:
        later = [entry for entry in self.entries if entry.entry > after]
        page = tuple(later[:limit])
        return LedgerPage(entries=page, next_cursor=page[-1].entry if len(later) > limit else None)

    async def find_refund(self, reference: str) -> None:
        return None

    async def find_payment(self, reference: str) -> None:
        return None


def entry_of(number: int, kind: LedgerEntryKind, reference: str, **different: Any) -> LedgerEntry:
    """Return a ledger entry with the price of one seat."""
    fields: dict[str, Any] = {"checkout_id": "co_1", "amount": PRICE, "currency": "EUR", "recorded_at": START}
    return LedgerEntry(entry=number, kind=kind, reference=reference, **{**fields, **different})


@pytest.fixture
def provider() -> ScriptedBooks:
    return ScriptedBooks()


@pytest.fixture
async def bench(provider: ScriptedBooks) -> RuleFixture:
    gateways: dict[str, Any] = {"sandbox": provider}
    bench = RuleFixture(lambda handler: ReconcilePayments(handler, gateways, first_lookup_after=timedelta(days=1)))
    await bench.open()
    return bench


async def read(bench: RuleFixture, *, after: int = 0) -> WorkItem:
    """Compare one page of the ledger from a cursor on."""
    standing = next(work for work in bench.rule.initial_work() if work.subject.startswith(LEDGER))
    left = await bench.rule.execute(standing._replace(cursor=after), bench.clock.now())
    await bench.world.audit()
    assert left is not None
    return left


async def requested(bench: RuleFixture, seat: int = 0) -> str:
    """Return a payment that awaits its capture."""
    return await bench.opened(await bench.order("ann", [seat]), "ann")


def kinds(bench: RuleFixture) -> list[ExceptionKind]:
    """Return the kinds of all exceptions in the log."""
    return [each.kind for each in bench.world.ledger.exceptions.values()]


async def status(bench: RuleFixture, payment: str) -> PaymentStatus:
    state = await bench.world.handler.query(partial(paying.require_payment, payment=payment))
    return state.status


class TestCompareLedger:
    @pytest.mark.parametrize(
        "first",
        [
            entry_of(1, LedgerEntryKind.REFUND, "Kulanz für Frau Meier"),
            entry_of(1, LedgerEntryKind.CAPTURE, "x" * 300),
            entry_of(1, LedgerEntryKind.CAPTURE, "nul\0", checkout_id="nul\0"),
            entry_of(1, LedgerEntryKind.DISPUTE, "\ud800"),
            entry_of(1, LedgerEntryKind.CAPTURE, "x", amount=-1),
            entry_of(1, LedgerEntryKind.UNREADABLE, "", currency="", amount=0),
            entry_of(1, LedgerEntryKind.CAPTURE, "x", recorded_at=datetime(2026, 3, 1)),  # noqa: DTZ001
        ],
        ids=lambda entry: repr(entry.reference)[:20],
    )
    async def test_given_an_entry_that_is_not_ours_or_makes_no_sense_then_the_next_is_read(
        self, bench: RuleFixture, provider: ScriptedBooks, first: LedgerEntry
    ) -> None:
        payment = await requested(bench)
        provider.entries = [first, entry_of(2, LedgerEntryKind.CAPTURE, payment)]
        assert (await read(bench)).cursor == 2
        assert await status(bench, payment) is PaymentStatus.CAPTURED
        assert len(kinds(bench)) == 1

    async def test_given_an_entry_that_breaks_its_decision_then_it_is_unreadable_until_it_is_tried_again(
        self, bench: RuleFixture, provider: ScriptedBooks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        payment = await requested(bench)
        provider.entries = [entry_of(1, LedgerEntryKind.CAPTURE, payment)]

        def broken(*_: Any, **__: Any) -> Changes:
            raise AssertionError("a bug")

        with monkeypatch.context() as broken_program:
            broken_program.setattr(reconcile_payments, "reconcile_entry", broken)
            assert (await read(bench)).cursor == 1
        assert kinds(bench) == [ExceptionKind.UNREADABLE_ENTRY]
        (exception,) = bench.world.ledger.exceptions
        retry = ResolveException(
            exception=exception, resolution=Resolution.RETRY, reason=ResolutionReason.PROVIDER_FIXED, by="sue"
        )
        await bench.world.do(ScriptedCommand(partial(resolve_exception, command=retry)))
        assert "PaymentCaptured" in await bench.caused()
        assert await status(bench, payment) is PaymentStatus.CAPTURED

    async def test_given_a_retry_of_an_entry_that_stays_unreadable_then_it_is_an_exception_again(
        self, bench: RuleFixture, provider: ScriptedBooks
    ) -> None:
        provider.entries = [entry_of(1, LedgerEntryKind.CAPTURE, "x", amount=-1)]
        await read(bench)
        (exception,) = bench.world.ledger.exceptions
        for _ in range(2):
            retry = ResolveException(
                exception=exception, resolution=Resolution.RETRY, reason=ResolutionReason.OTHER, by="sue"
            )
            await bench.world.do(ScriptedCommand(partial(resolve_exception, command=retry)))
            assert not bench.world.ledger.exceptions[exception].open
            assert "ExceptionOpened" in await bench.caused()
            assert bench.world.ledger.exceptions[exception].open

    async def test_given_books_read_again_from_their_beginning_then_nothing_is_recorded_twice(
        self, bench: RuleFixture, provider: ScriptedBooks
    ) -> None:
        payment = await requested(bench)
        provider.entries = [
            entry_of(1, LedgerEntryKind.CAPTURE, payment),
            entry_of(2, LedgerEntryKind.CAPTURE, payment),
            entry_of(3, LedgerEntryKind.CAPTURE, "stray"),
        ]
        await read(bench)
        head = await bench.world.store.head()
        await read(bench)
        assert await bench.world.store.head() == head
        assert kinds(bench) == [ExceptionKind.SECOND_CAPTURE, ExceptionKind.UNKNOWN_CAPTURE]

    async def test_given_a_renumbered_ledger_then_it_is_compared_from_its_start(
        self, bench: RuleFixture, provider: ScriptedBooks
    ) -> None:
        payment = await requested(bench)
        provider.entries = [entry_of(1, LedgerEntryKind.CAPTURE, payment)]
        left = await read(bench, after=7)
        assert (left.cursor, left.due_at) == (0, bench.clock.now())
        assert (await read(bench, after=left.cursor)).cursor == 1
        assert await status(bench, payment) is PaymentStatus.CAPTURED

    async def test_given_a_long_list_then_other_work_has_its_time_between_short_pages(
        self, bench: RuleFixture, provider: ScriptedBooks
    ) -> None:
        provider.entries = [entry_of(number, LedgerEntryKind.CAPTURE, f"pay_{number}") for number in range(1, 26)]
        first = await read(bench)
        assert (first.cursor, first.due_at) == (20, bench.clock.now())
        rest = await read(bench, after=first.cursor)
        assert rest.cursor == 25
        assert rest.due_at > bench.clock.now()
        assert len(kinds(bench)) == 25

    async def test_given_nothing_new_then_the_cursor_stays(self, bench: RuleFixture, provider: ScriptedBooks) -> None:
        provider.entries = [entry_of(7, LedgerEntryKind.CAPTURE, "stray")]
        assert (await read(bench, after=7)).cursor == 7


class TestRemovedProvider:
    async def test_given_a_payment_of_it_then_nothing_is_concluded(self) -> None:
        bench = RuleFixture(lambda handler: ReconcilePayments(handler, {}))
        await bench.open()
        payment = await requested(bench)
        bench.clock.advance(timedelta(days=30))
        work = WorkItem(payment, uuid7(), 1, bench.clock.now())
        with pytest.raises(PaymentUnavailable):
            await bench.rule.execute(work, bench.clock.now())
        assert await status(bench, payment) is PaymentStatus.OPEN

    async def test_given_a_pending_transfer_then_it_does_not_count_as_failed(self) -> None:
        bench = RuleFixture(lambda handler: SubmitRefunds(handler, {}))
        await bench.open()
        refund = await approved(bench)
        await bench.world.do(ScriptedCommand(partial(refunding.submit_refund, refund=refund)))
        work = WorkItem(refund, uuid7(), 1, bench.clock.now())
        left = await bench.rule.execute(work, bench.clock.now())
        assert left is not None
        await bench.rule.execute(left, left.due_at)
        await bench.world.audit()
        state = await bench.world.handler.query(partial(refunding.require_refund, refund=refund))
        assert (state.status, state.attempts) == (RefundStatus.SUBMITTED, 1)
        assert kinds(bench) == [ExceptionKind.REFUND_UNANSWERED]

    async def test_given_a_disputed_refund_then_it_waits(self) -> None:
        bench = RuleFixture(lambda handler: SubmitRefunds(handler, {"sandbox": NeverAsked()}))  # type: ignore[dict-item]
        await bench.open()
        refund = await approved(bench)
        payment = (await bench.world.handler.query(partial(refunding.require_refund, refund=refund))).payment
        found = entry_of(1, LedgerEntryKind.DISPUTE, str(payment), dispute_id="dp_1")

        def dispute(context: DecisionContext) -> Changes:
            return reconcile_entry(context, found, provider="sandbox")

        await bench.world.do(ScriptedCommand(dispute))
        left = await bench.rule.execute(WorkItem(refund, uuid7(), 1, bench.clock.now()), bench.clock.now())
        assert left is not None
        assert left.due_at > bench.clock.now()


class NeverAsked:
    """A provider that must not be called."""


async def approved(bench: RuleFixture) -> str:
    """Return an approved refund that was not submitted."""
    order = await bench.order("ann", [0])
    payment = await bench.captured(order, "ann")
    await bench.world.do(ScriptedCommand(partial(settling.settle, payment=payment)))
    command = refunding.RequestRefund(refund=str(uuid7()), order=order, account="ann")
    await bench.world.do(ScriptedCommand(partial(refunding.request_refund, command=command)))
    await bench.world.do(ScriptedCommand(partial(refunding.approve_refund, refund=command.refund, by="support")))
    return command.refund
