"""Holds over HTTP: claims, refusals, and that a refusal records nothing."""

import asyncio

import pytest

from tests.api.http_scenario import (
    AREA_CAPACITY,
    FLOOR,
    NO_LIMITS,
    STALLS,
    HttpScenario,
    done,
    in_days,
    open_box_office,
    price,
    refused,
)
from tests.api.shop import V1, Shop

UNKNOWN = "01935a1c-0000-7000-8000-00000000dead"


class TestHold:
    async def test_given_free_seats_then_they_are_held_at_the_promised_price(self, office: HttpScenario) -> None:
        buyer = await office.somebody()
        answer = await office.hold(buyer, *office.seats[:2])
        held = done(answer)
        assert answer.status_code == 201
        assert held["quote"]["total"] == price(2 * STALLS)
        line = held["quote"]["lines"][0]
        assert line["price"] == price(STALLS)
        assert line["place"]["seat"] == office.seats[0]
        assert line["place"]["label"] == "Stalls · Row A · Seat 1"
        assert line["components"] == [{"kind": "face", "net": STALLS, "tax": [], "gross": STALLS, "refundable": True}]
        assert held["position"] == await office.head()

    async def test_given_one_seat_is_taken_then_none_is_held(self, office: HttpScenario) -> None:
        done(await office.hold(await office.somebody(), office.seats[1]))
        rival, head = await office.somebody(), await office.head()
        answer = await office.hold(rival, *office.seats[:3])
        assert refused(answer) == (409, "seats_taken")
        assert answer.json()["seats"] == [office.seats[1]]
        assert await office.head() == head

    @pytest.mark.parametrize(
        ("items", "code"),
        [
            ([], "too_many_seats"),
            ([{"seat": f"s{number}"} for number in range(1_000)], "too_many_seats"),
            ([{"area": "a1", "quantity": 51}], "too_many_seats"),
            ([{"seat": "s1"}, {"seat": "s1"}], "seats_named_twice"),
            ([{"seat": "s1"}, {"seat": "zz9"}], "unknown_seats"),
            ([{"area": "a9", "quantity": 1}], "unknown_seats"),
            ([{"seat": "s1", "ticket_type": "pirate"}], "invalid"),
            ([{"seat": "S1 "}], "malformed"),
            ([{"seat": "s1", "area": "a1"}], "malformed"),
            ([{"area": "a1", "quantity": 0}], "malformed"),
            ([{"seat": "s1", "colour": "red"}], "malformed"),
            ([{}], "malformed"),
        ],
        ids=lambda value: value if isinstance(value, str) else str(value)[:40],
    )
    async def test_given_a_wish_that_makes_no_sense_then_nothing_happens(
        self, office: HttpScenario, items: list[dict[str, object]], code: str
    ) -> None:
        buyer = await office.somebody()
        path = f"/performances/{office.performance_id}/holds"
        head = await office.head()
        assert refused(await office.post(path, buyer, {"items": items})) == (422, code)
        assert await office.head() == head

    async def test_given_an_unknown_performance_then_404(self, office: HttpScenario) -> None:
        answer = await office.post(
            f"/performances/{UNKNOWN}/holds", await office.somebody(), {"items": [{"seat": "s1"}]}
        )
        assert refused(answer) == (404, "not_found")

    async def test_given_sales_have_not_opened_then_409_says_when(self, office: HttpScenario) -> None:
        later = await office.performance(on_sale_at=in_days(1))
        answer = await office.post(f"/performances/{later}/holds", await office.somebody(), {"items": [{"seat": "s1"}]})
        assert refused(answer) == (409, "not_on_sale")
        assert "on_sale_at" in answer.json()

    async def test_given_sales_are_closed_then_409(self, office: HttpScenario) -> None:
        path = f"{V1}/performances/{office.performance_id}"
        done(await office.shop.client.patch(path, json={"sales": "closed"}, headers=office.organizer))
        assert refused(await office.hold(await office.somebody(), office.seats[0])) == (409, "not_on_sale")

    async def test_given_the_buyer_has_enough_then_the_limit_is_named(self, office: HttpScenario) -> None:
        buyer = await office.somebody()
        assert refused(await office.hold(buyer, *office.seats[:9])) == (409, "limit_reached")
        done(await office.hold(buyer, *office.seats[:5]))
        answer = await office.hold(buyer, *office.seats[5:9])
        assert refused(answer) == (409, "limit_reached")
        assert answer.json()["limit"] == "seats_per_buyer"

    async def test_given_a_second_click_then_the_refusal_names_the_first(self, office: HttpScenario) -> None:
        buyer = await office.somebody()
        first = done(await office.hold(buyer, office.seats[0]))
        again = await office.hold(buyer, *office.seats[:2])
        assert refused(again) == (409, "seats_taken")
        assert again.json()["own"] == [{"seat": office.seats[0], "hold": first["hold_id"], "order": None}]
        rival = await office.hold(await office.somebody(), office.seats[0])
        assert "own" not in rival.json()

    async def test_given_fifty_rivals_for_one_seat_then_one_gets_it(self, shop: Shop) -> None:
        office = await open_box_office(shop, limits=NO_LIMITS)
        buyers = [await office.somebody() for _ in range(50)]
        answers = await asyncio.gather(*(office.hold(buyer, office.seats[0]) for buyer in buyers))
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 49


