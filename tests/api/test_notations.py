"""Ids, numbers and times have one accepted notation each; others are refused."""

import pytest

from api.auth.access import ACCESS
from api.http.routing import GuardedRoute
from domain.values import Role
from tests.api.http_scenario import HttpScenario, Json, done, refused
from tests.api.shop import V1

MALFORMED = (422, "malformed")
OTHER_SPELLINGS = ["{}", "urn:uuid:{}", "{{{}}}", "{} ", "x{}"]


def changes(office: HttpScenario) -> list[tuple[str, str, Json]]:
    """Return one resource of each kind that its organizer may change: its path, id and change."""
    return [
        ("/events/", office.event_id, {"title": "King Lear"}),
        ("/performances/", office.performance_id, {"sales": "paused"}),
        ("/venues/", office.venue_id, {"name": "Opera"}),
    ]


@pytest.mark.usefixtures("folded")
class TestIds:
    async def test_given_capital_letters_then_reads_and_changes_find_the_same_thing(self, office: HttpScenario) -> None:
        for path, key, change in changes(office):
            done(await office.get(path + key.upper(), office.organizer))
            done(await office.shop.client.patch(V1 + path + key.upper(), json=change, headers=office.organizer))
        organizer = done(await office.get("/organizers", office.organizer))["items"][0]["organizer_id"]
        done(await office.get(f"/organizers/{organizer.upper()}/members", office.organizer))
        done(await office.get(f"/reports/performances/{office.performance_id.upper()}", office.organizer))

    @pytest.mark.parametrize("spelling", OTHER_SPELLINGS[1:])
    async def test_given_another_spelling_then_every_route_refuses_it_alike(
        self, office: HttpScenario, spelling: str
    ) -> None:
        routes = [route for route in office.shop.app.routes if isinstance(route, GuardedRoute) and route.inputs.ids]
        assert len(routes) > len(ACCESS) // 3
        sender = await office.somebody(Role.ADMIN, Role.SUPPORT, Role.AUDITOR)
        for route in routes:
            (method,) = route.methods or {"GET"}
            spelt = spelling.format(office.performance_id)
            path = route.path.format(**dict.fromkeys(route.param_convertors, spelt))
            answer = await office.shop.client.request(method, path, headers=sender)
            assert (method, route.path, refused(answer)) == (method, route.path, MALFORMED)

    async def test_given_an_id_without_hyphens_then_it_is_refused_in_path_query_and_body(
        self, office: HttpScenario
    ) -> None:
        bare = office.performance_id.replace("-", "")
        support = await office.somebody(Role.SUPPORT)
        assert refused(await office.get(f"/performances/{bare}")) == MALFORMED
        assert refused(await office.get("/orders", support, performance=bare)) == MALFORMED
        items = [{"seat": office.seats[0]}]
        assert refused(await office.post("/orders", support, {"performance_id": bare, "items": items})) == MALFORMED


@pytest.mark.usefixtures("folded")
class TestNumbersAndFlags:
    @pytest.mark.parametrize("spelt", ["+5", "5.0", "1_0", " 5", "5 ", "\u0665", "0x5", "5e0", ""])
    @pytest.mark.parametrize("name", ["limit", "min_position"])
    async def test_given_a_number_that_is_not_digits_then_it_is_refused(
        self, office: HttpScenario, name: str, spelt: str
    ) -> None:
        assert refused(await office.get("/events", None, **{name: spelt})) == MALFORMED

    @pytest.mark.parametrize("spelt", ["yes", "on", "1", "TRUE", "t"])
    async def test_given_a_flag_that_is_not_true_or_false_then_it_is_refused(
        self, office: HttpScenario, spelt: str
    ) -> None:
        auditor = await office.somebody(Role.AUDITOR)
        assert refused(await office.get("/audit/log", auditor, newest_first=spelt)) == MALFORMED


