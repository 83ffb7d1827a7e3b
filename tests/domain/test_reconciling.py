"""The provider's books against ours, and transfers that fail, come late or come twice."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from domain import paying, refunding, settling
from domain.payment import PAYMENT, Difference, PaymentCaptured, PaymentReconciled, PaymentStatus, StrayPayment
from domain.ports import BookEntry, BookEntryKind
from domain.reconciling import expire_unheard_of, payment_key, reconcile_entry
from domain.refund import RefundCompleted, RefundStatus, RequestedRefund, transfer_of, transfer_reference
from domain.refunding import EXCEPTIONS_OWNER, REFUND_ATTEMPTS_MAX
from eventstore.clock import FixedClock
from eventstore.memory import MemoryStore
from tests.laws.world import HOLD_LASTS, START, Wish, World

PRICE = 4500


class Case:
    """Ann's order of one seat, its payment, and the provider's books."""

    def __init__(self) -> None:
        self.clock = FixedClock(START)
        self.world = World(MemoryStore(now=self.clock.now), self.clock, cache_size=0)
        self.order = ""
        self.payment = str(uuid7())

    async def do(self, decide: Callable[..., Any], **arguments: Any) -> list[Any]:
        outcome = await self.world.do(Wish(partial(decide, **arguments)))
        return [event for _, event in outcome.events]

    async def requested(self) -> None:
        await self.world.open(price=PRICE)
        self.order, wish = self.world.one_step("ann", self.world.seats[:1])
        await self.world.do(wish)
        command = paying.OpenPayment(payment=self.payment, order=self.order, account="ann", provider="sandbox")
        await self.do(paying.open_payment, command=command)

    async def captured(self) -> None:
        await self.requested()
        await self.booked(BookEntryKind.CAPTURE, self.payment)
        await self.do(settling.settle, payment=self.payment)

    async def refund_submitted(self) -> str:
        await self.captured()
        refund = str(uuid7())
        command = refunding.RequestRefund(refund=refund, order=self.order, account="ann")
        await self.do(refunding.request_refund, command=command)
        await self.do(refunding.approve_refund, refund=refund, by="support")
        await self.do(refunding.submit_refund, refund=refund)
        return refund

    async def booked(
        self, kind: BookEntryKind, reference: str, *, entry: int = 1, amount: int = PRICE, currency: str = "EUR"
    ) -> list[Any]:
        """Compare an entry in the provider's books with ours; return what that recorded."""
        found = BookEntry(
            entry=entry,
            kind=kind,
            reference=reference,
            checkout_id="co_1",
            amount=amount,
            currency=currency,
            recorded_at=self.clock.now(),
        )
        return await self.do(reconcile_entry, entry=found, provider="sandbox", provider_refund="re_1")

    async def refund(self, refund: str) -> RequestedRefund:
        return await self.world.handler.look(partial(refunding.existing, refund=refund))


@pytest.fixture
def case() -> Case:
    return Case()


def differences(events: list[Any]) -> list[Difference]:
    assert all(isinstance(event, PaymentReconciled) for event in events)
    assert all(event.owner == EXCEPTIONS_OWNER for event in events)
    return [event.difference for event in events]


class TestReconcileCapture:
    async def test_given_a_payment_we_believe_open_then_it_is_captured(self, case: Case) -> None:
        await case.requested()
        (event,) = await case.booked(BookEntryKind.CAPTURE, case.payment)
        assert isinstance(event, PaymentCaptured)
        assert (event.amount, event.currency, event.source) == (PRICE, "EUR", "books")

    async def test_given_the_capture_we_know_then_nothing(self, case: Case) -> None:
        await case.captured()
        assert await case.booked(BookEntryKind.CAPTURE, case.payment) == []

    @pytest.mark.parametrize("other", [{"amount": PRICE + 1}, {"currency": "USD"}], ids=["amount", "currency"])
    async def test_given_other_money_than_we_know_then_a_person_owns_it_once(
        self, case: Case, other: dict[str, Any]
    ) -> None:
        await case.captured()
        assert differences(await case.booked(BookEntryKind.CAPTURE, case.payment, entry=2, **other)) == [
            Difference.OTHER_CAPTURE
        ]
        assert await case.booked(BookEntryKind.CAPTURE, case.payment, entry=2, **other) == []

    @pytest.mark.parametrize("reference", [str(uuid7()), "another shop's"], ids=["an id", "words"])
    async def test_given_a_payment_we_never_opened_then_a_person_owns_it_once(self, case: Case, reference: str) -> None:
        await case.requested()
        assert differences(await case.booked(BookEntryKind.CAPTURE, reference)) == [Difference.UNKNOWN_CAPTURE]
        assert await case.booked(BookEntryKind.CAPTURE, reference) == []
        key = payment_key(reference, "sandbox")
        stray = await case.world.handler.look(lambda books: books.read(PAYMENT, key))
        assert isinstance(stray, StrayPayment)

    @pytest.mark.parametrize(
        ("kind", "difference"),
        [
            (BookEntryKind.DISPUTE, Difference.DISPUTED),
            (BookEntryKind.DISPUTE_RETURNED, Difference.DISPUTE_RETURNED),
        ],
    )
    async def test_given_a_dispute_then_a_person_owns_it_once(
        self, case: Case, kind: BookEntryKind, difference: Difference
    ) -> None:
        await case.captured()
        assert differences(await case.booked(kind, case.payment, entry=2)) == [difference]
        assert await case.booked(kind, case.payment, entry=2) == []


