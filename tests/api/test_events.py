"""Events over HTTP: create, publish, search, update, delete."""

import pytest

from api.queries import event_deletion
from application.errors import Behind
from domain.values import Role
from tests.api.http_scenario import PRICES, HttpScenario, Json, done, folding, in_days, price, refused
from tests.api.shop import Shop

UNKNOWN = "01935a1c-0000-7000-8000-00000000dead"


def draft_of(office: HttpScenario, **fields: object) -> Json:
    """Return the body that creates an event."""
    return {"organizer_id": office.organizer_id, "venue_id": office.venue_id, "title": "Peer Gynt", **fields}


class TestCreateEvent:
    async def test_given_a_draft_then_only_its_organizer_sees_it(
        self, shop: Shop, office: HttpScenario, shop_database: str
    ) -> None:
        draft = done(await office.post("/events", office.organizer, draft_of(office)))
        assert draft["status"] == "draft"
        path = f"/events/{draft['event_id']}"
        async with folding(shop, shop_database):
            assert done(await office.get(path, office.organizer))["title"] == "Peer Gynt"
            assert done(await office.get(path, await office.somebody(Role.ADMIN)))["title"] == "Peer Gynt"
            assert refused(await office.get(path)) == (404, "not_found")
            assert refused(await office.get(path, await office.somebody())) == (404, "not_found")
            listed = done(await office.get("/events", min_position=draft["position"]))["items"]
            assert [event["event_id"] for event in listed] == [office.event_id]
            own = done(await office.get("/events", office.organizer, min_position=draft["position"]))["items"]
            assert {event["event_id"] for event in own} == {office.event_id, draft["event_id"]}

    @pytest.mark.parametrize(
        "fields",
        [
            {"title": ""},
            {"title": "Nul\0l"},
            {"title": "x" * 201},
            {"title": "two\nlines"},
            {"description": "x" * 10_001},
            {"image_url": "javascript:alert(1)"},
            {"image_url": "https://example.com/a b"},
            {"image_url": "https://x/');}body{"},
            {"venue_id": "garbage"},
            {"published": True},
        ],
        ids=lambda fields: str(fields)[:40],
    )
    async def test_given_a_senseless_field_then_422_and_no_trace(self, office: HttpScenario, fields: Json) -> None:
        head = await office.head()
        assert refused(await office.post("/events", office.organizer, draft_of(office, **fields))) == (422, "malformed")
        assert await office.head() == head

    async def test_given_a_lone_surrogate_in_the_title_then_422_and_no_trace(self, office: HttpScenario) -> None:
        head = await office.head()
        raw = b'{"venue_id": "%s", "organizer_id": "%s", "title": "\\ud800"}' % (
            office.venue_id.encode(),
            office.organizer_id.encode(),
        )
        headers = {**office.organizer, "Content-Type": "application/json"}
        answer = await office.shop.client.post("/api/v1/events", content=raw, headers=headers)
        assert refused(answer) == (422, "malformed")
        assert await office.head() == head

    async def test_given_an_unknown_venue_then_404(self, office: HttpScenario) -> None:
        answer = await office.post("/events", office.organizer, draft_of(office, venue_id=UNKNOWN))
        assert refused(answer) == (404, "not_found")