@pytest.mark.usefixtures("folded")
class TestCalendar:
    @pytest.mark.parametrize("day", ["0001-01-01", "1970-12-31", "2200-01-01", "9999-12-31", "20270501", "1814000000"])
    @pytest.mark.parametrize("path", ["/events", "/reports/sales"])
    async def test_given_a_day_outside_the_calendar_then_it_is_refused(
        self, office: HttpScenario, path: str, day: str
    ) -> None:
        for bound in ("from", "to"):
            assert refused(await office.get(path, office.organizer, **{bound: day})) == MALFORMED

    @pytest.mark.parametrize(
        "moment", ["2199-12-31T23:00:00-14:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
    )
    async def test_given_a_time_whose_utc_lies_outside_the_calendar_then_it_is_refused(
        self, office: HttpScenario, moment: str
    ) -> None:
        change = {"starts_at": moment}
        path = f"{V1}/performances/{office.performance_id}"
        assert refused(await office.shop.client.patch(path, json=change, headers=office.organizer)) == MALFORMED
        assert refused(await office.get("/events", None, to=moment)) == MALFORMED


class TestBodies:
    @pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "json", "x+json", ""])
    async def test_given_a_body_that_is_not_said_to_be_json_then_the_answer_says_how_to_send_it(
        self, office: HttpScenario, kind: str
    ) -> None:
        bodies = [
            ("PATCH", f"/events/{office.event_id}", b'{"title": "King Lear"}'),
            ("POST", "/orders", b"{}"),
            ("POST", f"/venues/{office.venue_id}/layouts", b"{}"),
        ]
        for method, path, body in bodies:
            headers = {**office.organizer, "Content-Type": kind}
            answer = await office.shop.client.request(method, V1 + path, content=body, headers=headers)
            assert refused(answer) == MALFORMED
            assert "Content-Type: application/json" in answer.json()["detail"]

    @pytest.mark.parametrize(
        "body", [b'\xef\xbb\xbf{"title": "x"}', b'{"title": NaN}', b'{"title": "\\ud800"}', b'{"title": 1e400}', b"{"]
    )
    async def test_given_what_is_not_json_then_the_answer_says_so(self, office: HttpScenario, body: bytes) -> None:
        headers = {**office.organizer, "Content-Type": "application/json"}
        answer = await office.shop.client.patch(f"{V1}/events/{office.event_id}", content=body, headers=headers)
        assert refused(answer) == MALFORMED
        assert "The body must be JSON" in answer.json()["detail"]

    async def test_given_a_backslash_before_u0000_then_it_is_text_and_no_nul(self, office: HttpScenario) -> None:
        path, headers = f"{V1}/events/{office.event_id}", {**office.organizer, "Content-Type": "application/json"}
        written = await office.shop.client.patch(path, content=rb'{"title": "a\\u0000b"}', headers=headers)
        assert done(written)["title"] == r"a\u0000b"
        for body in (rb'{"title": "a\u0000b"}', rb'{"title": "a\\\u0000b"}'):
            assert refused(await office.shop.client.patch(path, content=body, headers=headers)) == MALFORMED

    @pytest.mark.parametrize("blank", ["\u3164", "\u2800", "\uffa0\u115f", "\U000e0041"])
    async def test_given_a_name_of_characters_that_are_drawn_as_blanks_then_it_is_refused(
        self, office: HttpScenario, blank: str
    ) -> None:
        path = f"{V1}/events/{office.event_id}"
        answer = await office.shop.client.patch(path, json={"title": blank}, headers=office.organizer)
        assert refused(answer) == MALFORMED

    async def test_given_a_value_that_does_not_fit_then_the_answer_says_what_to_write(
        self, office: HttpScenario
    ) -> None:
        change = {"time_zone": "Mars/Olympus", "country": "de", "name": "a\u202eb"}
        path = f"{V1}/venues/{office.venue_id}"
        detail = (await office.shop.client.patch(path, json=change, headers=office.organizer)).json()["detail"]
        assert "must be the name of an IANA time zone" in detail
        assert "must be two capital letters" in detail
        assert "Value error" not in detail
        assert "match pattern" not in detail


class TestPreconditions:
    @pytest.mark.parametrize("header", ["If-Match", "If-Unmodified-Since"])
    async def test_given_a_precondition_that_a_route_does_not_check_then_nothing_is_changed(
        self, office: HttpScenario, header: str
    ) -> None:
        path, head = f"{V1}/events/{office.event_id}", await office.head()
        headers = {**office.organizer, header: '"somebody else\'s"'}
        assert refused(await office.shop.client.delete(path, headers=headers)) == MALFORMED
        assert refused(await office.shop.client.post(f"{path}/publish", headers=headers)) == MALFORMED
        assert await office.head() == head

    @pytest.mark.parametrize("header", ["Authorization", "Content-Type", "Device-Key", "Idempotency-Key", "If-Match"])
    async def test_given_a_header_twice_then_neither_is_ignored(self, office: HttpScenario, header: str) -> None:
        path, head = f"{V1}/events/{office.event_id}", await office.head()
        headers = [*office.organizer.items(), (header, "*"), (header, "another")]
        assert refused(await office.shop.client.patch(path, json={"title": "x"}, headers=headers)) == MALFORMED
        assert await office.head() == head
