"""Each test card has its stated effect in the client's results, the ledger and the webhooks."""

from datetime import UTC, datetime

import pytest

from adapters.sandbox_gateway import SandboxGateway
from domain.ports.payment_gateway import (
    CheckoutStatus,
    LedgerEntryKind,
    PaymentRefused,
    PaymentUnavailable,
    ProviderPayment,
    ProviderRefundStatus,
)
from sandbox_provider.cards import CARDS, RefundBehaviour, find_card_by_number
from tests.adapters.sandbox_process import (
    API_KEY,
    HANG_S,
    WEBHOOK_SECRET,
    SandboxProcess,
    Shop,
    booked,
    new_reference,
    open_checkout,
    until,
)

NUMBERS = {card.name: card.number for card in CARDS}
DOUBLING = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


async def payment(client: SandboxGateway, reference: str) -> ProviderPayment:
    found = await client.find_payment(reference)
    assert found is not None
    return found


class TestCardTable:
    def test_numbers_and_names_are_unique_and_pass_the_card_checksum(self) -> None:
        assert len({card.number for card in CARDS}) == len({card.name for card in CARDS}) == len(CARDS)
        for card in CARDS:
            digits = [int(digit) for digit in reversed(card.number)]
            assert sum(digits[0::2] + [DOUBLING[digit] for digit in digits[1::2]]) % 10 == 0, card.number

    def test_a_number_is_found_with_spaces_and_dashes(self) -> None:
        assert find_card_by_number("4242 4242-4242 4242") is CARDS[0]
        assert find_card_by_number("4242") is None

    def test_every_card_has_a_test_here(self) -> None:
        this_file = open(__file__, encoding="utf-8").read()  # noqa: SIM115, PTH123
        assert [card.name for card in CARDS if f'"{card.name}"' not in this_file] == []


class TestCapture:
    async def test_captured_at_once_with_one_webhook_and_one_entry(self, client: SandboxGateway, shop: Shop) -> None:
        customer = await open_checkout(client)
        checkout = customer.checkout
        assert checkout.status is CheckoutStatus.OPEN
        answer = await customer.pay(NUMBERS["captured"])
        assert (answer.status_code, answer.json()["status"]) == (200, "captured")
        found = await payment(client, checkout.reference)
        assert (found.status, found.captured_amount, found.captured_currency) == (CheckoutStatus.CAPTURED, 9_000, "EUR")
        assert found.captured_at is not None
        assert abs(datetime.now(UTC) - found.captured_at).total_seconds() < 60
        await until(lambda: shop.kinds(checkout.reference) == ["checkout.captured"])
        [webhook] = shop.about(checkout.reference)
        event = client.read_webhook(headers=webhook.headers, body=webhook.body, now=webhook.at)
        assert (event.reference, event.checkout_id, event.amount) == (checkout.reference, checkout.checkout_id, 9_000)
        assert event.created_at == found.captured_at
        [entry] = await booked(client, checkout.checkout_id)
        assert (entry.kind, entry.reference, entry.amount) == (LedgerEntryKind.CAPTURE, checkout.reference, 9_000)

    @pytest.mark.parametrize(
        ("card", "failure"), [("declined", "card_declined"), ("insufficient_funds", "insufficient_funds")]
    )
    async def test_a_refused_card_ends_the_checkout(
        self, client: SandboxGateway, shop: Shop, card: str, failure: str
    ) -> None:
        customer = await open_checkout(client)
        answer = await customer.pay(NUMBERS[card])
        assert (answer.status_code, answer.json()["failure"]) == (402, failure)
        found = await payment(client, customer.checkout.reference)
        assert (found.status, found.failure, found.captured_amount) == (CheckoutStatus.FAILED, failure, 0)
        await until(lambda: shop.kinds(customer.checkout.reference) == ["checkout.failed"])
        assert await booked(client, customer.checkout.checkout_id) == []
        assert (await customer.pay(NUMBERS["captured"])).status_code == 409

    @pytest.mark.parametrize(
        ("decision", "status", "kind"),
        [
            ("approve", CheckoutStatus.CAPTURED, "checkout.captured"),
            ("decline", CheckoutStatus.FAILED, "checkout.failed"),
        ],
    )
    async def test_confirmation_decides(
        self, client: SandboxGateway, shop: Shop, decision: str, status: CheckoutStatus, kind: str
    ) -> None:
        customer = await open_checkout(client)
        reference = customer.checkout.reference
        assert (await customer.pay(NUMBERS["needs_confirmation"])).status_code == 202
        assert (await payment(client, reference)).status is CheckoutStatus.ACTION_REQUIRED
        await customer.confirm(decision)
        assert (await payment(client, reference)).status is status
        await until(lambda: shop.kinds(reference) == ["checkout.action_required", kind])
        assert (await customer.confirm("approve")).status_code == 409

    @pytest.mark.parametrize(
        ("card", "amount", "currency"),
        [
            ("captured_too_little", 8_999, "EUR"),
            ("captured_too_much", 9_001, "EUR"),
            ("captured_other_currency", 9_000, "USD"),
        ],
    )
    async def test_a_wrong_capture_is_announced_with_the_captured_amount(
        self, client: SandboxGateway, shop: Shop, card: str, amount: int, currency: str
    ) -> None:
        customer = await open_checkout(client)
        await customer.pay(NUMBERS[card])
        found = await payment(client, customer.checkout.reference)
        assert (found.amount, found.currency) == (9_000, "EUR")
        assert (found.captured_amount, found.captured_currency) == (amount, currency)
        await until(lambda: shop.kinds(customer.checkout.reference) == ["checkout.captured"])
        fields = shop.about(customer.checkout.reference)[0].fields
        assert (fields["amount"], fields["currency"]) == (amount, currency)