class TestReconcileRefund:
    async def test_given_a_refund_we_believe_under_way_then_it_is_completed(self, case: Case) -> None:
        refund = await case.refund_submitted()
        events = await case.booked(BookEntryKind.REFUND, refund, entry=2)
        assert RefundCompleted(provider_refund="re_1", attempt=1) in events
        assert await case.booked(BookEntryKind.REFUND, refund, entry=2) == []

    async def test_given_a_refund_we_believe_failed_then_it_is_completed(self, case: Case) -> None:
        refund = await case.refund_submitted()
        await case.do(refunding.fail_refund, reference=refund, reason="closed")
        assert RefundCompleted(provider_refund="re_1", attempt=1) in await case.booked(BookEntryKind.REFUND, refund)

    async def test_given_a_second_transfer_of_one_refund_then_a_person_owns_it(self, case: Case) -> None:
        refund = await case.refund_submitted()
        await case.do(refunding.fail_refund, reference=refund, reason="closed")
        await case.do(refunding.submit_refund, refund=refund)
        second = transfer_reference(refund, 2)
        await case.do(refunding.complete_refund, reference=second, provider_refund="re_2")
        assert differences(await case.booked(BookEntryKind.REFUND, refund, entry=3)) == [Difference.REFUNDED_TWICE]
        assert await case.booked(BookEntryKind.REFUND, second, entry=4) == []

    async def test_given_another_amount_then_a_person_owns_it(self, case: Case) -> None:
        refund = await case.refund_submitted()
        assert differences(await case.booked(BookEntryKind.REFUND, refund, amount=1)) == [Difference.OTHER_REFUND]
        assert (await case.refund(refund)).status is RefundStatus.SUBMITTED

    async def test_given_a_refund_we_never_made_then_a_person_owns_it(self, case: Case) -> None:
        await case.captured()
        assert differences(await case.booked(BookEntryKind.REFUND, str(uuid7()))) == [Difference.UNKNOWN_REFUND]

    async def test_given_a_refund_nobody_has_approved_then_a_person_owns_it(self, case: Case) -> None:
        await case.captured()
        refund = str(uuid7())
        command = refunding.RequestRefund(refund=refund, order=case.order, account="ann")
        await case.do(refunding.request_refund, command=command)
        assert differences(await case.booked(BookEntryKind.REFUND, refund, entry=2)) == [Difference.UNKNOWN_REFUND]


class TestExpireUnheardOf:
    async def test_given_a_payment_the_provider_does_not_know_then_it_expires_after_its_time(self, case: Case) -> None:
        await case.requested()
        assert await case.do(expire_unheard_of, payment=case.payment) == []
        case.clock.advance(HOLD_LASTS - timedelta(seconds=60))
        assert len(await case.do(expire_unheard_of, payment=case.payment)) == 1
        state = await case.world.handler.look(partial(paying.existing, payment=case.payment))
        assert state.status is PaymentStatus.EXPIRED


class TestTransfers:
    async def test_given_a_transfer_under_way_then_no_other_is_begun(self, case: Case) -> None:
        refund = await case.refund_submitted()
        assert await case.do(refunding.submit_refund, refund=refund) == []

    async def test_given_late_word_of_a_failed_transfer_then_the_one_under_way_stays(self, case: Case) -> None:
        refund = await case.refund_submitted()
        await case.do(refunding.fail_refund, reference=refund, reason="closed")
        await case.do(refunding.submit_refund, refund=refund)
        assert await case.do(refunding.fail_refund, reference=refund, reason="closed") == []
        assert (await case.refund(refund)).status is RefundStatus.SUBMITTED

    async def test_given_the_last_attempt_then_a_person_owns_the_refund_and_no_other_is_begun(self, case: Case) -> None:
        refund = await case.refund_submitted()
        for attempt in range(1, REFUND_ATTEMPTS_MAX + 1):
            await case.do(refunding.submit_refund, refund=refund)
            reference = transfer_reference(refund, attempt)
            await case.do(refunding.fail_refund, reference=reference, reason="closed")
        assert (await case.refund(refund)).owner == EXCEPTIONS_OWNER
        assert await case.do(refunding.submit_refund, refund=refund) == []

    async def test_given_a_transfer_that_was_never_begun_then_nothing(self, case: Case) -> None:
        refund = await case.refund_submitted()
        for reference in (transfer_reference(refund, 2), f"{refund}.0"):
            assert await case.do(refunding.complete_refund, reference=reference, provider_refund="re") == []

    def test_a_reference_names_its_refund_and_attempt(self) -> None:
        refund = str(uuid7())
        assert transfer_reference(refund, 1) == refund
        assert [transfer_of(transfer_reference(refund, attempt)) for attempt in (1, 2, 8)] == [
            (refund, 1),
            (refund, 2),
            (refund, 8),
        ]
