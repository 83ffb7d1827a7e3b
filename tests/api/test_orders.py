"""Orders over HTTP: in one step, from a hold, get, list, cancel."""

import asyncio

import psycopg
import pytest

from domain.ports.personal_data import Contact, RecordsUnavailable
from domain.values import Role
from tests.api.http_scenario import NO_LIMITS, STALLS, HttpScenario, done, folding, open_box_office, price, refused
from tests.api.shop import Shop

UNKNOWN = "01935a1c-0000-7000-8000-00000000dead"
CONTACT = {"email": "Ann@Example.com", "name": "Ann"}


async def contacts(database: str) -> list[str]:
    """Return the addresses of all stored contacts."""
    async with await psycopg.AsyncConnection.connect(database) as connection:
        return [email for (email,) in await (await connection.execute("SELECT email FROM records.contact")).fetchall()]


async def unavailable(_: Contact) -> None:
    """Fail like an unavailable database."""
    raise RecordsUnavailable


class TestOrderInOneStep:
    async def test_given_free_seats_then_they_wait_for_a_payment(self, office: HttpScenario) -> None:
        buyer = await office.somebody()
        answer = await office.order(buyer, *office.seats[:2])
        order = done(answer)
        assert (answer.status_code, order["status"], order["total"]) == (201, "pending", price(2 * STALLS))
        assert len(order["order_code"]) == 10
        assert order["position"] == await office.head()
        shown = done(await office.get(f"/orders/{order['order_id']}", buyer))
        assert (shown["status"], shown["hold_id"]) == ("pending", order["hold_id"])
        assert [line["place"]["seat"] for line in shown["lines"]] == list(office.seats[:2])

    async def test_given_the_same_key_then_the_same_order_byte_for_byte(self, office: HttpScenario) -> None:
        buyer = await office.somebody()
        body = {"performance_id": office.performance_id, "items": [{"seat": office.seats[0]}]}
        first = await office.post("/orders", buyer, body, **{"Idempotency-Key": "k"})
        again = await office.post("/orders", buyer, body, **{"Idempotency-Key": "k"})
        assert (first.status_code, again.content) == (201, first.content)
        assert again.headers["Idempotency-Replayed"] == "true"
        other = {**body, "items": [{"seat": office.seats[1]}]}
        reused = await office.post("/orders", buyer, other, **{"Idempotency-Key": "k"})
        assert refused(reused) == (422, "idempotency_key_reused")

    async def test_given_a_taken_seat_then_nothing_is_ordered(self, office: HttpScenario) -> None:
        done(await office.order(await office.somebody(), office.seats[0]))
        rival, head = await office.somebody(), await office.head()
        assert refused(await office.order(rival, *office.seats[:2])) == (409, "seats_taken")
        assert await office.head() == head

    async def test_given_twenty_at_once_at_two_processes_then_the_limit_holds(
        self, shop: Shop, second_shop: Shop
    ) -> None:
        office = await open_box_office(shop)
        buyer = await office.somebody()

        async def order(number: int) -> int:
            client = (shop, second_shop)[number % 2].client
            body = {"performance_id": office.performance_id, "items": [{"seat": office.seats[number]}]}
            return (await client.post("/api/v1/orders", json=body, headers=buyer)).status_code

        statuses = await asyncio.gather(*map(order, range(20)))
        assert sorted(statuses) == [201] * 2 + [409] * 18

    async def test_given_a_place_that_costs_nothing_then_it_is_confirmed_at_once(self, office: HttpScenario) -> None:
        prices = [{"category": "stalls", "price": price(0)}]
        free = await office.performance(prices=prices)
        buyer = await office.somebody()
        order = done(
            await office.post("/orders", buyer, {"performance_id": free, "items": [{"seat": office.seats[0]}]})
        )
        assert order["status"] == "confirmed"

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"performance_id": UNKNOWN},
            {"items": [{"seat": "s1"}]},
            {"hold_id": UNKNOWN, "performance_id": UNKNOWN, "items": [{"seat": "s1"}]},
            {"hold_id": "garbage"},
            {"hold_id": UNKNOWN, "contact": {"email": "nobody", "name": "N"}},
            {"hold_id": UNKNOWN, "contact": {"email": "a@example.com", "name": "Nul\0l"}},
            {"hold_id": UNKNOWN, "terms_version": "\x00"},
            {"hold_id": UNKNOWN, "gift": True},
            [],
            "garbage",
            None,
        ],
        ids=str,
    )
    async def test_given_a_senseless_body_then_422_and_no_trace(self, office: HttpScenario, body: object) -> None:
        buyer, head = await office.somebody(), await office.head()
        answer = await office.shop.client.post("/api/v1/orders", json=body, headers=buyer)
        assert refused(answer) == (422, "malformed")
        assert await office.head() == head

    async def test_given_a_lone_surrogate_then_422(self, office: HttpScenario) -> None:
        buyer = await office.somebody()
        raw = b'{"hold_id": "' + UNKNOWN.encode() + b'", "contact": {"email": "a@example.com", "name": "\\ud800"}}'
        headers = {**buyer, "Content-Type": "application/json"}
        answer = await office.shop.client.post("/api/v1/orders", content=raw, headers=headers)
        assert refused(answer)[0] == 422


