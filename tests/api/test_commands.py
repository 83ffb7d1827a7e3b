"""Commands of all writing routes: idempotency, guards, time limits; and waiting reads."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

import httpx
import psycopg
import pytest
from fastapi import FastAPI, Request
from uuid_utils.compat import uuid7

from api.app import make_app
from api.auth.access import ACCESS_OF_ROUTE, ORGANIZERS, SUPPORT
from api.auth.identity import IDENTITY, Identity
from api.dependencies import ApiSettings
from api.http.commands import execute_command
from application.access_tokens import TokenClaims
from domain import organizer
from domain.account import change_roles
from domain.errors import Forbidden
from domain.values import Role
from tests.api.shop import BASE_URL, V1, Shop, until

PATH = f"{V1}/organizers"
LATER_S = 10.0


@pytest.fixture
def shop_database(module_database: str) -> str:
    """One database for all tests of this module."""
    return module_database


@pytest.fixture
async def admin(shop: Shop) -> dict[str, str]:
    """Headers of an admin."""
    return shop.bearer(await shop.account(Role.ADMIN))


@asynccontextmanager
async def nobody_appends(owner_url: str) -> AsyncIterator[None]:
    """Block every append until the context ends."""
    async with await psycopg.AsyncConnection.connect(owner_url) as connection:
        await connection.execute("LOCK TABLE eventstore.event IN EXCLUSIVE MODE")
        yield


class TestIdempotency:
    async def test_given_the_same_key_and_body_then_the_first_answer_comes_again(
        self, shop: Shop, admin: dict[str, str]
    ) -> None:
        headers = admin | {"Idempotency-Key": "once"}
        first = await shop.client.post(PATH, json={"name": "One"}, headers=headers)
        head = await shop.engine.store.head()
        again = await shop.client.post(PATH, json={"name": "One"}, headers=headers)
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.content == first.content
        assert "Idempotency-Replayed" not in first.headers
        assert again.headers["Idempotency-Replayed"] == "true"
        assert await shop.engine.store.head() == head

    async def test_given_the_same_key_at_another_process_then_it_is_the_same_command(
        self, shop: Shop, second_shop: Shop, admin: dict[str, str]
    ) -> None:
        headers = admin | {"Idempotency-Key": "once"}
        first = await shop.client.post(PATH, json={"name": "One"}, headers=headers)
        again = await second_shop.client.post(PATH, json={"name": "One"}, headers=headers)
        assert again.content == first.content

    async def test_given_twenty_twins_at_once_then_they_share_one_answer(
        self, shop: Shop, admin: dict[str, str]
    ) -> None:
        headers = admin | {"Idempotency-Key": "once"}
        sent = (shop.client.post(PATH, json={"name": "One"}, headers=headers) for _ in range(20))
        answers = await asyncio.gather(*sent)
        assert {answer.content for answer in answers} == {answers[0].content}
        assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1

    async def test_given_another_body_then_422(self, shop: Shop, admin: dict[str, str]) -> None:
        headers = admin | {"Idempotency-Key": "once"}
        await shop.client.post(PATH, json={"name": "One"}, headers=headers)
        other = await shop.client.post(PATH, json={"name": "Two"}, headers=headers)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")

    async def test_given_another_path_of_the_same_route_then_422(self, shop: Shop, admin: dict[str, str]) -> None:
        headers = admin | {"Idempotency-Key": "once"}
        paths = [f"{V1}/accounts/{await shop.account()}/roles" for _ in range(2)]
        answers = [await shop.client.put(path, json={"roles": ["support"]}, headers=headers) for path in paths]
        assert [answer.status_code for answer in answers] == [200, 422]

    async def test_given_another_account_then_it_is_another_command(self, shop: Shop, admin: dict[str, str]) -> None:
        other = shop.bearer(await shop.account(Role.ADMIN))
        key = {"Idempotency-Key": "once"}
        answers = [await shop.client.post(PATH, json={"name": "One"}, headers=by | key) for by in (admin, other)]
        assert answers[0].json()["organizer_id"] != answers[1].json()["organizer_id"]

    async def test_given_no_key_then_each_request_counts(self, shop: Shop, admin: dict[str, str]) -> None:
        answers = [await shop.client.post(PATH, json={"name": "One"}, headers=admin) for _ in range(2)]
        assert answers[0].json()["organizer_id"] != answers[1].json()["organizer_id"]

    @pytest.mark.parametrize("key", ["", "x" * 201, "tab\there", "ümlaut"])
    async def test_given_a_senseless_key_then_422(self, shop: Shop, admin: dict[str, str], key: str) -> None:
        headers = admin | {"Idempotency-Key": key}
        given = httpx.Headers([(name.encode(), value.encode()) for name, value in headers.items()])
        assert (await shop.client.post(PATH, json={"name": "One"}, headers=given)).status_code == 422

    async def test_given_a_refusal_then_it_is_judged_anew(self, shop: Shop, admin: dict[str, str]) -> None:
        guest = await shop.account(guest=True)
        path = f"{V1}/accounts/{guest}/roles"
        headers = admin | {"Idempotency-Key": "once"}
        refused = await shop.client.put(path, json={"roles": ["support"]}, headers=headers)
        await shop.engine.accounts._complete(guest)
        granted = await shop.client.put(path, json={"roles": ["support"]}, headers=headers)
        assert (refused.status_code, granted.status_code) == (422, 200)


class TestGuards:
    async def sent(self, shop: Shop, account: str, *moved: Role) -> None:
        """Execute support's command while its roles change between check and append."""
        identity = Identity(shop.engine, TokenClaims(account, guest=False, expires_at=0))
        await identity.require_role(Role.SUPPORT)
        await shop.command(partial(change_roles, account=account, roles=frozenset(moved)))
        request = request_of(shop.app)
        request.scope[IDENTITY] = identity
        request.scope[ACCESS_OF_ROUTE] = SUPPORT
        await execute_command(request, partial(organizer.found_organizer, organizer=str(uuid7()), name="One"))

    async def test_given_the_role_is_taken_meanwhile_then_nothing_happens(self, shop: Shop) -> None:
        account = await shop.account(Role.SUPPORT)
        head = await shop.engine.store.head()
        with pytest.raises(Forbidden):
            await self.sent(shop, account)
        assert await shop.engine.store.head() == head + 1

    async def test_given_roles_move_but_the_right_stays_then_it_is_carried_out(self, shop: Shop) -> None:
        account = await shop.account(Role.SUPPORT)
        head = await shop.engine.store.head()
        await self.sent(shop, account, Role.SUPPORT, Role.AUDITOR)
        assert await shop.engine.store.head() == head + 2

    async def test_given_the_right_stands_in_the_stream_that_is_written_then_it_is_guarded_too(
        self, shop: Shop
    ) -> None:
        own, members = await shop.organizer(owner=Role.ORGANIZER, other=Role.ORGANIZER)
        owner = members["owner"]
        identity = Identity(shop.engine, TokenClaims(owner, guest=False, expires_at=0))
        await identity.require_organizer_role(own, Role.ORGANIZER)
        await shop.command(partial(organizer.change_member, organizer=own, account=owner, roles=frozenset()))
        request = request_of(shop.app)
        request.scope[IDENTITY] = identity
        request.scope[ACCESS_OF_ROUTE] = ORGANIZERS
        gate = partial(
            organizer.change_member, organizer=own, account=str(uuid7()), roles=frozenset({Role.ENTRY_MANAGER})
        )
        head = await shop.engine.store.head()
        with pytest.raises(Forbidden):
            await execute_command(request, gate)
        assert await shop.engine.store.head() == head

    async def test_given_a_route_that_forgot_to_ask_then_it_cannot_act(self, shop: Shop) -> None:
        request = request_of(shop.app)
        request.scope[IDENTITY] = Identity(shop.engine, TokenClaims(await shop.account(), guest=False, expires_at=0))
        request.scope[ACCESS_OF_ROUTE] = SUPPORT
        head = await shop.engine.store.head()
        with pytest.raises(RuntimeError, match="before it requires a role"):
            await execute_command(request, partial(organizer.found_organizer, organizer=str(uuid7()), name="One"))
        assert await shop.engine.store.head() == head


