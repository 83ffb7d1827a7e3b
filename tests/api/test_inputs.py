"""Inputs that a route does not read are refused: unknown and repeated query parameters, unexpected bodies."""

import pytest

from api.auth.access import ACCESS
from api.http.routing import GuardedRoute
from domain.values import Role
from tests.api.http_scenario import HttpScenario, done, refused
from tests.api.shop import V1

MALFORMED = (422, "malformed")


class TestQueryParameters:
    @pytest.mark.parametrize("path", ["/venues", "/events", "/organizers", "/orders", "/refunds", "/me"])
    async def test_given_an_unknown_parameter_then_it_is_refused_by_name(self, office: HttpScenario, path: str) -> None:
        answer = await office.get(path, await office.somebody(), colour="red")
        assert refused(answer) == MALFORMED
        assert [fault["path"] for fault in answer.json()["faults"]] == ["query.colour"]

    async def test_given_a_report_of_an_event_then_the_filters_there_are_are_named(self, office: HttpScenario) -> None:
        answer = await office.get("/reports/sales", office.organizer, event_id=office.event_id)
        assert refused(answer) == MALFORMED
        assert "performance_id" in answer.json()["faults"][0]["message"]

    async def test_given_a_parameter_twice_then_it_is_refused(self, office: HttpScenario) -> None:
        answer = await office.shop.client.get(f"{V1}/venues?limit=1&limit=2")
        assert refused(answer) == MALFORMED

    async def test_given_a_list_then_its_parameter_may_be_repeated(self, office: HttpScenario) -> None:
        auditor = await office.somebody(Role.AUDITOR)
        names = {"name": ["SeatHeld", "SeatSold"]}
        done(await office.shop.client.get(f"{V1}/audit/log", headers=auditor, params=names))

    async def test_given_a_command_then_a_query_is_refused_and_nothing_changes(self, office: HttpScenario) -> None:
        buyer, head = await office.somebody(), await office.head()
        body = {"items": [{"seat": office.seats[0]}]}
        path = f"{V1}/performances/{office.performance_id}/holds"
        answer = await office.shop.client.post(path, json=body, headers=buyer, params={"minutes": "60"})
        assert refused(answer) == MALFORMED
        assert await office.head() == head

    async def test_given_every_route_then_an_unknown_parameter_is_refused_before_any_work(
        self, office: HttpScenario
    ) -> None:
        routes = [route for route in office.shop.app.routes if isinstance(route, GuardedRoute)]
        assert len(routes) == len(ACCESS)
        for route in routes:
            (method,) = route.methods or {"GET"}
            path = route.path.format(**dict.fromkeys(route.param_convertors, office.performance_id))
            answer = await office.shop.client.request(method, path, params={"surprise": "1"})
            assert (route.path, refused(answer)) == (route.path, MALFORMED)

    @pytest.mark.usefixtures("folded")
    @pytest.mark.parametrize("path", ["/events", "/reports/sales", "/audit/log", "/audit/export"])
    async def test_given_a_period_that_ends_before_it_begins_then_it_is_refused(
        self, office: HttpScenario, path: str
    ) -> None:
        sender = await office.somebody(Role.ADMIN, Role.AUDITOR)
        clock = "T00:00:00Z" if path.startswith("/audit") else ""
        backwards = {"from": f"2027-03-02{clock}", "to": f"2027-03-01{clock}"}
        assert refused(await office.get(path, sender, **backwards)) == MALFORMED
        one_day = await office.get(path, sender, **{"from": f"2027-03-01{clock}", "to": f"2027-03-01{clock}"})
        assert one_day.is_success

    @pytest.mark.usefixtures("folded")
    async def test_given_blanks_around_a_place_then_it_is_found(self, office: HttpScenario) -> None:
        head = await office.head()
        for path in ("/events", "/venues"):
            assert done(await office.get(path, None, city=" bergen ", min_position=head))["items"]

    @pytest.mark.usefixtures("folded")
    @pytest.mark.parametrize("blank", ["", " ", "\u200b"], ids=ascii)
    @pytest.mark.parametrize(
        ("path", "name"), [("/events", "q"), ("/events", "city"), ("/events", "category"), ("/venues", "city")]
    )
    async def test_given_a_blank_filter_then_it_filters_nothing(
        self, office: HttpScenario, path: str, name: str, blank: str
    ) -> None:
        assert done(await office.get(path, None, min_position=await office.head(), **{name: blank}))["items"]


class TestBodies:
    @pytest.mark.parametrize(
        "body",
        [
            b'{"items": [{"seat": "s1"}], "items": [{"seat": "s2"}]}',
            b'{"items": [{"seat": "s1", "ticket_type": "child", "ticket_type": "adult"}]}',
            b'{"items": [{"seat": "s1"}], "\\u0069tems": []}',
            b'{"items": ' + b"[" * 900 + b"]" * 900 + b"}",
        ],
        ids=["field", "nested", "escaped", "deep"],
    )
    async def test_given_a_name_twice_or_too_much_depth_then_it_is_refused_and_nothing_changes(
        self, office: HttpScenario, body: bytes
    ) -> None:
        buyer, head = await office.somebody(), await office.head()
        path = f"{V1}/performances/{office.performance_id}/holds"
        headers = {**buyer, "Content-Type": "application/json"}
        assert refused(await office.shop.client.post(path, content=body, headers=headers)) == MALFORMED
        assert await office.head() == head

    @pytest.mark.parametrize("body", [b"{}", b'{"reason": "illness"}', b"text"])
    async def test_given_a_body_where_none_is_due_then_it_is_refused(self, office: HttpScenario, body: bytes) -> None:
        path = f"{V1}/events/{office.event_id}/publish"
        head = await office.head()
        answer = await office.shop.client.post(path, content=body, headers=office.organizer)
        assert refused(answer) == MALFORMED
        assert await office.head() == head

    async def test_given_a_read_with_a_body_then_it_is_refused(self, office: HttpScenario) -> None:
        answer = await office.shop.client.request("GET", f"{V1}/venues", content=b"{}")
        assert refused(answer) == MALFORMED

    async def test_given_an_optional_body_then_it_may_be_missing(self, office: HttpScenario) -> None:
        performance = await office.performance()
        done(await office.post(f"/performances/{performance}/cancel", office.organizer))