class TestLateCapture:
    async def test_the_gateway_captures_after_the_expiry(self, client: SandboxGateway, shop: Shop) -> None:
        customer = await open_checkout(client, ttl_s=0.3)
        reference = customer.checkout.reference
        assert (await customer.pay(NUMBERS["captured_late"], delay_s=0.1)).status_code == 202
        assert (await payment(client, reference)).status is CheckoutStatus.OPEN
        await until(lambda: shop.kinds(reference) == ["checkout.expired", "checkout.captured"])
        found = await payment(client, reference)
        assert found.status is CheckoutStatus.CAPTURED
        assert found.captured_at is not None
        assert found.captured_at > found.expires_at

    async def test_the_capture_can_be_made_earlier(
        self, client: SandboxGateway, sandbox: SandboxProcess, shop: Shop
    ) -> None:
        customer = await open_checkout(client)
        checkout_id, reference = customer.checkout.checkout_id, customer.checkout.reference
        assert sandbox.ask("POST", f"/checkouts/{checkout_id}/capture-now").status_code == 409
        await customer.pay(NUMBERS["captured_late"])
        assert (await client.expire_checkout(checkout_id)).status is CheckoutStatus.EXPIRED
        assert sandbox.ask("POST", f"/checkouts/{checkout_id}/capture-now").json()["status"] == "captured"
        await until(lambda: shop.kinds(reference) == ["checkout.expired", "checkout.captured"])
        assert len(await booked(client, checkout_id)) == 1


class TestWebhooks:
    async def test_twice_is_one_event_sent_twice(self, client: SandboxGateway, shop: Shop) -> None:
        customer = await open_checkout(client)
        await customer.pay(NUMBERS["webhook_twice"])
        await until(lambda: len(shop.about(customer.checkout.reference)) == 2)
        first, second = shop.about(customer.checkout.reference)
        assert first.body == second.body

    async def test_out_of_order_the_newer_event_is_sent_first(self, client: SandboxGateway, shop: Shop) -> None:
        customer = await open_checkout(client)
        await customer.pay(NUMBERS["webhook_out_of_order"])
        reference = customer.checkout.reference
        await until(lambda: shop.kinds(reference) == ["checkout.captured", "checkout.action_required"])
        newer, older = (webhook.fields for webhook in shop.about(reference))
        assert newer["created_at"] > older["created_at"]

    @pytest.mark.parametrize("card", ["webhook_never", "no_answer_no_webhook"])
    async def test_never_sends_no_webhook_but_has_a_ledger_entry(
        self, client: SandboxGateway, sandbox: SandboxProcess, shop: Shop, card: str
    ) -> None:
        customer = await open_checkout(client)
        await customer.pay(NUMBERS[card])
        states = [delivery["state"] for delivery in sandbox.deliveries(customer.checkout.checkout_id)]
        assert states == ["withheld"]
        later = await open_checkout(client)
        await later.pay(NUMBERS["captured"])
        await until(lambda: shop.kinds(later.checkout.reference) == ["checkout.captured"])
        assert shop.about(customer.checkout.reference) == []
        assert (await payment(client, customer.checkout.reference)).status is CheckoutStatus.CAPTURED
        assert len(await booked(client, customer.checkout.checkout_id)) == 1

    async def test_no_answer_is_a_504_after_the_capture(self, client: SandboxGateway, shop: Shop) -> None:
        customer = await open_checkout(client)
        answer = await customer.pay(NUMBERS["no_answer"])
        assert answer.status_code == 504
        assert answer.elapsed.total_seconds() >= HANG_S
        assert (await payment(client, customer.checkout.reference)).status is CheckoutStatus.CAPTURED
        await until(lambda: shop.kinds(customer.checkout.reference) == ["checkout.captured"])


