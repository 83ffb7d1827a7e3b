"""The ledger survives kill -9: nothing acknowledged is lost, and pending webhooks are delivered."""

import asyncio
import os
import random
import signal
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from domain.ports.payment_gateway import CheckoutStatus, LedgerEntryKind, PaymentUnavailable
from sandbox_provider.__main__ import API_KEY as API_KEY_VARIABLE
from sandbox_provider.__main__ import WEBHOOK_SECRET as WEBHOOK_SECRET_VARIABLE
from sandbox_provider.__main__ import main
from sandbox_provider.cards import CARDS
from sandbox_provider.checkouts import CheckoutRequest
from sandbox_provider.deliveries import RETRY_LONGEST, TRIES_MAX
from sandbox_provider.ledger import Ledger
from sandbox_provider.models import DeliveryState, EntryKind
from sandbox_provider.outbox import book_entry
from tests.adapters.sandbox_process import (
    API_KEY,
    WEBHOOK_SECRET,
    Customer,
    SandboxProcess,
    Shop,
    booked,
    new_reference,
    open_checkout,
    running_sandbox,
    until,
)

CARD = "4242424242424242"
NO_ANSWER_CARD = "4242000000000505"
KILLS = 2
STOPPED_WITHIN_S = 2.5
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class TestKilled:
    async def test_given_pending_webhooks_then_a_restart_delivers_them(self, tmp_path: Path, shop: Shop) -> None:
        reference = new_reference()
        shop.refusing[reference] = [503] * 4
        with running_sandbox(tmp_path / "books.sqlite", shop.url) as sandbox:
            async with sandbox.client() as client:
                customer = await open_checkout(client, reference=reference)
                await customer.pay(CARD)
                await until(lambda: len(shop.about(reference)) >= 1)
                sandbox.end(signal.SIGKILL)
                shop.refusing[reference].clear()
                before = len(shop.about(reference))
                sandbox.start()
                await until(lambda: len(shop.about(reference)) > before)
                found = await client.find_payment(reference)
                assert found is not None
                assert found.status is CheckoutStatus.CAPTURED
                assert len(await booked(client, customer.checkout.checkout_id)) == 1
                await until(lambda: states(sandbox, customer) == ["delivered"])
        assert {webhook.body for webhook in shop.about(reference)} == {shop.about(reference)[0].body}

    async def test_given_a_kill_during_payments_then_every_response_holds(self, tmp_path: Path, shop: Shop) -> None:
        paid: list[Customer] = []
        cut = 0
        with running_sandbox(tmp_path / "books.sqlite", shop.url) as sandbox:
            for _ in range(KILLS):
                buyers = [asyncio.create_task(buy_until_killed(sandbox, paid)) for _ in range(4)]
                enough = len(paid) + random.Random(len(paid)).randint(3, 12)
                await until(lambda enough=enough: len(paid) >= enough)  # type: ignore[misc]
                await asyncio.to_thread(sandbox.end, signal.SIGKILL)
                cut += sum(await asyncio.gather(*buyers))
                sandbox.start()
            assert cut > 0, "no request was in flight at any kill"
            async with sandbox.client() as client:
                for customer in paid:
                    reference = customer.checkout.reference
                    found = await client.find_payment(reference)
                    assert found is not None
                    assert found.status is CheckoutStatus.CAPTURED
                    kinds = [entry.kind for entry in await booked(client, found.checkout_id)]
                    assert kinds == [LedgerEntryKind.CAPTURE]
                    await until(lambda reference=reference: shop.about(reference) != [])  # type: ignore[misc]


