"""Performances over HTTP: schedule, get, update, cancel, layout."""

import gzip
import json
from dataclasses import replace

import httpx
import pytest

from domain.values import Role
from tests.api.http_scenario import PRICES, STALLS, HttpScenario, Json, done, in_days, price, refused
from tests.api.shop import Shop

UNKNOWN = "01935a1c-0000-7000-8000-00000000dead"


class TestSchedulePerformance:
    async def test_given_no_limits_then_the_defaults_hold(self, office: HttpScenario) -> None:
        body = {"starts_at": in_days(10), "layout_id": office.layout_id, "prices": PRICES}
        answer = await office.post(f"/events/{office.event_id}/performances", office.organizer, body)
        scheduled = done(answer)
        assert (answer.status_code, scheduled["seat_count"], scheduled["currency"]) == (201, 42, "EUR")
        assert scheduled["limits"] == {"seats_per_order": 8, "seats_per_buyer": 8, "live_holds_per_buyer": 2}
        assert {"category": "stalls", "ticket_type": "adult", "price": price(STALLS)} in scheduled["prices"]
        assert "floor" in {known["category"] for known in scheduled["prices"]}

    async def test_given_limits_null_then_there_are_none(self, office: HttpScenario) -> None:
        body = {"starts_at": in_days(10), "layout_id": office.layout_id, "prices": PRICES, "limits": None}
        scheduled = done(await office.post(f"/events/{office.event_id}/performances", office.organizer, body))
        assert set(scheduled["limits"].values()) == {None}

    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({"prices": []}, "malformed"),
            ({"prices": [{"category": "stalls", "price": {"amount": -1, "currency": "EUR"}}]}, "malformed"),
            ({"prices": [{"category": "stalls", "price": {"amount": 1, "currency": "euro"}}]}, "malformed"),
            ({"prices": [{"category": "stalls", "price": 4500}]}, "malformed"),
            *(
                ({"prices": [{"category": "stalls", "price": {"amount": amount, "currency": "EUR"}}]}, "malformed")
                for amount in (True, "1", 1.0)
            ),
            *(
                ({"prices": [{"category": "stalls", "price": {"amount": 1, "currency": code}}]}, "malformed")
                for code in ("ZZZ", "XXX", "XAU", "XTS", "DEM")
            ),
            *(
                ({"starts_at": starts_at}, "malformed")
                for starts_at in (1814000000, "1814000000", 1814000000000.5, "2027-05-01", "2027-05-01T19:00Z", True)
            ),
            ({"limits": {"seats_per_order": True}}, "malformed"),
            ({"prices": [{"category": "moon", "price": price(1)}]}, "invalid"),
            ({"prices": [PRICES[0], PRICES[0]]}, "invalid"),
            ({"prices": [PRICES[0], {"category": "floor", "price": price(1, "NOK")}]}, "invalid"),
            ({"starts_at": "2027-01-01T20:00:00"}, "malformed"),
            ({"starts_at": "0001-01-01T00:00:00+14:00"}, "malformed"),
            ({"starts_at": "tonight"}, "malformed"),
            ({"doors_at": in_days(11)}, "invalid"),
            ({"on_sale_at": in_days(11)}, "invalid"),
            ({"starts_at": in_days(-1), "on_sale_at": in_days(-30)}, "invalid"),
            ({"limits": {"seats_per_order": 0}}, "malformed"),
            ({"limits": {"seats_per_order": 51}}, "malformed"),
            ({"layout_id": UNKNOWN}, "not_found"),
        ],
    )
    async def test_given_a_senseless_field_then_no_trace(self, office: HttpScenario, fields: Json, code: str) -> None:
        body = {"starts_at": in_days(10), "layout_id": office.layout_id, "prices": PRICES, **fields}
        head = await office.head()
        answer = await office.post(f"/events/{office.event_id}/performances", office.organizer, body)
        assert refused(answer) == (404 if code == "not_found" else 422, code)
        assert await office.head() == head

    async def test_given_another_organizers_venue_then_it_can_be_shown_there_and_its_layout_not_read(
        self, office: HttpScenario
    ) -> None:
        organizer, members = await office.shop.organizer(eve=Role.ORGANIZER)
        eve = office.shop.bearer(members["eve"])
        body = {"organizer_id": organizer, "venue_id": office.venue_id, "title": "On tour"}
        event = done(await office.post("/events", eve, body))["event_id"]
        showing = {"starts_at": in_days(30), "layout_id": office.layout_id, "prices": PRICES}
        done(await office.post(f"/events/{event}/performances", eve, showing))
        assert refused(await office.get(f"/layouts/{office.layout_id}", eve)) == (403, "forbidden")

    async def test_given_a_layout_of_another_venue_then_422(self, office: HttpScenario) -> None:
        other = done(
            await office.post(
                "/venues",
                office.organizer,
                {
                    "organizer_id": office.organizer_id,
                    "name": "Annexe",
                    "address": "Quay 2",
                    "city": "Bergen",
                    "country": "NO",
                    "time_zone": "Europe/Oslo",
                },
            )
        )["venue_id"]
        grid = {"sections": [{"name": "S", "category": "stalls", "rows": 1, "seats_per_row": 2}]}
        body = {"name": "Annexe", "format": "grid", "document": grid}
        layout = done(await office.post(f"/venues/{other}/layouts", office.organizer, body))["layout_id"]
        showing = {"starts_at": in_days(10), "layout_id": layout, "prices": PRICES[:1]}
        answer = await office.post(f"/events/{office.event_id}/performances", office.organizer, showing)
        assert refused(answer) == (422, "invalid")


