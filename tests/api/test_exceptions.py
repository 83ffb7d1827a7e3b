"""Exceptions and disputes over HTTP with a real sandbox provider."""

import json
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from domain.decisions.reconciling import reconcile_entry
from domain.decisions.refunds.four_eyes import FourEyesLimits
from domain.ports.payment_gateway import LedgerEntry, LedgerEntryKind
from domain.values import Role
from sandbox_provider.cards import find_card_by_name
from sandbox_provider.webhooks import SIGNATURE_HEADER, sign
from tests.adapters.sandbox_process import WEBHOOK_SECRET
from tests.api.http_scenario import STALLS, Headers, HttpScenario, OpenedScenario, done, folding, price, refused
from tests.api.payments import PaymentFixture

UNKNOWN = "01935a1c-0000-7000-8000-00000000dead"
WHY = {"reason": "returned_at_provider"}


@pytest.fixture
async def office(payment_fixture: PaymentFixture, box_office: OpenedScenario) -> HttpScenario:
    """A performance on sale, at a shop with a payment provider."""
    return box_office.at(payment_fixture.shop)


async def paid_with(
    payment_fixture: PaymentFixture, office: HttpScenario, buyer: Headers, card: str
) -> tuple[str, str]:
    """Order the first seat, pay it with a card, deliver the capture; return order and payment."""
    order = done(await office.order(buyer, office.seats[0]))["order_id"]
    payment = await payment_fixture.open_payment(office, buyer, order)
    await payment_fixture.pay(payment["checkout_url"], find_card_by_name(card).number)
    captured = (await payment_fixture.webhooks(payment["payment_id"]))[0]
    done(await payment_fixture.announce(captured))
    return order, payment["payment_id"]


async def announce(payment_fixture: PaymentFixture, kind: str, reference: str, **different: Any) -> Any:
    """Deliver a webhook that the provider signed."""
    event = {
        "event_id": f"ev_{uuid7().hex}",
        "type": kind,
        "created_at": datetime.now(UTC).isoformat(),
        "reference": reference,
        "checkout_id": "co_1",
        "amount": STALLS,
        "currency": "EUR",
        "dispute_id": "dp_1",
        **different,
    }
    body = json.dumps(event).encode()
    headers = {SIGNATURE_HEADER: sign(WEBHOOK_SECRET, body, datetime.now(UTC))}
    return await payment_fixture.shop.client.post("/api/v1/webhooks/sandbox", content=body, headers=headers)


async def stray_money(office: HttpScenario, number: int, amount: int = STALLS) -> None:
    """Add a capture without a payment to the provider's ledger."""
    entry = LedgerEntry(
        entry=number,
        kind=LedgerEntryKind.CAPTURE,
        reference=f"another-shop-{number}",
        checkout_id="co_stray",
        amount=amount,
        currency="EUR",
        recorded_at=datetime.now(UTC),
    )
    await office.shop.command(partial(reconcile_entry, entry=entry, provider="sandbox"))