class TestDelivery:
    async def test_given_errors_then_the_same_body_is_tried_until_a_2xx(
        self, sandbox: SandboxProcess, shop: Shop
    ) -> None:
        reference = new_reference()
        shop.refusing[reference] = [500, 302, 404]
        async with sandbox.client() as client:
            customer = await open_checkout(client, reference=reference)
            await customer.pay(CARD)
            await until(lambda: states(sandbox, customer) == ["delivered"])
            tries = shop.about(reference)
            assert len(tries) == 4
            assert len({webhook.body for webhook in tries}) == 1
            for webhook in tries:
                client.read_webhook(headers=webhook.headers, body=webhook.body, now=webhook.at)
        pauses = [(later.at - earlier.at).total_seconds() for earlier, later in pairwise(tries)]
        assert all(pause >= 0.9 * first for pause, first in zip(pauses, (0.25, 0.5, 1.0), strict=True))

    async def test_given_an_event_then_it_can_be_sent_again(self, sandbox: SandboxProcess, shop: Shop) -> None:
        async with sandbox.client() as client:
            customer = await open_checkout(client)
            await customer.pay(CARD)
        reference = customer.checkout.reference
        await until(lambda: len(shop.about(reference)) == 1)
        event_id = shop.about(reference)[0].fields["event_id"]
        assert sandbox.ask("POST", f"/events/{event_id}/send-again").status_code == 202
        await until(lambda: len(shop.about(reference)) == 2)
        assert sandbox.ask("POST", "/events/ev_none/send-again").status_code == 404

    def test_given_a_start_then_pending_deliveries_are_due_at_once(self, tmp_path: Path) -> None:
        ledger = paid_ledger(tmp_path / "books.sqlite")
        for _ in range(TRIES_MAX - 1):
            [delivery] = ledger.deliveries.due(NOW, limit=10)
            ledger.deliveries.mark_failed(delivery, "503", NOW)
            assert ledger.deliveries.due(NOW, limit=10) == []
            ledger.deliveries.retry_now(NOW)
        assert len(ledger.deliveries.due(NOW, limit=10)) == 1
        ledger.close()

    def test_given_no_2xx_then_it_is_given_up(self, tmp_path: Path) -> None:
        ledger = paid_ledger(tmp_path / "books.sqlite")
        now = NOW
        for _ in range(TRIES_MAX):
            [delivery] = ledger.deliveries.due(now, limit=10)
            ledger.deliveries.mark_failed(delivery, "503", now)
            assert ledger.deliveries.due(now, limit=10) == []
            now += RETRY_LONGEST
        assert ledger.deliveries.due(now + timedelta(days=365), limit=10) == []
        [kept] = ledger.deliveries.after(0, state=DeliveryState.GIVEN_UP, limit=10)
        assert (kept.attempts, kept.last_answer) == (TRIES_MAX, "503")
        ledger.close()


class TestLedgerFile:
    def test_money_commits_are_synced_and_delivery_commits_are_not(self, tmp_path: Path) -> None:
        ledger = Ledger(tmp_path / "books.sqlite")
        for to_disk, level in ((True, 2), (False, 1), (True, 2)):
            with ledger._file.transaction(to_disk=to_disk) as connection:
                assert connection.execute("PRAGMA synchronous").fetchone()[0] == level
        ledger.close()

    def test_given_a_failure_within_a_transaction_then_nothing_is_stored(self, tmp_path: Path) -> None:
        ledger = paid_ledger(tmp_path / "books.sqlite")
        [before] = ledger.entries(after=0, limit=10)

        def book_and_fail() -> None:
            with ledger._file.transaction() as connection:
                book_entry(
                    connection,
                    kind=EntryKind.REFUND,
                    reference="two",
                    checkout_id=before.checkout_id,
                    amount=1,
                    currency="EUR",
                    now=NOW,
                )
                raise OSError("the disk is full")

        with pytest.raises(OSError, match="full"):
            book_and_fail()
        assert ledger.entries(after=0, limit=10) == [before]
        ledger.close()