class TestOrderByGuest:
    async def test_given_no_contact_then_it_is_asked_for(self, office: HttpScenario) -> None:
        guest = office.shop.bearer(await office.shop.account(guest=True), guest=True)
        head = await office.head()
        assert refused(await office.order(guest, office.seats[0])) == (422, "invalid")
        assert await office.head() == head

    async def test_given_a_refusal_then_no_contact_is_kept(self, office: HttpScenario, shop_database: str) -> None:
        guest = office.shop.bearer(await office.shop.account(guest=True), guest=True)
        done(await office.order(await office.somebody(), office.seats[0]))
        answer = await office.order(guest, office.seats[0], contact=CONTACT)
        assert refused(answer) == (409, "seats_taken")
        hold = {"hold_id": UNKNOWN, "contact": CONTACT}
        assert refused(await office.post("/orders", guest, hold)) == (404, "not_found")
        assert await contacts(shop_database) == []

    async def test_given_a_contact_was_not_kept_then_the_same_request_keeps_it(
        self, office: HttpScenario, shop_database: str
    ) -> None:
        guest = office.shop.bearer(await office.shop.account(guest=True), guest=True)
        body = {"performance_id": office.performance_id, "items": [{"seat": office.seats[0]}], "contact": CONTACT}
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(office.shop.engine.people, "save_contact", unavailable)
            answer = await office.post("/orders", guest, body, **{"Idempotency-Key": "k"})
        assert refused(answer) == (503, "outcome_unknown")
        order = done(await office.post("/orders", guest, body, **{"Idempotency-Key": "k"}))
        shown = done(await office.get(f"/orders/{order['order_id']}", guest))
        assert shown["contact"] == {"email": "ann@example.com", "name": "Ann"}
        assert len(await contacts(shop_database)) == 1

    async def test_given_a_contact_then_the_log_holds_only_its_id(self, office: HttpScenario) -> None:
        guest = office.shop.bearer(await office.shop.account(guest=True), guest=True)
        order = done(await office.order(guest, office.seats[0], contact=CONTACT))
        shown = done(await office.get(f"/orders/{order['order_id']}", guest))
        assert shown["contact"] == {"email": "ann@example.com", "name": "Ann"}
        events = await office.shop.engine.store.read_range(after=0, limit=1_000)
        assert events
        assert not any("example.com" in event.data + event.metadata for event in events)


class TestOrderAHold:
    async def test_given_a_hold_then_it_is_ordered_once(self, office: HttpScenario) -> None:
        buyer = await office.somebody()
        held = done(await office.hold(buyer, office.seats[0]))
        order = done(await office.post("/orders", buyer, {"hold_id": held["hold_id"]}))
        assert order["expires_at"] == held["expires_at"]
        again = await office.post("/orders", buyer, {"hold_id": held["hold_id"]})
        assert refused(again) == (409, "hold_ordered")
        assert again.json()["order"] == order["order_id"]

    async def test_given_somebody_elses_hold_then_404_and_no_trace(self, office: HttpScenario) -> None:
        held = done(await office.hold(await office.somebody(), office.seats[0]))
        thief, head = await office.somebody(), await office.head()
        assert refused(await office.post("/orders", thief, {"hold_id": held["hold_id"]})) == (404, "not_found")
        assert await office.head() == head

    async def test_given_an_ordered_hold_then_it_is_not_released(self, office: HttpScenario) -> None:
        buyer = await office.somebody()
        order = done(await office.order(buyer, office.seats[0]))
        answer = await office.shop.client.delete(f"/api/v1/holds/{order['hold_id']}", headers=buyer)
        assert refused(answer) == (409, "hold_ordered")


class TestSeeOrders:
    async def test_given_somebody_else_then_404_but_support_sees_it(self, office: HttpScenario) -> None:
        order = done(await office.order(await office.somebody(), office.seats[0]))
        path = f"/orders/{order['order_id']}"
        assert refused(await office.get(path, await office.somebody())) == (404, "not_found")
        assert done(await office.get(path, await office.somebody(Role.SUPPORT)))["order_id"] == order["order_id"]

    async def test_given_orders_then_they_are_listed_newest_first_page_by_page(
        self, shop: Shop, shop_database: str
    ) -> None:
        office = await open_box_office(shop, limits=NO_LIMITS)
        buyer = await office.somebody()
        placed = [done(await office.order(buyer, seat)) for seat in office.seats[:3]]
        async with folding(shop, shop_database):
            first = done(await office.get("/orders", buyer, limit=2, min_position=placed[-1]["position"]))
            second = done(await office.get("/orders", buyer, limit=2, cursor=first["next"]))
        listed = [item["order_id"] for page in (first, second) for item in page["items"]]
        assert listed == [order["order_id"] for order in reversed(placed)]
        assert second["next"] is None


class TestCancelOrder:
    async def test_given_an_unpaid_order_then_its_seats_are_free_at_once(self, office: HttpScenario) -> None:
        buyer = await office.somebody()
        order = done(await office.order(buyer, office.seats[0]))
        path = f"/orders/{order['order_id']}/cancel"
        assert done(await office.post(path, buyer))["status"] == "cancelled"
        assert done(await office.post(path, buyer))["status"] == "cancelled"
        done(await office.order(await office.somebody(), office.seats[0]))

    async def test_given_somebody_elses_order_then_404(self, office: HttpScenario) -> None:
        order = done(await office.order(await office.somebody(), office.seats[0]))
        answer = await office.post(f"/orders/{order['order_id']}/cancel", await office.somebody())
        assert refused(answer) == (404, "not_found")

    async def test_given_support_then_it_may(self, office: HttpScenario) -> None:
        order = done(await office.order(await office.somebody(), office.seats[0]))
        done(await office.post(f"/orders/{order['order_id']}/cancel", await office.somebody(Role.SUPPORT)))
