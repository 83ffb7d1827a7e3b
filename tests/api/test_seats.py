"""The seat map over HTTP: shown, blocked, watched."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import orjson
import pytest

from api import live
from api.errors import Busy
from api.live import LiveFeed
from domain.values import Role
from tests.api.box_office import BoxOffice, Json, done, refused
from tests.api.shop import V1, Shop

PATIENCE_S = 10.0


async def next_message(messages: AsyncIterator[bytes]) -> Json:
    """Return the next message, without comments."""
    async with asyncio.timeout(PATIENCE_S):
        async for message in messages:
            if not message.startswith(b":"):
                fields = dict(line.split(b": ", 1) for line in message.strip().split(b"\n"))
                data: Json = orjson.loads(fields[b"data"])
                return {"event": fields[b"event"].decode(), "id": int(fields[b"id"]), **data}
    raise AssertionError("the stream ended")


@pytest.mark.usefixtures("folded")
class TestShowSeats:
    async def test_given_seats_in_every_state_then_only_those_that_are_not_free(self, office: BoxOffice) -> None:
        buyer = await office.somebody()
        done(await office.hold(buyer, *office.seats[:2]))
        done(await office.hold(buyer, area=office.area, quantity=2))
        blocked = {"seats": [office.seats[5]], "reason": "house"}
        path = f"/performances/{office.performance_id}/seats"
        last = done(await office.post(f"{path}/block", office.organizer, blocked))["position"]
        shown = done(await office.get(path, min_position=last))
        assert shown["states"] == {"held": sorted(office.seats[:2]), "sold": [], "blocked": [office.seats[5]]}
        assert shown["areas"] == [
            {"area": office.area, "capacity": 12, "held": 2, "sold": 0, "blocked": 0, "available": 10}
        ]
        assert shown["position"] >= last

    async def test_given_nothing_changed_then_304_until_something_does(self, office: BoxOffice) -> None:
        path = f"/performances/{office.performance_id}/seats"
        first = await office.get(path, min_position=await office.head())
        known = {"If-None-Match": first.headers["etag"]}
        other = f"/performances/{await office.performance()}/holds"
        done(await office.post(other, await office.somebody(), {"items": [{"seat": office.seats[0]}]}))
        again = await office.get(path, known, min_position=await office.head())
        assert (again.status_code, again.content) == (304, b"")
        done(await office.hold(await office.somebody(), office.seats[0]))
        assert (await office.get(path, known, min_position=await office.head())).status_code == 200

    async def test_given_a_position_that_no_event_has_then_422(self, office: BoxOffice) -> None:
        path = f"/performances/{office.performance_id}/seats"
        answer = await office.get(path, min_position=await office.head() + 1)
        assert refused(answer) == (422, "malformed")


class TestBlockSeats:
    async def test_given_free_seats_then_they_do_not_sell_until_they_are_unblocked(self, office: BoxOffice) -> None:
        path = f"/performances/{office.performance_id}/seats"
        buyer, seats = await office.somebody(), list(office.seats[:2])
        done(await office.post(f"{path}/block", office.organizer, {"seats": seats, "reason": "technical"}))
        assert refused(await office.order(buyer, *seats)) == (409, "seats_taken")
        unblocked = done(await office.post(f"{path}/unblock", office.organizer, {"seats": [*seats, office.seats[3]]}))
        assert unblocked["seats"] == seats
        done(await office.order(buyer, *seats))

    async def test_given_a_reason_then_only_those_blocked_for_it_are_on_sale_again(self, office: BoxOffice) -> None:
        path = f"/performances/{office.performance_id}/seats"
        broken, kept = office.seats[:2]
        done(await office.post(f"{path}/block", office.organizer, {"seats": [broken], "reason": "technical"}))
        done(await office.post(f"{path}/block", office.organizer, {"seats": [kept], "reason": "house"}))
        wish = {"seats": [broken, kept], "reason": "technical"}
        assert done(await office.post(f"{path}/unblock", office.organizer, wish))["seats"] == [broken]
        assert refused(await office.order(await office.somebody(), kept)) == (409, "seats_taken")

    async def test_given_one_is_held_then_none_is_blocked(self, office: BoxOffice) -> None:
        done(await office.hold(await office.somebody(), office.seats[0]))
        head = await office.head()
        body = {"seats": list(office.seats[:2]), "reason": "house"}
        answer = await office.post(f"/performances/{office.performance_id}/seats/block", office.organizer, body)
        assert refused(answer) == (409, "seats_taken")
        assert answer.json()["seats"] == [office.seats[0]]
        assert await office.head() == head

    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({"seats": []}, "too_many_seats"),
            ({"seats": [f"s{number}" for number in range(401)]}, "too_many_seats"),
            ({"seats": ["s1", "s1"]}, "seats_named_twice"),
            ({"seats": ["zz9"]}, "unknown_seats"),
            ({"reason": "because"}, "malformed"),
            ({"seats": ["S 1"]}, "malformed"),
        ],
        ids=lambda value: value if isinstance(value, str) else str(value)[:30],
    )
    async def test_given_a_senseless_wish_then_no_trace(self, office: BoxOffice, fields: Json, code: str) -> None:
        body = {"seats": [office.seats[0]], "reason": "house", **fields}
        head = await office.head()
        answer = await office.post(f"/performances/{office.performance_id}/seats/block", office.organizer, body)
        assert refused(answer) == (422, code)
        assert await office.head() == head

    async def test_given_a_stranger_then_403(self, office: BoxOffice) -> None:
        body = {"seats": [office.seats[0]], "reason": "house"}
        for sender in (await office.somebody(), await office.somebody(Role.SUPPORT), office.gate):
            path = f"/performances/{office.performance_id}/seats/block"
            assert refused(await office.post(path, sender, body)) == (403, "forbidden")


class TestWatch:
    async def test_given_a_position_then_all_that_happened_since_and_happens(self, office: BoxOffice) -> None:
        before, buyer = await office.head(), await office.somebody()
        held = done(await office.hold(buyer, office.seats[0]))
        messages = await office.shop.engine.live.watch(office.performance_id, before)
        first = await next_message(messages)
        assert (first["event"], first["states"]) == ("seats", {office.seats[0]: "held"})
        assert first["id"] == first["position"] >= held["position"]
        await office.shop.client.delete(f"{V1}/holds/{held['hold_id']}", headers=buyer)
        assert (await next_message(messages))["states"] == {office.seats[0]: "free"}
        done(await office.hold(buyer, area=office.area, quantity=1))
        assert (await next_message(messages))["areas"] == [office.area]

    async def test_given_another_performance_then_nothing_of_it(self, office: BoxOffice) -> None:
        other = await office.performance()
        messages = await office.shop.engine.live.watch(office.performance_id, await office.head())
        buyer = await office.somebody()
        wish = {"items": [{"seat": office.seats[7]}]}
        done(await office.post(f"/performances/{other}/holds", buyer, wish))
        done(await office.hold(buyer, office.seats[0]))
        assert (await next_message(messages))["states"] == {office.seats[0]: "held"}

    async def test_given_a_position_that_is_too_old_then_reset_first(self, office: BoxOffice) -> None:
        feed = office.shop.engine.live
        earlier = await office.head()
        done(await office.hold(await office.somebody(), office.seats[0]))
        await feed.watch(office.performance_id, await office.head())
        messages = await feed.watch(office.performance_id, earlier)
        reset = await next_message(messages)
        assert (reset["event"], reset["position"]) == ("reset", await office.head())
        done(await office.hold(await office.somebody(), office.seats[1]))
        assert (await next_message(messages))["states"] == {office.seats[1]: "held"}

    async def test_given_too_many_watchers_then_the_next_is_told_to_come_back(
        self, office: BoxOffice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(live, "WATCHERS_MAX", 1)
        feed = LiveFeed(office.shop.engine.store)
        async with aclosing(await feed.watch(office.performance_id, None)) as messages:  # type: ignore[type-var]
            await anext(messages)
            with pytest.raises(Busy):
                await feed.watch(office.performance_id, None)
        await anext(await feed.watch(office.performance_id, None))
        await feed.close()

    async def test_given_a_browser_then_it_gets_an_event_stream(self, office: BoxOffice) -> None:
        before = await office.head()
        done(await office.hold(await office.somebody(), office.seats[0]))
        path = f"{V1}/performances/{office.performance_id}/live"
        sent = await streamed(office.shop, path, f"after={before}")
        assert sent[0]["status"] == 200
        headers = dict(sent[0]["headers"])
        assert headers[b"content-type"].startswith(b"text/event-stream")
        assert any(b"event: seats" in part["body"] for part in sent[1:])

    async def test_given_an_unknown_performance_then_404(self, office: BoxOffice) -> None:
        answer = await office.get("/performances/01935a1c-0000-7000-8000-00000000dead/live")
        assert refused(answer) == (404, "not_found")


async def streamed(shop: Shop, path: str, query: str) -> list[Json]:
    """Speak to the application as a browser that leaves after the first message about seats."""
    sent: list[Json] = []
    seen = asyncio.Event()
    asked = False

    async def receive() -> Json:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await seen.wait()
        return {"type": "http.disconnect"}

    async def send(message: Json) -> None:
        sent.append(message)
        if b"event: seats" in message.get("body", b""):
            seen.set()

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [],
        "client": ("127.0.0.1", 1),
        "server": ("shop.test", 80),
    }
    async with asyncio.timeout(PATIENCE_S):
        await shop.app(scope, receive, send)  # type: ignore[arg-type] # plain dicts do as messages
    return sent