class TestRefund:
    async def paid(self, client: SandboxGateway, card: str) -> str:
        customer = await open_checkout(client)
        await customer.pay(NUMBERS[card])
        return customer.checkout.checkout_id

    async def test_a_failing_refund_moves_no_money(self, client: SandboxGateway, shop: Shop) -> None:
        checkout_id, reference = await self.paid(client, "refund_fails"), new_reference()
        refund = await client.submit_refund(reference=reference, checkout_id=checkout_id, amount=9_000, currency="EUR")
        assert (refund.status, refund.failure) == (ProviderRefundStatus.FAILED, "account_closed")
        await until(lambda: shop.kinds(reference) == ["refund.failed"])
        assert [entry.kind for entry in await booked(client, checkout_id)] == [LedgerEntryKind.CAPTURE]
        assert await client.find_refund(reference) == refund

    async def test_a_refund_without_an_answer_was_done_once(self, sandbox: SandboxProcess, shop: Shop) -> None:
        async with SandboxGateway(sandbox.url, API_KEY, WEBHOOK_SECRET) as client:
            checkout_id, reference = await self.paid(client, "refund_no_answer"), new_reference()
            with pytest.raises(PaymentUnavailable):
                await client.submit_refund(reference=reference, checkout_id=checkout_id, amount=9_000, currency="EUR")
            found = await client.find_refund(reference)
            assert found is not None
            assert found.status is ProviderRefundStatus.COMPLETED
            again = await client.submit_refund(
                reference=reference, checkout_id=checkout_id, amount=9_000, currency="EUR"
            )
            assert again == found
            await until(lambda: shop.kinds(reference) == ["refund.completed"])
            kinds = [entry.kind for entry in await booked(client, checkout_id)]
            assert kinds == [LedgerEntryKind.CAPTURE, LedgerEntryKind.REFUND]

    async def test_a_refund_is_rejected_twice_then_completed(self, client: SandboxGateway) -> None:
        checkout_id, reference = await self.paid(client, "refund_unavailable_twice"), new_reference()
        for _ in range(2):
            with pytest.raises(PaymentUnavailable):
                await client.submit_refund(reference=reference, checkout_id=checkout_id, amount=1, currency="EUR")
            assert await client.find_refund(reference) is None
        refund = await client.submit_refund(reference=reference, checkout_id=checkout_id, amount=1, currency="EUR")
        assert refund.status is ProviderRefundStatus.COMPLETED

    async def test_pending_then_completed(self, client: SandboxGateway, shop: Shop) -> None:
        assert RefundBehaviour.LATER in {card.refund_behaviour for card in CARDS}
        checkout_id, reference = await self.paid(client, "refund_pending"), new_reference()
        refund = await client.submit_refund(reference=reference, checkout_id=checkout_id, amount=9_000, currency="EUR")
        assert (refund.status, refund.decided_at) == (ProviderRefundStatus.PENDING, None)
        with pytest.raises(PaymentRefused):
            await client.submit_refund(reference=new_reference(), checkout_id=checkout_id, amount=1, currency="EUR")
        await until(lambda: shop.kinds(reference) == ["refund.completed"])
        found = await client.find_refund(reference)
        assert found is not None
        assert found.status is ProviderRefundStatus.COMPLETED


class TestDispute:
    @pytest.mark.parametrize(("outcome", "refundable"), [("won", True), ("lost", False)])
    async def test_a_dispute_is_opened_and_decided(
        self, client: SandboxGateway, sandbox: SandboxProcess, shop: Shop, outcome: str, refundable: bool
    ) -> None:
        customer = await open_checkout(client)
        await customer.pay(NUMBERS["disputed"])
        checkout_id, reference = customer.checkout.checkout_id, customer.checkout.reference
        refund = {"reference": new_reference(), "checkout_id": checkout_id, "amount": 9_000, "currency": "EUR"}
        assert sandbox.ask("POST", "/refunds", json=refund).json()["code"] == "disputed"
        closed = sandbox.ask("POST", f"/checkouts/{checkout_id}/close-dispute", json={"outcome": outcome})
        assert closed.json()["dispute"] == outcome
        await until(lambda: shop.kinds(reference) == ["checkout.captured", "dispute.opened", f"dispute.{outcome}"])
        entries = await booked(client, checkout_id)
        assert [str(entry.kind) for entry in entries] == [
            "capture",
            "dispute",
            "dispute_returned" if outcome == "won" else "dispute_lost",
        ]
        named = closed.json()["dispute_id"]
        assert named.startswith("dp_")
        assert [entry.dispute_id for entry in entries] == [None, named, named]
        assert sandbox.ask("POST", "/refunds", json=refund).is_success is refundable