class TestFindEvents:
    async def test_given_words_place_category_and_time_then_it_is_found(
        self, shop: Shop, office: HttpScenario, shop_database: str
    ) -> None:
        async with folding(shop, shop_database):
            head = await office.head()
            for query in (
                Json(q="temp"),
                Json(q="harbour"),
                Json(city="bergen"),
                Json(venue=office.venue_id),
                Json(category="theatre"),
                Json({"from": in_days(29)[:10], "to": in_days(31)[:10]}),
                Json({"from": in_days(29), "to": in_days(31)}),
            ):
                found = done(await office.get("/events", min_position=head, **query))["items"]
                assert [event["event_id"] for event in found] == [office.event_id], query
            for query in (Json(q="hamlet"), Json(city="Oslo"), Json(category="opera"), Json({"from": in_days(31)})):
                assert done(await office.get("/events", **query))["items"] == [], query
        (performance,) = found[0]["performances"]
        assert performance["availability"]["available"] == performance["seat_count"] == 42
        assert found[0]["venue"]["city"] == "Bergen"

    @pytest.mark.parametrize(
        "query",
        [
            {"limit": 0},
            {"limit": 101},
            {"cursor": "garbage"},
            {"cursor": f"2027-01-01T00:00:00_{UNKNOWN}"},
            {"from": "soon"},
            {"from": "1814000000"},
            {"from": "20270101"},
            {"to": "2027-01-01T12:00Z"},
            {"from": "2027-01-01T12:00:00"},
            {"to": "9999-12-31"},
            {"venue": "x"},
            {"min_position": -1},
        ],
        ids=str,
    )
    async def test_given_a_senseless_question_then_422(self, shop: Shop, query: Json) -> None:
        assert refused(await shop.client.get("/api/v1/events", params=query))[0] == 422

    async def test_given_many_then_page_by_page(self, shop: Shop, office: HttpScenario, shop_database: str) -> None:
        wanted = [office.event_id]
        for number in range(2):
            event = done(await office.post("/events", office.organizer, draft_of(office)))["event_id"]
            done(await office.post(f"/events/{event}/publish", office.organizer))
            if number == 0:
                showing = {
                    "starts_at": in_days(40),
                    "layout_id": office.layout_id,
                    "prices": [{"category": "stalls", "price": price(1)}],
                }
                done(await office.post(f"/events/{event}/performances", office.organizer, showing))
            wanted.append(event)
        async with folding(shop, shop_database):
            found: list[str] = []
            page = done(await office.get("/events", limit=1, min_position=await office.head()))
            found += [event["event_id"] for event in page["items"]]
            while page["next"]:
                page = done(await office.get("/events", limit=1, cursor=page["next"]))
                found += [event["event_id"] for event in page["items"]]
        assert found == wanted


class TestChangeEvent:
    async def test_given_a_new_title_then_the_rest_stays(self, office: HttpScenario) -> None:
        path = f"/api/v1/events/{office.event_id}"
        answer = await office.shop.client.patch(path, json={"title": "A Tempest"}, headers=office.organizer)
        changed = done(answer)
        assert (changed["title"], changed["category"], changed["status"]) == ("A Tempest", "Theatre", "published")
        gone = done(await office.shop.client.patch(path, json={"category": None}, headers=office.organizer))
        assert (gone["title"], gone["category"]) == ("A Tempest", "")

    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("HTTPS://Example.com/Hamlet.JPG", "https://Example.com/Hamlet.JPG"),
            ("https://x/Hamlet_(1948)'.jpg", "https://x/Hamlet_%281948%29%27.jpg"),
        ],
    )
    async def test_given_a_picture_then_its_address_is_kept_in_one_spelling(
        self, office: HttpScenario, given: str, kept: str
    ) -> None:
        path = f"/api/v1/events/{office.event_id}"
        changed = await office.shop.client.patch(path, json={"image_url": given}, headers=office.organizer)
        assert done(changed)["image_url"] == kept

    async def test_given_somebody_elses_then_403_and_a_draft_404(self, office: HttpScenario) -> None:
        _, members = await office.shop.organizer(bob=Role.ORGANIZER)
        bob = office.shop.bearer(members["bob"])
        draft = done(await office.post("/events", office.organizer, draft_of(office)))["event_id"]
        for event, expected in ((office.event_id, (403, "forbidden")), (draft, (404, "not_found"))):
            path = f"/api/v1/events/{event}"
            assert refused(await office.shop.client.patch(path, json={"title": "Mine"}, headers=bob)) == expected