class TestTime:
    async def test_given_no_verdict_in_time_then_503_and_the_same_request_finds_it_done(
        self, shop: Shop, shop_database: str, admin: dict[str, str]
    ) -> None:
        terms = ApiSettings(public_url=BASE_URL, request_seconds_max=0.2)
        app = make_app(replace(shop.engine, api_settings=terms))
        headers = admin | {"Idempotency-Key": "once"}
        head = await shop.engine.store.head()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE_URL) as hasty:
            async with nobody_appends(shop_database):
                answer = await hasty.post(PATH, json={"name": "One"}, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (503, "outcome_unknown")
            assert int(answer.headers["Retry-After"]) > 0
            await until(partial(moved, shop, head))
        again = await shop.client.post(PATH, json={"name": "One"}, headers=headers)
        assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
        assert await shop.engine.store.head() == head + 1


class TestMinPosition:
    async def test_given_nobody_folds_then_503_after_two_seconds(self, shop: Shop, admin: dict[str, str]) -> None:
        began = asyncio.get_running_loop().time()
        head = await shop.engine.store.head()
        answer = await shop.client.get(PATH, params={"min_position": head}, headers=admin)
        assert (answer.status_code, answer.json()["code"]) == (503, "behind")
        assert int(answer.headers["Retry-After"]) > 0
        assert 2.0 <= asyncio.get_running_loop().time() - began < 4.0

    async def test_given_a_position_that_no_event_has_then_422_at_once(self, shop: Shop, admin: dict[str, str]) -> None:
        head = await shop.engine.store.head()
        answer = await shop.client.get(PATH, params={"min_position": head + 1}, headers=admin)
        assert (answer.status_code, answer.json()["code"]) == (422, "malformed")
        assert f"ends at {head}" in answer.json()["detail"]

    async def test_given_the_read_model_gets_there_meanwhile_then_the_wait_ends(
        self, shop: Shop, shop_database: str
    ) -> None:
        positions = shop.engine.positions
        waiting = [asyncio.create_task(positions.wait_for("organizers", 7, LATER_S)) for _ in range(50)]
        async with await psycopg.AsyncConnection.connect(shop_database) as owner:
            await owner.execute(
                "INSERT INTO projections.projection (name, version, schema, position, fence, state, heartbeat_at) "
                "VALUES ('organizers', 1, 'organizers_v1_1', 7, 1, 'running', now())"
            )
        assert all(await asyncio.gather(*waiting))
        assert not await positions.wait_for("organizers", 8, 0.0)

    @pytest.mark.parametrize("position", ["-1", "9223372036854775808", "x", "1.5"])
    async def test_given_no_position_then_422(self, shop: Shop, admin: dict[str, str], position: str) -> None:
        answer = await shop.client.get(PATH, params={"min_position": position}, headers=admin)
        assert answer.status_code == 422


async def moved(shop: Shop, head: int) -> bool:
    """Return whether the log has grown."""
    return await shop.engine.store.head() > head


def request_of(app: FastAPI) -> Request:
    """Return a request as a route receives it."""
    route = next(route for route in app.routes if getattr(route, "path", "") == PATH)
    scope = {"type": "http", "method": "POST", "path": PATH, "headers": [], "app": app, "route": route}
    return Request(scope)