class TestListExceptions:
    async def test_given_exceptions_then_support_sees_each_with_its_money_order_owner_and_age(
        self, payment_fixture: PaymentFixture, office: HttpScenario, shop_database: str
    ) -> None:
        support, buyer = await office.somebody(Role.SUPPORT), await office.somebody()
        order, payment = await paid_with(payment_fixture, office, buyer, "captured_other_currency")
        await stray_money(office, 7)
        async with folding(office.shop, shop_database):
            items = done(await office.get("/exceptions", support, min_position=await office.head()))["items"]
        wrong, stray = items
        assert (wrong["kind"], wrong["order_id"], wrong["payment_id"]) == ("wrong_currency", order, payment)
        assert wrong["amount"] == wrong["refundable"] == price(STALLS, "USD")
        assert (wrong["owner"], wrong["status"], wrong["possible"]) == (
            "support",
            "open",
            ["accept", "refund", "write_off"],
        )
        assert (stray["kind"], stray["provider"], stray["provider_entry"]) == ("unknown_capture", "sandbox", 7)
        assert stray["order_id"] is None
        assert 0 <= stray["age_seconds"] < 3600

    async def test_given_filters_and_pages_then_each_finds_its_own(
        self, payment_fixture: PaymentFixture, office: HttpScenario, shop_database: str
    ) -> None:
        support = await office.somebody(Role.SUPPORT)
        for number in (1, 2, 3):
            await stray_money(office, number)
        async with folding(office.shop, shop_database):
            first = done(await office.get("/exceptions", support, min_position=await office.head(), limit=2))
            rest = done(await office.get("/exceptions", support, limit=2, cursor=first["next"]))
            ended = first["items"][0]["exception_id"]
            done(await office.post(f"/exceptions/{ended}/accept", support, {"reason": "not_ours"}))
            head = await office.head()
            closed = done(await office.get("/exceptions", support, status="closed", min_position=head))["items"]
            left = done(await office.get("/exceptions", support, status="open"))["items"]
            failed = done(await office.get("/exceptions", support, kind="refund_failed"))["items"]
        assert [item["provider_entry"] for item in [*first["items"], *rest["items"]]] == [1, 2, 3]
        assert rest["next"] is None
        assert [(item["exception_id"], item["resolution"], item["reason"]) for item in closed] == [
            (ended, "accept", "not_ours")
        ]
        assert closed[0]["possible"] == []
        assert [item["provider_entry"] for item in left] == [2, 3]
        assert failed == []

    async def test_given_nobody_of_support_then_403(self, office: HttpScenario) -> None:
        for sender in (await office.somebody(), office.organizer):
            assert refused(await office.get("/exceptions", sender)) == (403, "forbidden")
            assert refused(await office.post(f"/exceptions/{UNKNOWN}/accept", sender, WHY)) == (403, "forbidden")