class TestShowPerformance:
    @pytest.mark.usefixtures("folded")
    async def test_given_bookings_then_it_says_how_much_is_left(self, office: HttpScenario) -> None:
        order = done(await office.order(await office.somebody(), *office.seats[:3]))
        path = f"/performances/{office.performance_id}"
        shown = done(await office.get(path, min_position=order["position"]))
        assert shown["availability"] == {"available": 39, "held": 3, "sold": 0, "blocked": 0}

    @pytest.mark.usefixtures("folded")
    async def test_given_its_event_is_a_draft_then_only_its_organizer_sees_it(self, office: HttpScenario) -> None:
        body = {"organizer_id": office.organizer_id, "venue_id": office.venue_id, "title": "Secret"}
        event = done(await office.post("/events", office.organizer, body))["event_id"]
        showing = {"starts_at": in_days(10), "layout_id": office.layout_id, "prices": PRICES}
        performance = done(await office.post(f"/events/{event}/performances", office.organizer, showing))
        for tail in ("", "/layout", "/seats"):
            path = f"/performances/{performance['performance_id']}{tail}"
            assert refused(await office.get(path)) == (404, "not_found")
            done(await office.get(path, office.organizer))


class TestSalesShown:
    @pytest.mark.usefixtures("folded")
    async def test_given_any_state_then_what_is_shown_is_what_a_hold_would_be_judged_by(
        self, office: HttpScenario
    ) -> None:
        tomorrow = await office.performance(on_sale_at=in_days(1))
        paused = await office.performance()
        done(await self.change(office, paused, {"sales": "paused"}))
        cancelled = await office.performance()
        done(await office.post(f"/performances/{cancelled}/cancel", office.organizer))
        listed = {
            each["performance_id"]: (each["sales"], each["sales_decided"])
            for each in done(await office.get(f"/events/{office.event_id}", min_position=await office.head()))[
                "performances"
            ]
        }
        assert listed == {
            office.performance_id: ("open", "open"),
            tomorrow: ("upcoming", "open"),
            paused: ("paused", "paused"),
            cancelled: ("cancelled", "open"),
        }
        for performance, (sales, _) in listed.items():
            assert done(await office.get(f"/performances/{performance}"))["sales"] == sales
            there = replace(office, performance_id=performance)
            held = await there.hold(await office.somebody(), office.seats[0])
            assert held.is_success == (sales == "open")

    async def test_given_a_draft_then_it_is_unpublished(self, office: HttpScenario) -> None:
        body = {"organizer_id": office.organizer_id, "venue_id": office.venue_id, "title": "Secret"}
        event = done(await office.post("/events", office.organizer, body))["event_id"]
        showing = {"starts_at": in_days(10), "layout_id": office.layout_id, "prices": PRICES}
        scheduled = done(await office.post(f"/events/{event}/performances", office.organizer, showing))
        assert scheduled["sales"] == "unpublished"

    async def change(self, office: HttpScenario, performance: str, body: Json) -> httpx.Response:
        path = f"/api/v1/performances/{performance}"
        return await office.shop.client.patch(path, json=body, headers=office.organizer)


