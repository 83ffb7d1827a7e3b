"""Shown states are the effective ones: deadlines count before their release is recorded."""

from datetime import timedelta

import pytest

from api.http.requests import booking_requests
from domain.decisions.holding import expire_hold
from domain.values import Role
from tests.api.http_scenario import HttpScenario, OpenedScenario, done, folding, refused
from tests.api.payments import DECLINED, PaymentFixture

AT_ONCE = timedelta(milliseconds=1)
SUMMARY = {
    "event_title",
    "organizer_name",
    "starts_at",
    "doors_at",
    "venue_name",
    "venue_city",
    "time_zone",
    "performance_cancelled",
    "cancel_reason",
}


@pytest.fixture
async def office(payment_fixture: PaymentFixture, box_office: OpenedScenario) -> HttpScenario:
    """A performance on sale, at a shop with a payment provider."""
    return box_office.at(payment_fixture.shop)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let holds lapse at once."""
    monkeypatch.setattr(booking_requests, "HOLD_DURATION", AT_ONCE)


@pytest.mark.usefixtures("short")
class TestLapsedHold:
    async def test_before_and_after_it_is_cleared_away_it_reads_and_is_refused_alike(
        self, office: HttpScenario
    ) -> None:
        buyer = await office.somebody()
        hold = done(await office.hold(buyer, *office.seats[:2]))["hold_id"]
        shown, refusals = [], []
        for _ in range(2):
            shown.append(done(await office.get(f"/holds/{hold}", buyer)))
            refusals.append(await office.post("/orders", buyer, {"hold_id": hold}))
            await office.shop.command(lambda context: expire_hold(context, hold=hold))
        assert shown[0] == shown[1]
        assert shown[0]["status"] == "lapsed"
        assert [refused(each) for each in refusals] == [(409, "hold_lapsed")] * 2
        assert [each.json()["seats"] for each in refusals] == [list(office.seats[:2])] * 2
        assert refused(await office.post(f"/holds/{hold}/extend", buyer)) == (409, "hold_lapsed")

    async def test_of_a_standing_area_it_says_how_many(self, office: HttpScenario) -> None:
        buyer = await office.somebody()
        hold = done(await office.hold(buyer, area=office.area, quantity=3))["hold_id"]
        answer = await office.post("/orders", buyer, {"hold_id": hold})
        assert (answer.json()["seats"], answer.json()["areas"]) == ([], [{"area": office.area, "quantity": 3}])


@pytest.mark.usefixtures("short")
class TestExpiredOrder:
    async def test_before_it_is_cleared_away_it_reads_expired_everywhere(
        self, office: HttpScenario, shop_database: str
    ) -> None:
        buyer = await office.somebody()
        order = done(await office.order(buyer, office.seats[0]))["order_id"]
        assert done(await office.get(f"/orders/{order}", buyer))["status"] == "expired"
        async with folding(office.shop, shop_database):
            listed = done(await office.get("/orders", buyer, min_position=await office.head()))
        assert [each["status"] for each in listed["items"]] == ["expired"]
        payment = await office.post(f"/orders/{order}/payments", buyer, {"provider": "sandbox"})
        assert (refused(payment), payment.json()["order_status"]) == ((409, "order_ended"), "expired")
        assert done(await office.post(f"/orders/{order}/cancel", buyer))["status"] == "expired"


class TestFailedPayment:
    async def test_it_says_why(self, payment_fixture: PaymentFixture, office: HttpScenario, shop_database: str) -> None:
        buyer = await office.somebody()
        order = done(await office.order(buyer, office.seats[0]))["order_id"]
        payment = await payment_fixture.open_payment(office, buyer, order)
        await payment_fixture.pay(payment["checkout_url"], DECLINED)
        (failed,) = await payment_fixture.webhooks(payment["payment_id"])
        done(await payment_fixture.announce(failed))
        assert done(await office.get(f"/payments/{payment['payment_id']}", buyer))["failure"] == "card_declined"
        async with folding(office.shop, shop_database):
            (listed,) = done(await office.get("/orders", buyer, min_position=await office.head()))["items"]
        assert [each["failure"] for each in listed["payments"]] == ["card_declined"]


class TestPerformanceOfEachRow:
    async def test_lists_and_single_answers_say_the_same(
        self, payment_fixture: PaymentFixture, office: HttpScenario, shop_database: str
    ) -> None:
        buyer, support = await office.somebody(), await office.somebody(Role.SUPPORT)
        done(await office.hold(buyer, office.seats[1]))
        order = (await payment_fixture.confirmed_order(office, buyer, office.seats[0]))["order_id"]
        refund = done(await office.post(f"/orders/{order}/refunds", buyer))["refund_id"]
        done(await office.post(f"/refunds/{refund}/reject", support, {"reason": "The evening took place."}))
        async with folding(office.shop, shop_database):
            head = await office.head()
            for path, ids in (("/orders", "order_id"), ("/holds", "hold_id"), ("/refunds", "refund_id")):
                (listed,) = done(await office.get(path, buyer, min_position=head))["items"]
                assert (listed["event_title"], listed["time_zone"]) == ("The Tempest", "Europe/Oslo")
                single = done(await office.get(f"{path}/{listed[ids]}", buyer))
                assert {name: single[name] for name in SUMMARY} == {name: listed[name] for name in SUMMARY}
                if path != "/holds":
                    assert {name: single[name] for name in listed} == listed

    async def test_a_refund_says_who_when_and_why(self, payment_fixture: PaymentFixture, office: HttpScenario) -> None:
        buyer, support = await office.somebody(), await office.somebody(Role.SUPPORT)
        order = await payment_fixture.confirmed_order(office, buyer, office.seats[0])
        refund = done(await office.post(f"/orders/{order['order_id']}/refunds", buyer))
        done(await office.post(f"/refunds/{refund['refund_id']}/reject", support, {"reason": "Asked twice."}))
        shown = done(await office.get(f"/refunds/{refund['refund_id']}", support))
        assert shown["order_code"] == order["order_code"]
        assert (shown["requested_by"], shown["rejection"]) == (order["account_id"], "Asked twice.")
        assert shown["decided_by"] not in {None, order["account_id"]}
        assert order["placed_at"] < order["confirmed_at"] < shown["requested_at"] < shown["decided_at"]
        stranger = await office.somebody()
        assert refused(await office.get(f"/refunds/{refund['refund_id']}", stranger)) == (404, "not_found")