class TestEndException:
    async def test_given_the_wrong_currency_then_support_sends_it_back_once(
        self, payment_fixture: PaymentFixture, office: HttpScenario, shop_database: str
    ) -> None:
        support, buyer = await office.somebody(Role.SUPPORT), await office.somebody()
        order, _ = await paid_with(payment_fixture, office, buyer, "captured_other_currency")
        async with folding(office.shop, shop_database):
            (found,) = done(await office.get("/exceptions", support, min_position=await office.head()))["items"]
        path = f"/exceptions/{found['exception_id']}"
        ended = done(await office.post(f"{path}/refund", support, WHY))
        assert (ended["status"], ended["resolution"]) == ("closed", "refund")
        assert ended["position"] == await office.head()
        for resolution in ("refund", "accept", "write-off", "retry"):
            assert refused(await office.post(f"{path}/{resolution}", support, WHY)) == (409, "exception_ended")
        (refund,) = done(await office.get(f"/orders/{order}", buyer))["refunds"]
        assert (refund["refund_id"], refund["status"]) == (ended["refund_id"], "approved")
        assert (refund["amount"], refund["reason"]) == (price(STALLS, "USD"), "exception")

    async def test_given_the_owner_then_they_do_not_end_it(
        self, payment_fixture: PaymentFixture, office: HttpScenario, shop_database: str
    ) -> None:
        support = await office.somebody(Role.SUPPORT)
        await paid_with(payment_fixture, office, support, "captured_other_currency")
        async with folding(office.shop, shop_database):
            (found,) = done(await office.get("/exceptions", support, min_position=await office.head()))["items"]
        path = f"/exceptions/{found['exception_id']}/accept"
        assert refused(await office.post(path, support, WHY)) == (403, "own_decision")
        done(await office.post(path, await office.somebody(Role.SUPPORT), WHY))

    async def test_given_an_amount_above_the_limit_then_it_takes_two(
        self, payment_fixture: PaymentFixture, office: HttpScenario, shop_database: str
    ) -> None:
        limits = FourEyesLimits(amount_max=STALLS - 1)
        object.__setattr__(office.shop.engine.api_settings, "four_eyes", limits)
        first, second = await office.somebody(Role.SUPPORT), await office.somebody(Role.SUPPORT)
        await stray_money(office, 1)
        async with folding(office.shop, shop_database):
            (found,) = done(await office.get("/exceptions", first, min_position=await office.head()))["items"]
            path = f"/exceptions/{found['exception_id']}/write-off"
            for _ in range(2):
                assert done(await office.post(path, first, WHY))["status"] == "open"
            (listed,) = done(await office.get("/exceptions", second, min_position=await office.head()))["items"]
        assert listed["proposed"]["resolution"] == "write_off"
        assert done(await office.post(path, second, WHY))["status"] == "closed"

    async def test_given_a_wrong_end_reason_or_exception_then_it_says_so(
        self, payment_fixture: PaymentFixture, office: HttpScenario, shop_database: str
    ) -> None:
        support = await office.somebody(Role.SUPPORT)
        await stray_money(office, 1)
        async with folding(office.shop, shop_database):
            (found,) = done(await office.get("/exceptions", support, min_position=await office.head()))["items"]
        path = f"/exceptions/{found['exception_id']}"
        assert refused(await office.post(f"{path}/retry", support, WHY)) == (409, "resolution_not_possible")
        assert refused(await office.post(f"{path}/accept", support, {"reason": "because"})) == (422, "malformed")
        assert refused(await office.post(f"{path}/accept", support)) == (422, "malformed")
        assert refused(await office.post(f"/exceptions/{UNKNOWN}/accept", support, WHY)) == (404, "not_found")

    async def test_given_the_same_key_twice_then_the_first_answer(
        self, payment_fixture: PaymentFixture, office: HttpScenario, shop_database: str
    ) -> None:
        support = await office.somebody(Role.SUPPORT)
        await stray_money(office, 1)
        async with folding(office.shop, shop_database):
            (found,) = done(await office.get("/exceptions", support, min_position=await office.head()))["items"]
        path, key = f"/exceptions/{found['exception_id']}/accept", {"Idempotency-Key": "k1"}
        first = done(await office.post(path, support, WHY, **key))
        again = await office.post(path, support, WHY, **key)
        assert done(again) == first
        assert again.headers["Idempotency-Replayed"] == "true"


