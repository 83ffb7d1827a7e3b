"""Venues and layouts over HTTP."""

import json

import pytest

from domain.values import Role
from tests.api.http_scenario import VENUE, Headers, HttpScenario, Json, done, folding, layout_document, refused
from tests.api.shop import Shop

UNKNOWN = "01935a1c-0000-7000-8000-00000000dead"
GRID = {"sections": [{"name": "Stalls", "category": "A", "rows": 3, "seats_per_row": 4}]}


@pytest.fixture
async def ann(shop: Shop) -> Headers:
    """Headers of an organizer of exactly one organizer."""
    _, members = await shop.organizer(ann=Role.ORGANIZER)
    return shop.bearer(members["ann"])


class TestOpenVenue:
    async def test_given_an_organizer_then_the_venue_is_theirs(self, office: HttpScenario) -> None:
        shown = done(await office.get(f"/venues/{office.venue_id}"))
        assert shown["organizer_id"] == office.organizer_id
        assert {name: shown[name] for name in VENUE} == VENUE
        assert [layout["layout_id"] for layout in shown["layouts"]] == [office.layout_id]

    async def test_given_the_only_organizer_they_have_then_it_need_not_be_named(
        self, shop: Shop, ann: Headers, shop_database: str
    ) -> None:
        async with folding(shop, shop_database):
            head = await shop.engine.store.head()
            done(await shop.client.get("/api/v1/organizers", params={"min_position": head}, headers=ann))
            answer = await shop.client.post("/api/v1/venues", json=VENUE, headers=ann)
        assert answer.status_code == 201

    @pytest.mark.parametrize(
        "field",
        [
            {"country": "XX"},
            {"country": "no"},
            {"time_zone": "Mars/Olympus"},
            {"time_zone": "../../etc/passwd"},
            {"time_zone": "localtime"},
            {"time_zone": "Factory"},
            {"name": ""},
            {"name": " \t "},
            {"name": "x" * 201},
            {"name": "Nul\0l"},
            {"city": "Bell\x07"},
            {"latitude": 60},
        ],
        ids=lambda field: str(field)[:40],
    )
    async def test_given_a_senseless_field_then_422_and_no_trace(self, office: HttpScenario, field: Json) -> None:
        body = {**VENUE, "organizer_id": office.organizer_id, **field}
        head = await office.head()
        assert refused(await office.post("/venues", office.organizer, body)) == (422, "malformed")
        assert await office.head() == head

    async def test_given_another_organizer_then_403(self, office: HttpScenario) -> None:
        _, members = await office.shop.organizer(bob=Role.ORGANIZER)
        body = {**VENUE, "organizer_id": office.organizer_id}
        stranger, head = office.shop.bearer(members["bob"]), await office.head()
        assert refused(await office.post("/venues", stranger, body)) == (403, "forbidden")
        assert await office.head() == head

    async def test_given_an_admin_and_no_such_organizer_then_404(self, office: HttpScenario) -> None:
        body = {**VENUE, "organizer_id": UNKNOWN}
        assert refused(await office.post("/venues", await office.somebody(Role.ADMIN), body)) == (404, "not_found")

    async def test_given_venues_then_they_are_listed_by_city(
        self, shop: Shop, office: HttpScenario, shop_database: str
    ) -> None:
        elsewhere = {**VENUE, "organizer_id": office.organizer_id, "city": "Tromsø"}
        opened = done(await office.post("/venues", office.organizer, elsewhere))
        async with folding(shop, shop_database):
            everywhere = done(await office.get("/venues", min_position=opened["position"]))
            north = done(await office.get("/venues", city="TROMSO"))
            first = done(await office.get("/venues", limit=1))
            second = done(await office.get("/venues", limit=1, cursor=first["next"]))
        ids = [office.venue_id, opened["venue_id"]]
        assert [venue["venue_id"] for venue in everywhere["items"]] == ids
        assert [venue["venue_id"] for venue in north["items"]] == ids[1:]
        assert [venue["venue_id"] for page in (first, second) for venue in page["items"]] == ids