class TestChangePerformance:
    async def change(self, office: HttpScenario, **fields: object) -> tuple[int, Json]:
        path = f"/api/v1/performances/{office.performance_id}"
        answer = await office.shop.client.patch(path, json=fields, headers=office.organizer)
        return answer.status_code, answer.json()

    async def test_given_new_prices_then_new_quotes_use_them_and_old_ones_stay(self, office: HttpScenario) -> None:
        buyer = await office.somebody()
        held = done(await office.hold(buyer, office.seats[0]))
        status, changed = await self.change(office, prices=[{"category": "Stalls", "price": price(9_900)}])
        assert (status, changed["prices"][0]["price"]) == (200, price(9_900))
        assert done(await office.get(f"/holds/{held['hold_id']}", buyer))["quote"]["total"] == price(STALLS)
        assert done(await office.hold(buyer, office.seats[1]))["quote"]["total"] == price(9_900)

    async def test_given_sales_are_paused_then_nothing_sells_until_they_are_resumed(self, office: HttpScenario) -> None:
        buyer = await office.somebody()
        assert (await self.change(office, sales="paused"))[1]["sales"] == "paused"
        assert refused(await office.order(buyer, office.seats[0])) == (409, "not_on_sale")
        assert (await self.change(office, sales="open"))[1]["sales"] == "open"
        done(await office.order(buyer, office.seats[0]))

    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({}, "malformed"),
            ({"starts_at": in_days(-1)}, "invalid"),
            ({"starts_at": None}, "malformed"),
            ({"prices": None, "sales": None}, "malformed"),
            ({"prices": [{"category": "stalls", "price": price(1, "NOK")}]}, "invalid"),
            ({"sales": "maybe"}, "malformed"),
            ({"layout_id": UNKNOWN}, "malformed"),
        ],
    )
    async def test_given_a_senseless_change_then_422(self, office: HttpScenario, fields: Json, code: str) -> None:
        status, problem = await self.change(office, **fields)
        assert (status, problem["code"]) == (422, code)

    async def test_given_entry_rules_then_they_are_shown_from_then_on(self, office: HttpScenario) -> None:
        path = f"/api/v1/performances/{office.performance_id}"
        demanding = {"registered_devices": True, "disputed_tickets_admitted": True}
        for rules in (demanding, {"registered_devices": False, "disputed_tickets_admitted": False}):
            changed = await office.shop.client.patch(path, json={"entry_rules": rules}, headers=office.organizer)
            assert done(changed)["entry_rules"] == rules
        body = {"starts_at": in_days(10), "layout_id": office.layout_id, "prices": PRICES, "entry_rules": demanding}
        scheduled = done(await office.post(f"/events/{office.event_id}/performances", office.organizer, body))
        assert scheduled["entry_rules"] == demanding

    async def test_given_last_years_date_then_422_and_nothing_changes(self, office: HttpScenario) -> None:
        assert (await self.change(office, on_sale_at=in_days(-800)))[0] == 200
        head = await office.head()
        status, problem = await self.change(office, starts_at=in_days(-365))
        assert (status, problem["code"]) == (422, "invalid")
        assert "past" in problem["detail"]
        assert await office.head() == head

    async def test_given_no_time_for_the_doors_then_there_is_none(self, office: HttpScenario) -> None:
        assert (await self.change(office, doors_at=in_days(1)))[1]["doors_at"] is not None
        assert (await self.change(office, doors_at=None))[1]["doors_at"] is None

    async def test_given_doors_then_it_shows_when_tickets_are_admitted(self, office: HttpScenario) -> None:
        body = {"starts_at": "2031-05-01T20:00:00Z", "layout_id": office.layout_id, "prices": PRICES}
        path = f"/events/{office.event_id}/performances"
        for doors, opens in (({}, "17:00"), ({"doors_at": "2031-05-01T19:00:00Z"}, "18:00")):
            scheduled = done(await office.post(path, office.organizer, {**body, **doors}))
            assert scheduled["entry_opens_at"] == f"2031-05-01T{opens}:00Z"
            assert scheduled["entry_closes_at"] == "2031-05-02T08:00:00Z"


class TestCancelPerformance:
    async def test_given_it_is_cancelled_then_sale_stops_and_the_answer_tells_of_refunds(
        self, office: HttpScenario
    ) -> None:
        path = f"/performances/{office.performance_id}/cancel"
        cancelled = done(await office.post(path, office.organizer, {"reason": "illness"}))
        assert (cancelled["cancel_reason"], cancelled["to_end"]["orders"]) == ("illness", 0)
        done(await office.post(path, office.organizer))
        buyer = await office.somebody()
        assert refused(await office.order(buyer, office.seats[0])) == (409, "performance_cancelled")

    async def test_given_a_stranger_then_403(self, office: HttpScenario) -> None:
        for sender in (await office.somebody(), await office.somebody(Role.SUPPORT), office.gate):
            answer = await office.post(f"/performances/{office.performance_id}/cancel", sender)
            assert refused(answer) == (403, "forbidden")


class TestShowLayout:
    async def test_given_a_browser_then_the_drawing_is_kept_for_ever(self, office: HttpScenario) -> None:
        path = f"/performances/{office.performance_id}/layout"
        answer = await office.get(path)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        drawing = done(answer)
        assert (drawing["seat_count"], drawing["areas"][0]["key"]) == (42, office.area)
        again = await office.get(path, {"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")

    async def test_given_no_compression_is_wanted_then_it_comes_plain(self, shop: Shop, office: HttpScenario) -> None:
        path = f"/api/v1/performances/{office.performance_id}/layout"
        plain = await shop.client.get(path, headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        drawing = await shop.engine.layout_documents.get(office.layout_id)
        assert json.loads(gzip.decompress(drawing.compressed)) == plain.json()
