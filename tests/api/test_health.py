"""Health routes, and all routes without a database."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.http.load_shedding import ConcurrencyLimit
from domain.values import Role
from runtime.database import migrate_all
from runtime.local.embedded import EmbeddedPostgres
from tests.api.shop import V1, Shop, open_shop, settings_for

PASSWORD = "correct horse battery"


class TestOperations:
    async def test_given_a_running_shop_then_it_is_alive_and_ready(self, shop: Shop) -> None:
        assert (await shop.client.get("/livez")).json() == {"status": "alive"}
        await shop.account()
        ready = await shop.client.get("/readyz")
        assert ready.json() == {
            "status": "ready",
            "head": 1,
            "lag": {},
            "projections": {},
            "processes": {},
            "parts": {},
            "sandbox": None,
            "warnings": [],
        }

    async def test_given_requests_then_the_numbers_tell_route_and_status_but_no_path(self, shop: Shop) -> None:
        account = await shop.account()
        await shop.client.put(f"{V1}/accounts/{account}/roles", json={})
        await shop.client.get("/nowhere/secret")
        text = (await shop.client.get("/metrics")).text
        route = f"{V1}/accounts/{{account_id}}/roles"
        assert f'seatledger_requests_total{{method="PUT",route="{route}",status="401"}} 1' in text
        assert 'seatledger_requests_total{method="GET",route="unmatched",status="404"} 1' in text
        assert "seatledger_append_commands_total 1" in text
        assert account not in text
        assert "secret" not in text

    @pytest.mark.parametrize("path", ["/", "/page.css", "/docs", "/openapi.json", "/livez", "/nowhere"])
    async def test_given_any_answer_then_it_has_its_security_headers(self, shop: Shop, path: str) -> None:
        headers = (await shop.client.get(path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Origin" not in headers

    async def test_given_a_visitor_then_the_first_page_leads_on(self, shop: Shop) -> None:
        page = await shop.client.get("/")
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert 'href="/docs"' in page.text

    async def test_given_the_docs_then_everything_they_load_comes_from_here(self, shop: Shop) -> None:
        page = await shop.client.get("/docs")
        assert "https:" not in page.headers["Content-Security-Policy"]
        loaded = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
        assert len(loaded) == 4
        for path in loaded:
            assert (await shop.client.get(path)).status_code == 200


class TestOverload:
    async def test_given_a_full_queue_then_503_says_when_to_come_back(self, shop_database: str) -> None:
        async with open_shop(
            settings_for(shop_database), concurrency_limit=ConcurrencyLimit(running_max=1, waiting_max=0)
        ) as shop:
            headers = shop.bearer(await shop.account(Role.ADMIN))
            head = await shop.engine.store.head()
            sent = (shop.client.post(f"{V1}/organizers", json={"name": "x"}, headers=headers) for _ in range(20))
            answers = await asyncio.gather(*sent)
            refused = [answer for answer in answers if answer.status_code == 503]
            assert 0 < len(refused) < 20
            assert {answer.json()["code"] for answer in refused} == {"busy"}
            assert all(int(answer.headers["Retry-After"]) > 0 for answer in refused)
            assert await shop.engine.store.head() == head + 20 - len(refused)


@pytest.fixture
async def own_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedPostgres]:
    """A PostgreSQL that the test may stop."""
    data: Path = tmp_path_factory.mktemp("own-postgres")
    with EmbeddedPostgres(data, fast=True) as server:
        await migrate_all(settings_for(server.url))
        yield server
    shutil.rmtree(data)


class TestDatabaseDown:
    async def test_given_it_goes_then_503_and_when_it_is_back_nothing_was_half_done(
        self, own_server: EmbeddedPostgres
    ) -> None:
        async with open_shop(settings_for(own_server.url)) as shop:
            headers = shop.bearer(await shop.account(Role.ADMIN)) | {"Idempotency-Key": "once"}
            await shop.registered("ann@example.com")
            head = await shop.engine.store.head()
            own_server.stop()
            answers = await asyncio.gather(
                shop.client.get("/readyz"),
                shop.client.get(f"{V1}/organizers", headers=headers),
                shop.client.get(f"{V1}/organizers?min_position=1", headers=headers),
                shop.client.post(f"{V1}/organizers", json={"name": "x"}, headers=headers),
                shop.client.post(f"{V1}/auth/guest"),
                shop.client.post(f"{V1}/auth/login", json={"email": "ann@example.com", "password": PASSWORD}),
                shop.registered("bob@example.com"),
            )
            assert [answer.status_code for answer in answers] == [503] * 7
            assert {answer.json()["code"] for answer in answers} == {"unavailable"}
            assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
            assert (await shop.client.get("/livez")).status_code == 200
            own_server.start()
            assert await shop.engine.store.head() == head
            assert (await shop.registered("bob@example.com")).status_code == 201
            done = await shop.client.post(f"{V1}/organizers", json={"name": "x"}, headers=headers)
            assert (done.status_code, "Idempotency-Replayed" in done.headers) == (201, False)