class TestHoldStanding:
    async def test_given_places_then_as_many_are_held_and_none_is_shown(self, office: HttpScenario) -> None:
        held = done(await office.hold(await office.somebody(), area=office.area, quantity=3))
        assert held["quote"]["total"] == price(3 * FLOOR)
        assert [line["place"]["seat"] for line in held["quote"]["lines"]] == [None] * 3
        assert {line["place"]["area"] for line in held["quote"]["lines"]} == {office.area}

    async def test_given_the_last_places_then_they_are_found_and_then_it_is_sold_out(self, shop: Shop) -> None:
        office = await open_box_office(shop, limits=NO_LIMITS)
        for _ in range(AREA_CAPACITY // 2):
            done(await office.hold(await office.somebody(), area=office.area, quantity=2))
        late, head = await office.somebody(), await office.head()
        answer = await office.hold(late, area=office.area, quantity=1)
        assert refused(answer) == (409, "area_sold_out")
        assert await office.head() == head

    async def test_given_places_come_back_elsewhere_then_they_are_found(self, shop: Shop, second_shop: Shop) -> None:
        office = await open_box_office(shop, limits=NO_LIMITS)
        buyer = await office.somebody()
        held = done(await office.hold(buyer, area=office.area, quantity=AREA_CAPACITY))
        assert refused(await office.hold(buyer, area=office.area, quantity=1)) == (409, "area_sold_out")
        done(await second_shop.client.delete(f"{V1}/holds/{held['hold_id']}", headers=buyer))
        done(await office.hold(buyer, area=office.area, quantity=AREA_CAPACITY))

    @pytest.mark.parametrize("route", ["holds", "orders"])
    async def test_given_a_standing_place_named_as_a_seat_then_it_is_unknown(self, shop: Shop, route: str) -> None:
        office = await open_box_office(shop, limits=NO_LIMITS)
        items = [{"seat": f"{office.area}0001"}, {"area": office.area, "quantity": AREA_CAPACITY - 1}]
        paths = {"holds": f"/performances/{office.performance_id}/holds", "orders": "/orders"}
        command = {"items": items} | ({"performance_id": office.performance_id} if route == "orders" else {})
        buyer, head = await office.somebody(), await office.head()
        answer = await office.post(paths[route], buyer, command)
        assert refused(answer) == (422, "unknown_seats")
        assert await office.head() == head

    async def test_given_two_ticket_types_then_no_place_is_sold_twice(self, shop: Shop) -> None:
        office = await open_box_office(shop, limits=NO_LIMITS)
        buyer = await office.somebody()
        item = {"area": office.area, "quantity": AREA_CAPACITY // 2}
        body = {"items": [item, item]}
        held = done(await office.post(f"/performances/{office.performance_id}/holds", buyer, body))
        assert len(held["quote"]["lines"]) == AREA_CAPACITY

    async def test_given_all_at_once_then_exactly_the_capacity_is_held(self, shop: Shop) -> None:
        office = await open_box_office(shop, limits=NO_LIMITS)
        buyers = [await office.somebody() for _ in range(AREA_CAPACITY + 3)]
        answers = await asyncio.gather(*(office.hold(buyer, area=office.area, quantity=1) for buyer in buyers))
        assert sorted(answer.status_code for answer in answers) == [201] * AREA_CAPACITY + [409] * 3


class TestBasket:
    async def test_given_a_basket_then_only_its_holder_sees_it(self, office: HttpScenario) -> None:
        buyer = await office.somebody()
        held = done(await office.hold(buyer, office.seats[0]))
        seen = done(await office.get(f"/holds/{held['hold_id']}", buyer))
        assert (seen["status"], seen["quote"]) == ("open", held["quote"])
        assert refused(await office.get(f"/holds/{held['hold_id']}", await office.somebody())) == (404, "not_found")

    async def test_given_one_extension_then_the_next_is_refused(self, office: HttpScenario) -> None:
        buyer = await office.somebody()
        held = done(await office.hold(buyer, office.seats[0]))
        extended = done(await office.post(f"/holds/{held['hold_id']}/extend", buyer))
        assert extended["expires_at"] > held["expires_at"]
        assert refused(await office.post(f"/holds/{held['hold_id']}/extend", buyer)) == (409, "already_extended")

    async def test_given_it_is_released_then_the_seat_is_free_and_a_second_time_changes_nothing(
        self, office: HttpScenario
    ) -> None:
        buyer = await office.somebody()
        held = done(await office.hold(buyer, office.seats[0]))
        path = f"{V1}/holds/{held['hold_id']}"
        assert done(await office.shop.client.delete(path, headers=buyer))["status"] == "released"
        assert done(await office.shop.client.delete(path, headers=buyer))["status"] == "released"
        assert refused(await office.get(f"/holds/{held['hold_id']}", buyer)) == (409, "hold_ended")
        done(await office.hold(await office.somebody(), office.seats[0]))

    @pytest.mark.usefixtures("folded")
    async def test_given_baskets_then_the_list_shows_those_that_live(self, office: HttpScenario) -> None:
        buyer = await office.somebody()
        kept = done(await office.hold(buyer, office.seats[0]))
        given_up = done(await office.hold(buyer, office.seats[1]))
        gone = done(await office.shop.client.delete(f"{V1}/holds/{given_up['hold_id']}", headers=buyer))
        listed = done(await office.get("/holds", buyer, min_position=gone["position"]))
        assert [item["hold_id"] for item in listed["items"]] == [kept["hold_id"]]
        assert listed["items"][0]["quote"] == kept["quote"]
