"""The client against the real process: one effect per reference, limited refunds, timeouts as unknown results."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from adapters.sandbox_gateway import SandboxGateway
from domain.ports.payment_gateway import (
    CheckoutStatus,
    LedgerEntry,
    LedgerEntryKind,
    PaymentGateway,
    PaymentRefused,
    PaymentUnavailable,
    ProviderRefund,
    WebhookForged,
)
from tests.adapters.sandbox_process import (
    API_KEY,
    WEBHOOK_SECRET,
    Customer,
    SandboxProcess,
    booked,
    new_reference,
    open_checkout,
)

CARD = "4242424242424242"
RIVALS = 20
Connection = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def paid(client: SandboxGateway, amount: int = 9_000) -> Customer:
    customer = await open_checkout(client, amount=amount)
    assert (await customer.pay(CARD)).status_code == 200
    return customer


async def refund(client: SandboxGateway, customer: Customer, amount: int, reference: str = "") -> ProviderRefund:
    return await client.submit_refund(
        reference=reference or new_reference(),
        checkout_id=customer.checkout.checkout_id,
        amount=amount,
        currency="EUR",
    )


@asynccontextmanager
async def server(answer: Connection) -> AsyncIterator[str]:
    listener = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    finally:
        listener.close()


def test_the_client_is_a_payment_gateway() -> None:
    gateway: PaymentGateway = SandboxGateway("http://127.0.0.1:1", API_KEY, WEBHOOK_SECRET)
    with pytest.raises(WebhookForged):
        gateway.read_webhook(headers={}, body=b"{}", now=datetime.now(UTC))


class TestOneEffectPerReference:
    async def test_concurrent_openings_of_one_reference_share_a_checkout(self, client: SandboxGateway) -> None:
        reference = new_reference()
        rivals = await asyncio.gather(*(open_checkout(client, reference=reference) for _ in range(RIVALS)))
        assert len({rival.checkout.checkout_id for rival in rivals}) == 1

    async def test_a_reference_keeps_its_amount(self, client: SandboxGateway) -> None:
        customer = await open_checkout(client, amount=9_000)
        with pytest.raises(PaymentRefused, match="reference_reused"):
            await open_checkout(client, reference=customer.checkout.reference, amount=9_001)

    async def test_concurrent_payments_of_one_checkout_are_charged_once(self, client: SandboxGateway) -> None:
        customer = await open_checkout(client)
        answers = await asyncio.gather(*(customer.pay(CARD) for _ in range(RIVALS)))
        assert sorted(answer.status_code for answer in answers) == [200] + [409] * (RIVALS - 1)

    async def test_concurrent_refunds_of_one_reference_move_money_once(self, client: SandboxGateway) -> None:
        customer, reference = await paid(client), new_reference()
        refunds = await asyncio.gather(*(refund(client, customer, 100, reference) for _ in range(RIVALS)))
        assert len({found.refund_id for found in refunds}) == 1
        entries = await booked(client, customer.checkout.checkout_id)
        refunds_booked = [entry.amount for entry in entries if entry.kind is LedgerEntryKind.REFUND]
        assert refunds_booked == [100]

    async def test_a_refund_reference_keeps_its_amount(self, client: SandboxGateway) -> None:
        customer, reference = await paid(client), new_reference()
        await refund(client, customer, 100, reference)
        with pytest.raises(PaymentRefused, match="reference_reused"):
            await refund(client, customer, 101, reference)


class TestRefundBounds:
    async def test_concurrent_refunds_never_exceed_the_captured_amount(self, client: SandboxGateway) -> None:
        customer = await paid(client, amount=1_000)
        results = await asyncio.gather(*(refund(client, customer, 300) for _ in range(RIVALS)), return_exceptions=True)
        refused = [result for result in results if isinstance(result, PaymentRefused)]
        assert len(results) - len(refused) == 3
        assert {result.code for result in refused} == {"over_captured"}
        assert (await refund(client, customer, 100)).amount == 100
        with pytest.raises(PaymentRefused, match="over_captured"):
            await refund(client, customer, 1)

    async def test_without_a_capture_a_refund_is_refused(self, client: SandboxGateway) -> None:
        with pytest.raises(PaymentRefused, match="not_captured"):
            await refund(client, await open_checkout(client), 1)

    async def test_another_currency_is_refused(self, client: SandboxGateway) -> None:
        customer = await paid(client)
        with pytest.raises(PaymentRefused, match="other_currency"):
            await client.submit_refund(
                reference=new_reference(), checkout_id=customer.checkout.checkout_id, amount=1, currency="USD"
            )

    async def test_an_unknown_checkout_is_refused(self, client: SandboxGateway) -> None:
        with pytest.raises(PaymentRefused, match="unknown_checkout"):
            await client.submit_refund(reference=new_reference(), checkout_id="co_none", amount=1, currency="EUR")


class TestExpiry:
    async def test_an_expired_checkout_takes_no_card(self, client: SandboxGateway) -> None:
        customer = await open_checkout(client)
        assert (await client.expire_checkout(customer.checkout.checkout_id)).status is CheckoutStatus.EXPIRED
        answer = await customer.pay(CARD)
        assert (answer.status_code, answer.json()["code"]) == (409, "checkout_expired")

    async def test_expiring_a_paid_checkout_returns_it_unchanged(self, client: SandboxGateway) -> None:
        customer = await paid(client)
        assert (await client.expire_checkout(customer.checkout.checkout_id)).status is CheckoutStatus.CAPTURED

    async def test_of_a_concurrent_expiry_and_payment_one_wins(self, client: SandboxGateway) -> None:
        for _ in range(5):
            customer = await open_checkout(client)
            found, answer = await asyncio.gather(
                client.expire_checkout(customer.checkout.checkout_id), customer.pay(CARD)
            )
            assert (found.status is CheckoutStatus.CAPTURED) == (answer.status_code == 200)

    async def test_an_expiry_in_the_past_or_far_ahead_is_refused(self, client: SandboxGateway) -> None:
        for ttl in (timedelta(seconds=-1), timedelta(days=32)):
            with pytest.raises(PaymentRefused, match="bad_expiry"):
                await open_checkout(client, ttl_s=ttl.total_seconds())


class TestLedger:
    async def test_pages_cover_the_ledger_without_gaps(self, client: SandboxGateway) -> None:
        for _ in range(3):
            await paid(client)
        whole = (await client.list_ledger()).entries[:3]
        pages: list[LedgerEntry] = []
        cursor = 0
        for _ in range(3):
            page = await client.list_ledger(after=cursor, limit=1)
            pages += page.entries
            cursor = page.next_cursor or 0
        assert tuple(pages) == whole

    async def test_the_end_has_no_cursor(self, client: SandboxGateway) -> None:
        await paid(client)
        page = await client.list_ledger(after=2**62)
        assert (page.entries, page.next_cursor) == ((), None)


class TestUnavailableGateway:
    async def ask_all(self, client: SandboxGateway) -> None:
        asks = (
            lambda: open_checkout(client),
            lambda: client.expire_checkout("co_1"),
            lambda: client.find_payment("one"),
            lambda: client.submit_refund(reference="one", checkout_id="co_1", amount=1, currency="EUR"),
            lambda: client.find_refund("one"),
            client.list_ledger,
        )
        for ask in asks:
            with pytest.raises(PaymentUnavailable):
                await ask()

    async def test_given_no_listener_then_payment_unavailable(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        async with SandboxGateway(f"http://127.0.0.1:{port}", API_KEY, WEBHOOK_SECRET) as client:
            await self.ask_all(client)

    @pytest.mark.parametrize("trickle", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n"])
    async def test_given_no_or_a_slow_response_then_it_ends_in_time(self, trickle: bytes) -> None:
        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(trickle)
            try:
                while True:
                    writer.write(b" " if trickle else b"")
                    await writer.drain()
                    await asyncio.sleep(0.02)
            except (ConnectionError, asyncio.CancelledError):
                writer.close()

        async with (
            server(answer) as url,
            asyncio.timeout(5),
            SandboxGateway(url, API_KEY, WEBHOOK_SECRET, answer_within_s=0.1) as client,
        ):
            await self.ask_all(client)

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            ("500 Internal Server Error", "{}"),
            ("503 Service Unavailable", "{}"),
            ("429 Too Many Requests", json.dumps({"code": "slow", "detail": ""})),
            ("301 Moved Permanently", ""),
            ("200 OK", "<html>a proxy's log-in page</html>"),
            ("200 OK", json.dumps({"entries": []})),
            ("404 Not Found", "<html>another server</html>"),
        ],
    )
    async def test_given_an_invalid_response_then_payment_unavailable(self, status: str, body: str) -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            head = f"HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
            writer.write((head + body).encode())
            await writer.drain()
            writer.close()

        async with server(answer) as url, SandboxGateway(url, API_KEY, WEBHOOK_SECRET) as client:
            await self.ask_all(client)

    async def test_given_an_invalid_entry_then_the_others_are_read(self) -> None:
        good = {
            "entry": 2,
            "kind": "capture",
            "reference": "r",
            "checkout_id": "co",
            "amount": 1,
            "currency": "EUR",
            "recorded_at": "2026-03-01T12:00:00Z",
        }
        bad = [{"entry": 1, "kind": "payout"}, {**good, "entry": 3, "amount": "much"}]
        body = json.dumps({"items": [bad[0], good, bad[1]], "next": 3})

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(f"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode())
            await writer.drain()
            writer.close()

        async with server(answer) as url, SandboxGateway(url, API_KEY, WEBHOOK_SECRET) as client:
            page = await client.list_ledger()
        kinds = [LedgerEntryKind.UNREADABLE, LedgerEntryKind.CAPTURE, LedgerEntryKind.UNREADABLE]
        assert [(entry.entry, entry.kind) for entry in page.entries] == list(enumerate(kinds, 1))
        assert page.next_cursor == 3

    async def test_given_a_wrong_key_then_refused_not_unavailable(self, sandbox: SandboxProcess) -> None:
        async with SandboxGateway(sandbox.url, "a wrong key", WEBHOOK_SECRET) as client:
            with pytest.raises(PaymentRefused, match="http_401"):
                await client.find_payment("one")

    async def test_given_an_unknown_reference_then_none(self, client: SandboxGateway) -> None:
        assert await client.find_payment(new_reference()) is None
        assert await client.find_refund(new_reference()) is None