class TestDisputes:
    async def test_given_an_open_dispute_then_refunds_stop_and_order_and_tickets_say_so(
        self, payment_fixture: PaymentFixture, office: HttpScenario, shop_database: str
    ) -> None:
        buyer, support = await office.somebody(), await office.somebody(Role.SUPPORT)
        order, payment = await paid_with(payment_fixture, office, buyer, "captured")
        refund = done(await office.post(f"/orders/{order}/refunds", buyer))["refund_id"]
        opened = done(await announce(payment_fixture, "dispute.opened", payment))
        assert (opened["known"], opened["position"]) == (True, await office.head())
        assert refused(await office.post(f"/refunds/{refund}/approve", support)) == (409, "payment_disputed")
        done(await office.post(f"/refunds/{refund}/reject", support))
        assert refused(await office.post(f"/orders/{order}/refunds", buyer)) == (409, "payment_disputed")
        shown = done(await office.get(f"/orders/{order}", buyer))
        assert shown["payments"][0]["dispute"] == "open"
        async with folding(office.shop, shop_database):
            (ticket,) = done(await office.get("/tickets", buyer, min_position=await office.head()))["items"]
            (listed,) = done(await office.get("/orders", buyer))["items"]
        assert (ticket["state"], ticket["disputed"]) == ("valid", True)
        assert done(await office.get(f"/tickets/{ticket['ticket_id']}", buyer))["disputed"] is True
        assert listed["payments"][0]["dispute"] == "open"
        done(await announce(payment_fixture, "dispute.won", payment))
        done(await office.post(f"/orders/{order}/refunds", buyer))

    async def test_given_a_lost_dispute_then_support_has_an_exception_and_no_money_goes_back(
        self, payment_fixture: PaymentFixture, office: HttpScenario, shop_database: str
    ) -> None:
        buyer, support = await office.somebody(), await office.somebody(Role.SUPPORT)
        order, payment = await paid_with(payment_fixture, office, buyer, "captured")
        done(await announce(payment_fixture, "dispute.lost", payment))
        assert refused(await office.post(f"/orders/{order}/refunds", buyer)) == (409, "payment_disputed")
        async with folding(office.shop, shop_database):
            (found,) = done(await office.get("/exceptions", support, min_position=await office.head()))["items"]
        assert (found["kind"], found["amount"], found["order_id"]) == ("dispute_lost", price(STALLS), order)
        path = f"/exceptions/{found['exception_id']}"
        assert refused(await office.post(f"{path}/refund", support, WHY)) == (409, "resolution_not_possible")
        done(await office.post(f"{path}/write-off", support, {"reason": "uncollectible"}))

    async def test_given_a_lost_dispute_then_support_frees_the_seat_and_somebody_else_buys_it(
        self, payment_fixture: PaymentFixture, office: HttpScenario
    ) -> None:
        buyer, asker, decider = [await office.somebody(*roles) for roles in ((), (Role.SUPPORT,), (Role.SUPPORT,))]
        order, payment = await paid_with(payment_fixture, office, buyer, "captured")
        (line,) = done(await office.get(f"/orders/{order}", buyer))["lines"]
        done(await announce(payment_fixture, "dispute.lost", payment))
        path = f"/orders/{order}/refunds"
        assert refused(await office.post(path, asker)) == (409, "payment_disputed")
        ending = done(await office.post(path, asker, {"reason": "chargeback"}))
        assert ending["amount"] == price(0)
        ended = done(await office.post(f"/refunds/{ending['refund_id']}/approve", decider))
        assert ended["status"] == "completed"
        assert done(await office.get(f"/tickets/{line['ticket_id']}", buyer))["state"] == "void"
        done(await office.order(await office.somebody(), line["place"]["seat"]))

    async def test_given_a_dispute_without_an_id_then_the_webhook_is_refused(
        self, payment_fixture: PaymentFixture, office: HttpScenario
    ) -> None:
        _, payment = await paid_with(payment_fixture, office, await office.somebody(), "captured")
        head = await office.head()
        assert (await announce(payment_fixture, "dispute.opened", payment, dispute_id=None)).status_code == 422
        assert await office.head() == head


class TestWebhooks:
    @pytest.mark.parametrize("kind", ["payout.paid", "checkout.captured", "refund.completed", "dispute.opened"])
    async def test_given_nothing_of_ours_then_it_is_answered_with_a_position(
        self, payment_fixture: PaymentFixture, office: HttpScenario, kind: str
    ) -> None:
        head = await office.head()
        answer = await announce(payment_fixture, kind, "another-shops-thing")
        assert answer.status_code == 200
        assert (done(answer)["known"], done(answer)["position"]) == (False, head)
        assert await office.head() == head

    async def test_given_two_facts_under_one_event_id_then_neither_swallows_the_other(
        self, payment_fixture: PaymentFixture, office: HttpScenario
    ) -> None:
        buyer = await office.somebody()
        payments = []
        for seat in office.seats[:2]:
            order = done(await office.order(buyer, seat))["order_id"]
            payments.append((await payment_fixture.open_payment(office, buyer, order))["payment_id"])
        for payment in payments:
            done(await announce(payment_fixture, "checkout.captured", payment, event_id="ev_same"))
            assert done(await office.get(f"/payments/{payment}", buyer))["outcome"] == "confirmed"

    async def test_given_an_unknown_kind_then_it_is_counted(
        self, payment_fixture: PaymentFixture, office: HttpScenario
    ) -> None:
        before = office.shop.engine.metrics.webhooks_ignored
        done(await announce(payment_fixture, "payout.paid", "p"))
        assert office.shop.engine.metrics.webhooks_ignored == before + 1
