"""Watching a performance over HTTP: changes from any position on, and resets."""

import asyncio
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import pytest

from api.live import WatchLimits, feed
from api.live import seat_map as live_performance
from tests.api.http_scenario import HttpScenario, done, refused
from tests.api.live.client import Client, ClientSeatMap, watching
from tests.api.shop import V1, until

pytestmark = pytest.mark.usefixtures("folded")


def watch(office: HttpScenario, query: str = "", **headers: str) -> AbstractAsyncContextManager[Client]:
    """Watch the scenario's performance."""
    return watching(office.shop.app, f"{V1}/performances/{office.performance_id}/live", query, **headers)


async def document(office: HttpScenario) -> ClientSeatMap:
    """Return the current seat map of the scenario's performance."""
    path = f"/performances/{office.performance_id}/seats"
    return ClientSeatMap.of(done(await office.get(path, min_position=await office.head())))


class TestWatch:
    async def test_given_a_position_then_all_that_happened_since_and_happens(self, office: HttpScenario) -> None:
        before, buyer = await office.head(), await office.somebody()
        held = done(await office.hold(buyer, office.seats[0]))
        async with watch(office, f"after={before}") as client:
            first = await client.next()
            assert (first["event"], first["states"]) == ("seats", {office.seats[0]: "held"})
            assert first["id"].startswith(f"{first['position']}-")
            assert first["position"] >= held["position"]
            await office.shop.client.delete(f"{V1}/holds/{held['hold_id']}", headers=buyer)
            assert (await client.next())["states"] == {office.seats[0]: "free"}
            done(await office.hold(buyer, area=office.area, quantity=1))
            assert (await client.next())["areas"] == [
                {"area": office.area, "capacity": 12, "held": 1, "sold": 0, "blocked": 0, "available": 11}
            ]
            assert client.status == 200
            assert client.headers[b"content-type"].startswith(b"text/event-stream")

    async def test_given_no_position_then_what_happens_from_now_on(self, office: HttpScenario) -> None:
        done(await office.hold(await office.somebody(), office.seats[0]))
        async with watch(office) as client:
            assert b"retry: " in await client.chunk()
            done(await office.hold(await office.somebody(), office.seats[1]))
            assert office.seats[1] in (await client.next())["states"]

    async def test_given_a_last_event_id_then_it_counts_more_than_the_address(self, office: HttpScenario) -> None:
        done(await office.hold(await office.somebody(), office.seats[0]))
        known = await office.head()
        done(await office.hold(await office.somebody(), office.seats[1]))
        async with watch(office, "after=0", last_event_id=str(known)) as client:
            assert (await client.next())["states"] == {office.seats[1]: "held"}

    async def test_given_a_last_event_id_of_a_stranger_then_the_address_counts(self, office: HttpScenario) -> None:
        known = await office.head()
        done(await office.hold(await office.somebody(), office.seats[0]))
        async with watch(office, f"after={known}", last_event_id="yesterday") as client:
            assert (await client.next())["states"] == {office.seats[0]: "held"}

    async def test_given_another_performance_then_nothing_of_it(self, office: HttpScenario) -> None:
        other, buyer = await office.performance(), await office.somebody()
        async with watch(office) as client:
            await client.chunk()
            command = {"items": [{"seat": office.seats[7]}]}
            done(await office.post(f"/performances/{other}/holds", buyer, command))
            done(await office.hold(buyer, office.seats[0]))
            assert (await client.next())["states"] == {office.seats[0]: "held"}

    async def test_given_a_position_from_the_future_then_reset(
        self, office: HttpScenario, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(live_performance, "WAIT_SECONDS_MAX", 0.05)
        head = await office.head()
        async with watch(office, last_event_id=str(head + 1_000)) as client:
            message = await client.next()
            assert (message["event"], message["position"]) == ("reset", head)

    async def test_given_more_changes_than_are_told_then_reset_and_what_follows(
        self, office: HttpScenario, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(live_performance, "CHANGES_SENT_MAX", 1)
        before, buyer = await office.head(), await office.somebody()
        done(await office.hold(buyer, *office.seats[:2]))
        async with watch(office, f"after={before}") as client:
            message = await client.next()
            assert (message["event"], message["position"]) == ("reset", await office.head())
            done(await office.hold(buyer, office.seats[2]))
            assert (await client.next())["states"] == {office.seats[2]: "held"}

    async def test_given_many_who_watch_then_each_message_is_written_once(self, office: HttpScenario) -> None:
        async with watch(office) as one, watch(office) as another:
            await one.chunk(), await another.chunk()
            done(await office.hold(await office.somebody(), office.seats[0]))
            assert await one.chunk() is await another.chunk()

    async def test_given_too_many_who_watch_then_the_next_is_asked_to_retry(
        self, office: HttpScenario, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(office.shop.engine.live.subscribers, "limits", WatchLimits(watchers=1))
        path = f"/performances/{office.performance_id}/live"
        async with watch(office) as client:
            await client.chunk()
            answer = await office.get(path)
            assert refused(answer) == (503, "busy")
            assert int(answer.headers["retry-after"]) > 0
            monkeypatch.setattr(office.shop.engine.live.subscribers, "limits", WatchLimits(per_client=1))
            answer = await office.get(path)
            assert refused(answer) == (429, "too_many_watchers")
            assert int(answer.headers["retry-after"]) > 0
        async with watch(office) as client:
            await client.chunk()

    async def test_given_nothing_happens_then_heartbeats(
        self, office: HttpScenario, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(live_performance, "HEARTBEAT_SECONDS", 0.05)
        async with watch(office) as client:
            await client.chunk()
            assert (await client.chunk()).startswith(b":")

    async def test_given_who_watches_then_no_request_is_under_way(self, office: HttpScenario) -> None:
        async with watch(office) as client:
            await client.chunk()
            assert office.shop.engine.concurrency_limit.running == 0
            assert office.shop.engine.live.watchers == 1

        async def nobody() -> bool:
            return office.shop.engine.live.watchers == 0

        await until(nobody)

    async def test_given_an_unknown_performance_or_a_strangers_draft_then_404(self, office: HttpScenario) -> None:
        for what in ("live", "seats"):
            answer = await office.get(f"/performances/01935a1c-0000-7000-8000-00000000dead/{what}")
            assert refused(answer) == (404, "not_found")


class TestSlowClients:
    async def test_given_a_full_connection_then_others_go_on_and_all_is_told_at_once_later(
        self, office: HttpScenario
    ) -> None:
        buyer = await office.somebody()
        picture = await document(office)
        async with watch(office) as slow, watch(office) as other:
            await slow.chunk(), await other.chunk()
            slow.blocks = True
            for seat in office.seats[:3]:
                done(await office.hold(await office.somebody(), seat))
                assert seat in (await other.next())["states"]
            slow.blocks = False
            picture.apply(await slow.next())
            assert picture.states == dict.fromkeys(office.seats[:3], "held")
            done(await office.hold(buyer, office.seats[3]))
            assert (await slow.next())["states"] == {office.seats[3]: "held"}

    async def test_given_the_maps_end_then_every_answer_ends_in_good_order(self, office: HttpScenario) -> None:
        async with watch(office) as client:
            await client.chunk()
            office.shop.engine.live.end()
            async with asyncio.timeout(1):
                await client.ended.wait()


class TestDeadlines:
    async def test_given_a_block_that_ends_by_itself_then_it_is_sent_and_shown(self, office: HttpScenario) -> None:
        path = f"/performances/{office.performance_id}/seats"
        soon = office.shop.engine.clock.now() + timedelta(seconds=2)
        body = {"seats": [office.seats[0]], "reason": "house", "release_at": soon.isoformat()}
        async with watch(office) as client:
            await client.chunk()
            done(await office.post(f"{path}/block", office.organizer, body))
            assert (await client.next())["states"] == {office.seats[0]: "blocked"}
            blocked = await office.get(path, min_position=await office.head())
            head = await office.head()
            message = await client.next()
            assert (message["states"], message["position"]) == ({office.seats[0]: "free"}, head)

            async def shown_free() -> bool:
                free = await office.get(path)
                assert (free.json()["states"]["blocked"] == []) == (free.headers["etag"] != blocked.headers["etag"])
                return free.headers["etag"] != blocked.headers["etag"]

            await until(shown_free)
            async with watch(office, f"after={head}") as later:
                assert (await later.next())["states"] == {office.seats[0]: "free"}


async def test_given_everybody_has_left_then_it_is_forgotten_and_the_next_begins_anew(
    office: HttpScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "IDLE_SECONDS_MAX", 0.0)
    live = office.shop.engine.live
    await document(office)

    async def forgotten() -> bool:
        return live.performances == 0

    await until(forgotten)
    done(await office.hold(await office.somebody(), office.seats[0]))
    assert (await document(office)).states == {office.seats[0]: "held"}
