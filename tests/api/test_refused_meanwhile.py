"""A refused request has no later effect, even while another process works on an earlier attempt."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from api.http import commands
from eventstore.command import CommandDeadline
from tests.api.http_scenario import Headers, HttpScenario, Json, OpenedScenario, done
from tests.api.shop import V1, open_shop, settings_for, until
from tests.eventstore.proxy import Proxy

KEY = {"Idempotency-Key": "once"}


@pytest.fixture
async def proxy(shop_database: str) -> AsyncIterator[Proxy]:
    async with Proxy(shop_database) as opened:
        yield opened


@pytest.fixture
async def slow(proxy: Proxy, box_office: OpenedScenario) -> AsyncIterator[HttpScenario]:
    """Another process whose database requests can be delayed."""
    async with open_shop(settings_for(proxy.url)) as opened:
        yield box_office.at(opened)


async def attempt_held_back(slow: HttpScenario, proxy: Proxy, buyer: Headers, path: str, body: Any) -> Any:
    """Send a request to the slow process; return it while it is delayed."""
    proxy.requests.clear()
    asking = asyncio.create_task(slow.post(path, buyer | KEY, body))
    await until(proxy.holds_requests)
    return asking


async def go_on(proxy: Proxy) -> None:
    """Release the slow process."""
    proxy.requests.set()
    await proxy.deliver_late()


class TestTwoProcesses:
    async def ghost(
        self, office: HttpScenario, slow: HttpScenario, proxy: Proxy
    ) -> tuple[httpx.Response, httpx.Response]:
        """Request a held seat at the slow process, then at another one; free the seat, and release the slow one."""
        path, seat = f"/performances/{office.performance_id}/holds", office.seats[0]
        rival, buyer = await office.somebody(), await office.somebody()
        done(await slow.hold(buyer, office.seats[1]))
        held = done(await office.hold(rival, seat))
        first = await attempt_held_back(slow, proxy, buyer, path, {"items": [{"seat": seat}]})
        second = await office.post(path, buyer | KEY, {"items": [{"seat": seat}]})
        await given_back(office, held, rival)
        await go_on(proxy)
        return await first, second

    async def test_given_a_refusal_by_one_then_the_other_cannot_carry_it_out(
        self, office: HttpScenario, slow: HttpScenario, proxy: Proxy
    ) -> None:
        late, refusal = await self.ghost(office, slow, proxy)
        assert (refusal.status_code, refusal.json()["code"]) == (409, "seats_taken")
        assert (late.status_code, late.json()["code"]) == (409, "refused_meanwhile")
        done(await office.hold(await office.somebody(), office.seats[0]))

    async def test_given_nobody_remembers_refusals_then_it_takes_effect(
        self, office: HttpScenario, slow: HttpScenario, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked_of = commands.deadline_of

        def forgotten(request: Any, *, again: bool) -> CommandDeadline:
            return asked_of(request, again=again and False)

        monkeypatch.setattr(commands, "deadline_of", forgotten)
        late, refusal = await self.ghost(office, slow, proxy)
        assert (refusal.status_code, late.status_code) == (409, 201)

    async def test_given_the_refusal_was_heard_then_the_same_key_is_judged_anew(
        self, office: HttpScenario, slow: HttpScenario, proxy: Proxy
    ) -> None:
        path, body = f"/performances/{office.performance_id}/holds", {"items": [{"seat": office.seats[0]}]}
        rival, buyer = await office.somebody(), await office.somebody()
        done(await slow.hold(buyer, office.seats[1]))
        held = done(await office.hold(rival, office.seats[0]))
        first = await attempt_held_back(slow, proxy, buyer, path, body)
        assert (await office.post(path, buyer | KEY, body)).status_code == 409
        await given_back(office, held, rival)
        done(await office.post(path, buyer | KEY, body))
        await go_on(proxy)
        replayed = await first
        assert (replayed.status_code, replayed.headers["Idempotency-Replayed"]) == (201, "true")

    async def test_given_a_standing_area_then_an_attempt_that_looks_again_still_succeeds(
        self, office: HttpScenario, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        buyer = await office.somebody()
        draw, drawn = office.shop.engine.place_finder.find_candidates, list[int]()

        async def short_at_first(*given: Any, **named: Any) -> Any:
            draws = await draw(*given, **named)
            drawn.append(1)
            if len(drawn) > 1:
                return draws
            return tuple(type(each)(area=each.area, quantity=each.quantity, candidates=()) for each in draws)

        monkeypatch.setattr(office.shop.engine.place_finder, "find_candidates", short_at_first)
        body = {"items": [{"area": office.area, "quantity": 2}]}
        done(await office.post(f"/performances/{office.performance_id}/holds", buyer | KEY, body))
        assert len(drawn) == 2


class TestLate:
    async def test_given_a_request_whose_time_is_over_then_it_has_no_effect(
        self, office: HttpScenario, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def over(request: Any, *, again: bool) -> CommandDeadline:
            return CommandDeadline(requested_at=0, until=0, is_repeatable=again)

        monkeypatch.setattr(commands, "deadline_of", over)
        buyer = await office.somebody()
        head = await office.head()
        refused = await office.hold(buyer, office.seats[0])
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        assert await office.head() == head


async def given_back(office: HttpScenario, held: Json, buyer: Headers) -> None:
    """Release a hold."""
    answer = await office.shop.client.delete(f"{V1}/holds/{held['hold_id']}", headers=buyer)
    assert answer.status_code == 200
