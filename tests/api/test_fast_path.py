"""Fast paths: the same answers as through the framework."""

import httpx
import pytest
from starlette.types import Receive, Scope, Send
from uuid_utils.compat import uuid7

from tests.api.http_scenario import Headers, HttpScenario, done, refused
from tests.api.shop import V1

JSON = {"Content-Type": "application/json"}


async def both(
    office: HttpScenario, method: str, path: str, headers: Headers, content: bytes | None = None
) -> list[httpx.Response]:
    """Send the same request through the fast path and through the framework."""
    request = office.shop.client.build_request(method, V1 + path, headers=headers, content=content)
    lane = await office.shop.client.send(request)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(office.shop.app.middleware_stack, "_fast_paths", {})
        return [lane, await office.shop.client.send(request)]


def outside(answer: httpx.Response) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return the parts of an answer that a client sees."""
    return answer.status_code, sorted(answer.headers.items()), answer.content


def faults_in(answer: httpx.Response) -> list[str]:
    """Return the paths of a request's faults."""
    return [fault["path"] for fault in answer.json().get("faults", [])]


class TestLanes:
    @pytest.mark.usefixtures("folded")
    async def test_given_the_usual_way_is_closed_then_lanes_are_open(
        self, office: HttpScenario, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        buyer, seats = await office.somebody(), f"/performances/{office.performance_id}/seats"
        await office.get(seats, min_position=await office.head())

        async def closed(_scope: Scope, _receive: Receive, _send: Send) -> None:
            raise ConnectionError("this is not the lane")

        monkeypatch.setattr(office.shop.app.middleware_stack, "_app", closed)
        done(await office.get(seats))
        done(await office.hold(buyer, office.seats[0]))
        done(await office.order(buyer, office.seats[1]))
        other_spelling = f"/performances/{office.performance_id.upper()}/seats"
        usual = (
            await office.get(other_spelling),
            await office.get(seats, min_position=0),
            await office.get("/events"),
        )
        assert [answer.status_code for answer in usual] == [500, 500, 500]

    @pytest.mark.usefixtures("folded")
    async def test_given_the_document_of_seats_then_the_same_either_way(self, office: HttpScenario) -> None:
        path = f"/performances/{office.performance_id}/seats"
        await office.get(path, min_position=await office.head())
        lane, usual = await both(office, "GET", path, {})
        assert outside(lane) == outside(usual)
        assert lane.status_code == 200
        lane, usual = await both(office, "GET", path, {"If-None-Match": lane.headers["etag"]})
        assert outside(lane) == outside(usual)
        assert lane.status_code == 304

    @pytest.mark.parametrize(
        "content",
        [
            b'{"items": []}',
            b'{"items": [{"seat": "s1", "color": "red"}]}',
            b'{"items": [{"seat": "\\u0000"}]}',
            b"[]",
        ],
    )
    async def test_given_a_wish_that_is_refused_then_for_the_same_fault_either_way(
        self, office: HttpScenario, content: bytes
    ) -> None:
        headers = {**await office.somebody(), **JSON}
        lane, usual = await both(office, "POST", f"/performances/{office.performance_id}/holds", headers, content)
        assert refused(lane) == refused(usual)
        assert faults_in(lane) == faults_in(usual)
        assert lane.status_code == 422

    async def test_given_what_is_not_there_or_not_allowed_then_the_same_either_way(self, office: HttpScenario) -> None:
        command = b'{"items": [{"seat": "a1"}]}'
        for method, path, headers, status in (
            ("GET", f"/performances/{uuid7()}/seats", {}, 404),
            ("POST", f"/performances/{uuid7()}/holds", {**await office.somebody(), **JSON}, 404),
            ("POST", f"/performances/{office.performance_id}/holds", JSON, 401),
            ("POST", "/orders", JSON, 401),
        ):
            lane, usual = await both(office, method, path, headers, command if method == "POST" else None)
            assert outside(lane) == outside(usual)
            assert lane.status_code == status
