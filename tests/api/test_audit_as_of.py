"""Streams, orders, seats and seat maps as of a moment, over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.values import Role
from tests.api.http_scenario import STALLS, Headers, HttpScenario, done, open_box_office, price, refused
from tests.api.payments import PaymentFixture

UNKNOWN = "01935a1c-0000-7000-8000-00000000dead"
Json = dict[str, Any]


@pytest.fixture
async def auditor(office: HttpScenario) -> Headers:
    """Headers of an auditor."""
    return await office.somebody(Role.AUDITOR)


def told(body: Json) -> list[str]:
    """Return the names of the events."""
    return [event["name"] for event in body["items"]]


class TestStream:
    async def test_given_a_stream_then_its_state_and_its_events_as_they_were_stored(
        self, office: HttpScenario, auditor: Headers
    ) -> None:
        buyer = await office.somebody()
        order = done(await office.order(buyer, office.seats[0]))
        cancelled = done(await office.post(f"/orders/{order['order_id']}/cancel", buyer))
        path = f"/audit/streams/order-{order['order_id']}"
        now = done(await office.get(path, auditor))
        then = done(await office.get(path, auditor, position=order["position"]))
        assert (now["kind"], now["version"], told(now)) == ("order", 2, ["OrderPlaced", "OrderCancelled"])
        assert (then["version"], then["position"], told(then)) == (1, order["position"], ["OrderPlaced"])
        assert (now["state"]["is"], now["state"]["status"]) == ("PlacedOrder", "cancelled")
        assert then["state"]["status"] == "pending"
        placed, ended = now["items"]
        assert placed["data"]["total"] == STALLS
        assert placed["metadata"]["actor"]["role"] == "customer"
        assert ended["sentence"] == "The order was cancelled before it was paid, at the buyer's request."
        assert now["position"] >= cancelled["position"]
        (stored,) = await office.shop.engine.store.read_stream(f"order-{order['order_id']}", limit=1)
        assert placed["digest"] == stored.digest.hex()

    async def test_given_a_limit_then_page_by_page(self, office: HttpScenario, auditor: Headers) -> None:
        path = f"/audit/streams/event-{office.event_id}"
        whole = done(await office.get(path, auditor))
        first = done(await office.get(path, auditor, limit=1))
        rest = done(await office.get(path, auditor, after=first["next"]))
        assert first["items"] + rest["items"] == whole["items"]
        assert len(whole["items"]) > 1
        assert (first["state"], rest["state"]) == (whole["state"], None)
        assert first["version"] == rest["version"] == whole["version"] == len(whole["items"])
        beyond = done(await office.get(path, auditor, after=whole["version"]))
        assert (beyond["items"], beyond["next"]) == ([], None)
        assert rest["next"] is None

    async def test_given_a_time_before_it_began_then_its_empty_state(
        self, office: HttpScenario, auditor: Headers
    ) -> None:
        order = done(await office.order(await office.somebody(), office.seats[0]))
        path = f"/audit/streams/order-{order['order_id']}"
        before = done(await office.get(path, auditor, position=order["position"] - 1))
        assert (before["version"], before["items"], before["state"]) == (0, [], {"is": "NoOrder"})
        nothing = done(await office.get(path, auditor, at="2000-01-01T00:00:00Z"))
        assert (nothing["position"], nothing["recorded_at"]) == (0, None)

    async def test_given_nonsense_then_422_and_given_no_such_stream_404(
        self, office: HttpScenario, auditor: Headers
    ) -> None:
        path = f"/audit/streams/event-{office.event_id}"
        tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        for nonsense in ({"at": tomorrow}, {"position": await office.head() + 1}, {"at": tomorrow, "position": 1}):
            assert refused(await office.get(path, auditor, **nonsense)) == (422, "invalid")
        assert refused(await office.get(path, auditor, at="yesterday")) == (422, "malformed")
        assert refused(await office.get("/audit/streams/order-nothing", auditor)) == (404, "not_found")


class TestOrder:
    async def test_given_a_refunded_order_then_its_money_and_everything_that_happened_to_it(
        self, payment_fixture: PaymentFixture, provider: Any
    ) -> None:
        office = await open_box_office(payment_fixture.shop)
        auditor, buyer = await office.somebody(Role.AUDITOR), await office.somebody()
        begins = await office.head()
        order = (await payment_fixture.confirmed_order(office, buyer, *office.seats[:2]))["order_id"]
        confirmed = await office.head()
        refund = done(await office.post(f"/orders/{order}/refunds", buyer, {"lines": ["1"]}))["refund_id"]
        done(await office.post(f"/refunds/{refund}/approve", await office.somebody(Role.SUPPORT)))
        path = f"/audit/orders/{order}"
        now = done(await office.get(path, auditor))
        then = done(await office.get(path, auditor, position=confirmed))
        assert then["order"]["status"] == now["order"]["status"] == "confirmed"
        assert then["order"]["captured"] == now["order"]["captured"] == price(2 * STALLS)
        assert (then["order"]["refund_open"], now["order"]["refund_open"]) == (price(0), price(STALLS))
        assert [line["cancelled"] for line in now["order"]["lines"]] == [True, False]
        assert [ticket["void"] for ticket in now["order"]["tickets"]] == [True, False]
        assert [(each["refund_id"], each["status"]) for each in now["order"]["refunds"]] == [(refund, "approved")]
        kinds = {event["stream"].partition("-")[0] for event in now["items"]}
        assert kinds == {"seat", "hold", "buyer", "order", "payment", "ticket", "refund"}
        positions = [event["position"] for event in now["items"]]
        assert positions == sorted(positions)
        first = done(await office.get(path, auditor, limit=5))
        rest = done(await office.get(path, auditor, after=first["next"]))
        assert first["items"] + rest["items"] == now["items"]
        before = done(await office.get(path, auditor, position=begins))
        assert (before["order"], before["items"]) == (None, [])

    async def test_given_no_such_order_then_404(self, office: HttpScenario, auditor: Headers) -> None:
        assert refused(await office.get(f"/audit/orders/{UNKNOWN}", auditor)) == (404, "not_found")


class TestSeat:
    async def test_given_two_buyers_then_who_held_it_in_which_order_and_why_it_came_back(
        self, office: HttpScenario, auditor: Headers
    ) -> None:
        ann, bob, seat = await office.somebody(), await office.somebody(), office.seats[0]
        first = done(await office.order(ann, seat))
        done(await office.post(f"/orders/{first['order_id']}/cancel", ann))
        hold = done(await office.hold(bob, seat))
        path = f"/audit/seats/{office.performance_id}/{seat}"
        now = done(await office.get(path, auditor))
        assert told(now) == ["SeatHeld", "SeatReleased", "SeatHeld"]
        assert [step["order_id"] for step in now["items"]] == [first["order_id"], first["order_id"], None]
        accounts = [(await account_of(office, each)) for each in (ann, ann, bob)]
        assert [step["holder"] for step in now["items"]] == accounts
        assert now["items"][1]["sentence"].endswith("because the order was cancelled.")
        assert (now["state"]["hold"], now["available"], now["label"]) == (
            hold["hold_id"],
            False,
            "Stalls · Row A · Seat 1",
        )
        then = done(await office.get(path, auditor, position=hold["position"] - 1))
        assert (then["state"], then["available"], then["version"]) == ({"is": "Free"}, True, 2)
        page = done(await office.get(path, auditor, limit=1))
        assert page["items"] + done(await office.get(path, auditor, after=page["next"]))["items"] == now["items"]

    async def test_given_a_seat_nobody_touched_then_it_is_free_and_given_no_seat_404(
        self, office: HttpScenario, auditor: Headers
    ) -> None:
        untouched = done(await office.get(f"/audit/seats/{office.performance_id}/{office.seats[5]}", auditor))
        assert (untouched["available"], untouched["items"], untouched["next"]) == (True, [], None)
        before = {"at": "2000-01-01T00:00:00Z"}
        unknown = done(await office.get(f"/audit/seats/{office.performance_id}/{office.seats[5]}", auditor, **before))
        assert (unknown["available"], unknown["items"]) == (False, [])
        for nowhere in (f"{office.performance_id}/nosuchseat", f"{UNKNOWN}/{office.seats[0]}"):
            assert refused(await office.get(f"/audit/seats/{nowhere}", auditor)) == (404, "not_found")


class TestSeatMap:
    async def test_given_a_position_then_the_map_as_it_was(self, office: HttpScenario, auditor: Headers) -> None:
        buyer, path = await office.somebody(), f"/audit/performances/{office.performance_id}/seats"
        held = done(await office.hold(buyer, *office.seats[:2]))
        done(await office.hold(await office.somebody(), area=office.area, quantity=3))
        then = done(await office.get(path, auditor, position=held["position"]))
        now = done(await office.get(path, auditor))
        before = done(await office.get(path, auditor, position=held["position"] - 1))
        assert then["states"]["held"] == now["states"]["held"] == sorted(office.seats[:2])
        assert before["states"] == {"held": [], "sold": [], "blocked": []}
        assert [area["available"] for area in (*then["areas"], *now["areas"])] == [12, 9]
        assert then["recorded_at"] == then["at"]

    async def test_given_somebody_who_held_a_seat_since_then_it_is_read_on(
        self, office: HttpScenario, auditor: Headers
    ) -> None:
        path = f"/audit/performances/{office.performance_id}/seats"
        assert done(await office.get(path, auditor))["states"]["held"] == []
        done(await office.hold(await office.somebody(), office.seats[0]))
        assert done(await office.get(path, auditor))["states"]["held"] == [office.seats[0]]

    async def test_given_no_such_performance_then_404(self, office: HttpScenario, auditor: Headers) -> None:
        assert refused(await office.get(f"/audit/performances/{UNKNOWN}/seats", auditor)) == (404, "not_found")


async def account_of(office: HttpScenario, sender: Headers) -> str:
    """Return the account of some headers."""
    account: str = done(await office.get("/me", sender))["account_id"]
    return account
