"""Payments over HTTP with a real sandbox provider."""

import asyncio
import signal
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.ports.payment_gateway import Checkout
from domain.values import Role
from sandbox_provider.webhooks import SIGNATURE_HEADER, sign
from tests.adapters.sandbox_process import WEBHOOK_SECRET
from tests.api.http_scenario import STALLS, HttpScenario, OpenedScenario, done, price, refused
from tests.api.payments import DECLINED, PaymentFixture

UNKNOWN = "01935a1c-0000-7000-8000-00000000dead"


@pytest.fixture
async def office(payment_fixture: PaymentFixture, box_office: OpenedScenario) -> HttpScenario:
    """A performance on sale, at a shop with a payment provider."""
    return box_office.at(payment_fixture.shop)


class TestPay:
    async def test_given_a_pending_order_then_the_buyer_is_sent_to_the_provider(
        self, payment_fixture: PaymentFixture, office: HttpScenario
    ) -> None:
        buyer = await office.somebody()
        order = done(await office.order(buyer, office.seats[0]))
        answer = await office.post(f"/orders/{order['order_id']}/payments", buyer, {"provider": "sandbox"})
        opened = done(answer)
        assert (answer.status_code, opened["status"], opened["amount"]) == (201, "open", price(STALLS))
        assert opened["checkout_url"].startswith(payment_fixture.sandbox.url)
        before_the_order_does = datetime.fromisoformat(order["expires_at"]) - timedelta(seconds=60)
        assert datetime.fromisoformat(opened["expires_at"]) == before_the_order_does
        shown = done(await office.get(f"/payments/{opened['payment_id']}", buyer))
        assert shown["checkout_url"] == opened["checkout_url"]
        support = await office.somebody(Role.SUPPORT)
        assert done(await office.get(f"/payments/{opened['payment_id']}", support))["checkout_url"] is None
        log = await office.shop.engine.store.read_range(after=0, limit=10_000)
        assert not [event.name for event in log if opened["checkout_url"] in event.data]

    async def test_given_the_same_key_then_one_payment_and_the_same_bytes(self, office: HttpScenario) -> None:
        buyer = await office.somebody()
        order = done(await office.order(buyer, office.seats[0]))["order_id"]
        path, body = f"/orders/{order}/payments", {"provider": "sandbox"}
        first = await office.post(path, buyer, body, **{"Idempotency-Key": "pay"})
        again = await office.post(path, buyer, body, **{"Idempotency-Key": "pay"})
        assert (first.status_code, again.content) == (201, first.content)
        assert len(done(await office.get(f"/orders/{order}", buyer))["payments"]) == 1

    async def test_given_the_order_is_cancelled_under_three_tries_of_one_key_then_each_is_refused_for_that(
        self, office: HttpScenario, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        buyer = await office.somebody()
        order = done(await office.order(buyer, office.seats[0]))["order_id"]
        gateway = office.shop.engine.gateways["sandbox"]
        open_checkout, all_asked, cancelled = gateway.open_checkout, asyncio.Barrier(4), asyncio.Event()

        async def slow(**wanted: Any) -> Checkout:
            opened = await open_checkout(**wanted)
            await all_asked.wait()
            await cancelled.wait()
            return opened

        monkeypatch.setattr(gateway, "open_checkout", slow)
        path, key = f"/orders/{order}/payments", {"Idempotency-Key": "pay"}
        tries = [asyncio.create_task(office.post(path, buyer, {"provider": "sandbox"}, **key)) for _ in range(3)]
        await all_asked.wait()
        done(await office.post(f"/orders/{order}/cancel", buyer))
        cancelled.set()
        assert [refused(answer) for answer in await asyncio.gather(*tries)] == [(409, "order_ended")] * 3
        (payment,) = done(await office.get(f"/orders/{order}", buyer))["payments"]
        assert payment["status"] == "cancelled"

    async def test_given_the_provider_is_down_then_503_and_the_same_key_goes_on_from_there(
        self, payment_fixture: PaymentFixture, office: HttpScenario
    ) -> None:
        buyer = await office.somebody()
        order = done(await office.order(buyer, office.seats[0]))["order_id"]
        path, body = f"/orders/{order}/payments", {"provider": "sandbox"}
        payment_fixture.sandbox.end(signal.SIGKILL)
        down = await office.post(path, buyer, body, **{"Idempotency-Key": "pay"})
        assert refused(down) == (503, "provider_unavailable")
        assert "Retry-After" in down.headers
        payment_fixture.sandbox.start()
        done(await office.post(path, buyer, body, **{"Idempotency-Key": "pay"}))
        assert len(done(await office.get(f"/orders/{order}", buyer))["payments"]) == 1

    async def test_given_somebody_elses_order_then_404(self, office: HttpScenario) -> None:
        order = done(await office.order(await office.somebody(), office.seats[0]))["order_id"]
        answer = await office.post(f"/orders/{order}/payments", await office.somebody(), {"provider": "sandbox"})
        assert refused(answer) == (404, "not_found")

    async def test_given_an_unknown_provider_then_422(self, office: HttpScenario) -> None:
        buyer = await office.somebody()
        order = done(await office.order(buyer, office.seats[0]))["order_id"]
        head = await office.head()
        assert refused(await office.post(f"/orders/{order}/payments", buyer, {"provider": "x"})) == (422, "invalid")
        assert await office.head() == head

    async def test_given_a_paid_order_then_409(self, payment_fixture: PaymentFixture, office: HttpScenario) -> None:
        buyer = await office.somebody()
        order = await payment_fixture.confirmed_order(office, buyer, office.seats[0])
        answer = await office.post(f"/orders/{order['order_id']}/payments", buyer, {"provider": "sandbox"})
        assert refused(answer) == (409, "already_paid")

    async def test_given_a_payment_then_others_do_not_see_it_but_support_does(
        self, payment_fixture: PaymentFixture, office: HttpScenario
    ) -> None:
        buyer = await office.somebody()
        order = done(await office.order(buyer, office.seats[0]))["order_id"]
        payment = (await payment_fixture.open_payment(office, buyer, order))["payment_id"]
        assert refused(await office.get(f"/payments/{payment}", await office.somebody())) == (404, "not_found")
        done(await office.get(f"/payments/{payment}", await office.somebody(Role.SUPPORT)))


class TestWebhook:
    async def test_given_a_capture_then_the_order_is_confirmed_at_once(
        self, payment_fixture: PaymentFixture, office: HttpScenario
    ) -> None:
        buyer = await office.somebody()
        order = await payment_fixture.confirmed_order(office, buyer, *office.seats[:2])
        assert order["status"] == "confirmed"
        assert all(line["ticket_id"] for line in order["lines"])
        (payment,) = order["payments"]
        assert (payment["status"], payment["outcome"], payment["captured"]) == (
            "settled",
            "confirmed",
            price(2 * STALLS),
        )

    async def test_given_it_comes_twice_then_it_has_one_effect(
        self, payment_fixture: PaymentFixture, office: HttpScenario
    ) -> None:
        buyer = await office.somebody()
        order = await payment_fixture.confirmed_order(office, buyer, office.seats[0])
        head = await office.head()
        (captured,) = await payment_fixture.webhooks(order["payments"][0]["payment_id"])
        assert done(await payment_fixture.announce(captured))["known"] is True
        assert await office.head() == head

    async def test_given_a_decline_then_the_payment_failed_and_the_buyer_may_try_again(
        self, payment_fixture: PaymentFixture, office: HttpScenario
    ) -> None:
        buyer = await office.somebody()
        order = done(await office.order(buyer, office.seats[0]))["order_id"]
        payment = await payment_fixture.open_payment(office, buyer, order)
        await payment_fixture.pay(payment["checkout_url"], DECLINED)
        (failed,) = await payment_fixture.webhooks(payment["payment_id"])
        done(await payment_fixture.announce(failed))
        assert done(await office.get(f"/payments/{payment['payment_id']}", buyer))["status"] == "failed"
        await payment_fixture.open_payment(office, buyer, order)

    async def test_given_the_order_was_cancelled_then_the_money_goes_back(
        self, payment_fixture: PaymentFixture, office: HttpScenario
    ) -> None:
        buyer = await office.somebody()
        order = done(await office.order(buyer, office.seats[0]))["order_id"]
        payment = await payment_fixture.open_payment(office, buyer, order)
        done(await office.post(f"/orders/{order}/cancel", buyer))
        await payment_fixture.pay(payment["checkout_url"])
        (captured,) = await payment_fixture.webhooks(payment["payment_id"])
        done(await payment_fixture.announce(captured))
        shown = done(await office.get(f"/orders/{order}", buyer))
        assert shown["status"] == "cancelled"
        assert [(refund["status"], refund["reason"]) for refund in shown["refunds"]] == [
            ("approved", "order_cancelled")
        ]

    async def test_given_a_forged_late_or_malformed_one_then_nothing_happens(
        self, payment_fixture: PaymentFixture, office: HttpScenario
    ) -> None:
        buyer = await office.somebody()
        order = done(await office.order(buyer, office.seats[0]))["order_id"]
        payment = await payment_fixture.open_payment(office, buyer, order)
        await payment_fixture.pay(payment["checkout_url"])
        (captured,) = await payment_fixture.webhooks(payment["payment_id"])
        head, now = await office.head(), datetime.now(UTC)
        unsigned = await payment_fixture.announce(captured, headers={"Content-Type": "application/json"})
        other_body = await payment_fixture.announce(captured, content=captured.body.replace(b'"amount"', b'"amount" '))
        forged = {SIGNATURE_HEADER: sign("another secret", captured.body, now)}
        late = {SIGNATURE_HEADER: sign(WEBHOOK_SECRET, captured.body, now - timedelta(seconds=301))}
        early = {SIGNATURE_HEADER: sign(WEBHOOK_SECRET, captured.body, now + timedelta(seconds=310))}
        senseless = {"content": b"{}", "headers": {SIGNATURE_HEADER: sign(WEBHOOK_SECRET, b"{}", now)}}
        assert refused(unsigned) == (401, "webhook_forged")
        assert refused(other_body) == (401, "webhook_forged")
        assert refused(await payment_fixture.announce(captured, headers=forged)) == (401, "webhook_forged")
        assert refused(await payment_fixture.announce(captured, headers=late)) == (403, "webhook_stale")
        assert refused(await payment_fixture.announce(captured, headers=early)) == (403, "webhook_stale")
        assert refused(await payment_fixture.announce(captured, **senseless)) == (422, "malformed")
        assert await office.head() == head

    async def test_given_a_reference_we_never_made_then_it_is_taken_and_known_to_be_foreign(
        self, payment_fixture: PaymentFixture, office: HttpScenario
    ) -> None:
        buyer = await office.somebody()
        order = done(await office.order(buyer, office.seats[0]))["order_id"]
        payment = await payment_fixture.open_payment(office, buyer, order)
        await payment_fixture.pay(payment["checkout_url"])
        (captured,) = await payment_fixture.webhooks(payment["payment_id"])
        body = captured.body.replace(payment["payment_id"].encode(), UNKNOWN.encode())
        head = await office.head()
        headers = {SIGNATURE_HEADER: sign(WEBHOOK_SECRET, body, datetime.now(UTC))}
        answer = await payment_fixture.announce(captured, content=body, headers=headers)
        assert done(answer)["known"] is False
        assert await office.head() == head

    async def test_given_an_unknown_provider_then_404(self, payment_fixture: PaymentFixture) -> None:
        assert refused(await payment_fixture.shop.client.post("/api/v1/webhooks/nobody", json={})) == (404, "not_found")