class TestDeleteEvent:
    async def test_given_nothing_was_booked_then_it_is_gone(
        self, shop: Shop, office: HttpScenario, shop_database: str
    ) -> None:
        path = f"/events/{office.event_id}"
        blocked = {"seats": list(office.seats[:2]), "reason": "house"}
        done(await office.post(f"/performances/{office.performance_id}/seats/block", office.organizer, blocked))
        headers = {**office.organizer, "Idempotency-Key": "gone"}
        async with folding(shop, shop_database):
            first = await shop.client.delete(f"/api/v1{path}", headers=headers)
            assert done(first)["status"] == "archived"
            again = await shop.client.delete(f"/api/v1{path}", headers=headers)
            assert again.content == first.content
            assert refused(await office.get(path)) == (404, "not_found")
            assert done(await office.get("/events", min_position=await office.head()))["items"] == []
        buyer = await office.somebody()
        assert refused(await office.order(buyer, office.seats[5])) == (404, "not_found")

    async def test_given_a_booking_then_it_stays_and_sells_on(
        self, shop: Shop, office: HttpScenario, shop_database: str
    ) -> None:
        done(await office.order(await office.somebody(), office.seats[0]))
        async with folding(shop, shop_database):
            head = await office.head()
            answer = await shop.client.delete(f"/api/v1/events/{office.event_id}", headers=office.organizer)
        assert refused(answer) == (409, "has_bookings")
        assert await office.head() == head
        done(await office.order(await office.somebody(), office.seats[1]))

    async def test_given_a_claim_that_ended_and_a_block_since_then_it_stays(
        self, shop: Shop, office: HttpScenario, shop_database: str
    ) -> None:
        buyer = await office.somebody()
        held = done(await office.hold(buyer, office.seats[0]))
        done(await shop.client.delete(f"/api/v1/holds/{held['hold_id']}", headers=buyer))
        blocked = {"seats": [office.seats[0]], "reason": "house"}
        done(await office.post(f"/performances/{office.performance_id}/seats/block", office.organizer, blocked))
        async with folding(shop, shop_database):
            answer = await shop.client.delete(f"/api/v1/events/{office.event_id}", headers=office.organizer)
        assert refused(answer) == (409, "has_bookings")

    async def test_given_it_is_published_meanwhile_then_it_stays_and_the_answer_says_so(
        self, shop: Shop, office: HttpScenario, shop_database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        draft = done(await office.post("/events", office.organizer, draft_of(office)))["event_id"]
        path = f"/events/{draft}"
        body = {"starts_at": in_days(30), "layout_id": office.layout_id, "prices": PRICES}
        done(await office.post(f"{path}/performances", office.organizer, body))
        checks: list[str] = []

        async def publishing(_: object, performance: str) -> bool:
            checks.append(performance)
            if len(checks) == 2:
                done(await office.post(f"{path}/publish", office.organizer))
            return False

        async with folding(shop, shop_database):
            with monkeypatch.context() as patched:
                patched.setattr(event_deletion, "performance_has_bookings", publishing)
                answer = await shop.client.delete(f"/api/v1{path}", headers=office.organizer)
            assert refused(answer) == (409, "deletion_given_up")
            assert done(await office.post(f"{path}/publish", office.organizer))["status"] == "published"
            again = await shop.client.delete(f"/api/v1{path}", headers=office.organizer)
            assert done(again)["status"] == "archived"

    async def test_given_the_bookings_cannot_be_checked_then_it_sells_on(
        self, shop: Shop, office: HttpScenario, shop_database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        checks: list[str] = []

        async def failing(_: object, performance: str) -> bool:
            checks.append(performance)
            if len(checks) == 2:
                raise Behind("late")
            return False

        async with folding(shop, shop_database):
            with monkeypatch.context() as patched:
                patched.setattr(event_deletion, "performance_has_bookings", failing)
                answer = await shop.client.delete(f"/api/v1/events/{office.event_id}", headers=office.organizer)
            assert refused(answer) == (503, "behind")
            done(await office.order(await office.somebody(), office.seats[1]))


class TestChangeNothing:
    async def test_given_nothing_that_is_to_be_different_then_422(self, office: HttpScenario) -> None:
        path = f"/api/v1/events/{office.event_id}"
        answer = await office.shop.client.patch(path, json={}, headers=office.organizer)
        assert refused(answer) == (422, "malformed")