class TestSandboxProcess:
    async def test_given_sigterm_then_it_stops_even_while_a_request_hangs(self, tmp_path: Path, shop: Shop) -> None:
        with running_sandbox(tmp_path / "books.sqlite", shop.url, hang_s=60.0) as sandbox:
            async with sandbox.client() as client:
                customer = await open_checkout(client)
                hanging = asyncio.create_task(customer.pay(NO_ANSWER_CARD))
                await until(lambda: states(sandbox, customer) != [])
            started = time.monotonic()
            assert await asyncio.to_thread(sandbox.end, signal.SIGTERM) == 0
            assert time.monotonic() - started < STOPPED_WITHIN_S
            await asyncio.gather(hanging, return_exceptions=True)

    @pytest.mark.parametrize("variable", [API_KEY_VARIABLE, WEBHOOK_SECRET_VARIABLE])
    def test_given_a_short_secret_then_it_refuses_to_start(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
    ) -> None:
        set_secrets(monkeypatch)
        monkeypatch.setenv(variable, "short")
        with pytest.raises(SystemExit, match=variable):
            main(["--file", str(tmp_path / "books.sqlite"), "--port", "0", "--webhook-url", "http://127.0.0.1:1"])
        assert not (tmp_path / "books.sqlite").exists()

    def test_given_a_used_port_then_it_exits_with_a_message(
        self, tmp_path: Path, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        set_secrets(monkeypatch)
        port = str(sandbox.port)
        with pytest.raises(SystemExit, match=r"sandbox gateway: .*in use"):
            main(["--file", str(tmp_path / "books.sqlite"), "--port", port, "--webhook-url", "http://127.0.0.1:1"])

    def test_given_a_locked_file_then_it_exits_with_a_message(
        self, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        set_secrets(monkeypatch)
        with pytest.raises(SystemExit, match="cannot be opened for writing"):
            main(["--file", str(sandbox.file), "--port", "0", "--webhook-url", "http://127.0.0.1:1"])

    def test_secrets_may_come_from_files(self, tmp_path: Path, sandbox: SandboxProcess) -> None:
        for name in ("key", "secret"):
            (tmp_path / name).write_text("a secret of enough letters\n")
        files = ["--api-key-file", str(tmp_path / "key"), "--webhook-secret-file", str(tmp_path / "secret")]
        with pytest.raises(SystemExit, match="cannot be opened for writing"):
            main(["--file", str(sandbox.file), "--port", "0", "--webhook-url", "http://127.0.0.1:1", *files])

    def test_it_listens_on_loopback_only(self, sandbox: SandboxProcess) -> None:
        listening = [
            line.split()[1]
            for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
            for line in table.read_text().splitlines()[1:]
            if line.split()[1].endswith(f":{sandbox.port:04X}") and line.split()[3] == "0A"
        ]
        assert listening == [f"0100007F:{sandbox.port:04X}"]

    def test_secrets_are_not_on_the_command_line(self, sandbox: SandboxProcess) -> None:
        for arguments in Path("/proc").glob("[0-9]*/cmdline"):
            if arguments.parent.joinpath("stat").exists() and int(arguments.parent.name) != os.getpid():
                assert b"of no use elsewhere" not in arguments.read_bytes()


def set_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(API_KEY_VARIABLE, API_KEY)
    monkeypatch.setenv(WEBHOOK_SECRET_VARIABLE, WEBHOOK_SECRET)


def states(sandbox: SandboxProcess, customer: Customer) -> list[str]:
    return [delivery["state"] for delivery in sandbox.deliveries(customer.checkout.checkout_id)]


def paid_ledger(path: Path) -> Ledger:
    ledger = Ledger(path)
    request = CheckoutRequest(
        reference="one",
        amount=9_000,
        currency="EUR",
        expires_at=NOW + timedelta(minutes=10),
        return_url="http://127.0.0.1",
        description="",
    )
    checkout = ledger.checkouts.open(request, NOW)
    ledger.checkouts.pay(checkout.checkout_id, CARDS[0], NOW, late_capture_delay=timedelta(0))
    return ledger


async def buy_until_killed(sandbox: SandboxProcess, paid: list[Customer]) -> int:
    """Open and pay checkouts until the process is killed; return 1, for the interrupted request."""
    async with sandbox.client() as client:
        while True:
            try:
                customer = await open_checkout(client)
                answer = await customer.pay(CARD)
            except (PaymentUnavailable, httpx.TransportError):
                return 1
            assert answer.status_code == 200
            paid.append(customer)