class TestPublishLayout:
    async def test_given_a_grid_then_it_is_the_next_version(self, office: HttpScenario) -> None:
        body = {"name": "Small stage", "format": "grid", "document": GRID}
        answer = await office.post(f"/venues/{office.venue_id}/layouts", office.organizer, body)
        published = done(answer)
        assert (answer.status_code, published["version"], published["seat_count"]) == (201, 2, 12)

    async def test_given_a_document_without_a_name_then_it_has_the_requests(self, office: HttpScenario) -> None:
        body = {"name": "Small stage", "format": "grid", "document": GRID}
        published = done(await office.post(f"/venues/{office.venue_id}/layouts", office.organizer, body))
        exported = done(await office.get(f"/layouts/{published['layout_id']}", office.organizer))
        assert exported["name"] == "Small stage"

    async def test_given_repeated_ids_then_the_option_makes_them_of_labels(self, office: HttpScenario) -> None:
        document = layout_document()
        for seat in document["sections"][0]["rows"][0]["seats"]:
            seat["id"] = "same"
        body = {"name": "Twins", "format": "seatledger", "document": document}
        path = f"/venues/{office.venue_id}/layouts"
        assert refused(await office.post(path, office.organizer, body)) == (422, "layout_faults")
        published = done(await office.post(path, office.organizer, {**body, "options": {"make_repeated_ids": True}}))
        exported = done(await office.get(f"/layouts/{published['layout_id']}", office.organizer))
        assert exported["sections"][0]["rows"][0]["seats"][0]["id"] == "Stalls/A/1"

    async def test_given_an_unknown_option_then_422(self, office: HttpScenario) -> None:
        body = {"name": "Odd", "format": "grid", "document": GRID, "options": {"turn": 90}}
        answer = await office.post(f"/venues/{office.venue_id}/layouts", office.organizer, body)
        assert refused(answer) == (422, "malformed")

    async def test_given_our_own_format_then_it_comes_back_byte_for_byte(self, office: HttpScenario) -> None:
        first = await office.get(f"/layouts/{office.layout_id}", office.organizer)
        body = {"name": "Again", "format": "seatledger", "document": first.json()}
        again = done(await office.post(f"/venues/{office.venue_id}/layouts", office.organizer, body))
        second = await office.get(f"/layouts/{again['layout_id']}", office.organizer)
        assert second.content == first.content

    async def test_given_a_new_version_then_seats_keep_their_keys(self, office: HttpScenario) -> None:
        document = layout_document()
        del document["sections"][0]["rows"][0]
        body = {"name": "Without row A", "format": "seatledger", "document": document}
        again = done(await office.post(f"/venues/{office.venue_id}/layouts", office.organizer, body))
        layout = done(await office.get(f"/layouts/{again['layout_id']}", office.organizer))
        keys = [seat["key"] for row in layout["sections"][0]["rows"] for seat in row["seats"]]
        assert keys == list(office.seats[10:])

    async def test_given_two_seats_of_one_label_then_every_fault_is_named(self, office: HttpScenario) -> None:
        document = layout_document()
        row = document["sections"][0]["rows"][0]["seats"]
        row[1]["label"] = row[0]["label"]
        row[2]["category"] = "nowhere"
        head = await office.head()
        body = {"name": "Broken", "format": "seatledger", "document": document}
        answer = await office.post(f"/venues/{office.venue_id}/layouts", office.organizer, body)
        assert refused(answer) == (422, "layout_faults")
        assert {fault["code"] for fault in answer.json()["faults"]} >= {"duplicate_label", "unknown_category"}
        assert await office.head() == head

    @pytest.mark.parametrize("document", ["{", "", "[]", {}, {"sections": 1}], ids=str)
    async def test_given_a_senseless_document_then_422(self, office: HttpScenario, document: object) -> None:
        body = {"name": "Broken", "format": "grid", "document": document}
        answer = await office.post(f"/venues/{office.venue_id}/layouts", office.organizer, body)
        assert refused(answer) == (422, "layout_faults")

    async def test_given_an_unknown_format_then_the_known_ones_are_named(self, office: HttpScenario) -> None:
        body = {"name": "Broken", "format": "dwg", "document": {}}
        answer = await office.post(f"/venues/{office.venue_id}/layouts", office.organizer, body)
        assert refused(answer) == (422, "layout_faults")
        assert "seatsio" in answer.json()["faults"][0]["message"]

    async def test_given_over_32_mib_then_413_and_no_trace(self, office: HttpScenario) -> None:
        body = json.dumps({"name": "Big", "format": "csv", "document": "x" * (32 * 1024 * 1024)})
        head = await office.head()
        headers = {**office.organizer, "Content-Type": "application/json"}
        path = f"/api/v1/venues/{office.venue_id}/layouts"
        answer = await office.shop.client.post(path, content=body, headers=headers)
        assert refused(answer) == (413, "body_too_large")
        assert await office.head() == head

    async def test_given_somebody_elses_venue_then_403(self, office: HttpScenario) -> None:
        _, members = await office.shop.organizer(bob=Role.ORGANIZER)
        body = {"name": "Theirs", "format": "grid", "document": GRID}
        path = f"/venues/{office.venue_id}/layouts"
        assert refused(await office.post(path, office.shop.bearer(members["bob"]), body)) == (403, "forbidden")
