"""Access rules: declared in one table, checked before anything else."""

from functools import partial

import pytest
from fastapi import APIRouter, Response
from uuid_utils.compat import uuid7

from api.app import check_declared, make_app
from api.auth.access import ACCESS, PREFIX, Access, RoutesUndeclared
from api.http.routing import business_router
from api.routes import ROUTERS
from domain import event
from domain.event import EventCreated, EventDetails
from domain.values import Role
from tests.api.shop import V1, Shop


@pytest.fixture
def shop_database(module_database: str) -> str:
    """One database for all tests of this module."""
    return module_database


async def nothing() -> Response:
    """Answer nothing."""
    return Response()


class TestTable:
    def test_given_a_route_without_a_role_then_it_cannot_be_made(self) -> None:
        router = business_router("planted")
        with pytest.raises(RoutesUndeclared, match="/planted"):
            router.get("/planted")(nothing)

    def test_given_a_route_past_the_guard_then_the_application_does_not_start(self, shop: Shop) -> None:
        router = APIRouter(prefix=PREFIX)
        router.get("/planted")(nothing)
        with pytest.raises(RoutesUndeclared, match="not guarded"):
            make_app(shop.engine, routers=(*ROUTERS, router))

    def test_given_a_declared_route_that_is_not_made_then_the_application_does_not_start(self, shop: Shop) -> None:
        with pytest.raises(RoutesUndeclared, match="/auth/login"):
            make_app(shop.engine, routers=[router for router in ROUTERS if "/auth/login" not in paths(router)])

    def test_given_all_routers_then_table_and_routes_agree(self) -> None:
        check_declared(route for router in ROUTERS for route in router.routes)

    def test_given_the_openapi_document_then_it_has_exactly_the_declared_routes(self, shop: Shop) -> None:
        document = shop.app.openapi()
        described = {
            (method.upper(), path.removeprefix(PREFIX))
            for path, operations in document["paths"].items()
            for method in operations
        }
        assert described == set(ACCESS)

    def test_given_the_openapi_document_then_every_route_says_what_can_go_wrong(self, shop: Shop) -> None:
        for path, operations in shop.app.openapi()["paths"].items():
            for method, operation in operations.items():
                access = ACCESS[method.upper(), path.removeprefix(PREFIX)]
                expected = {"408", "413", "414", "422", "431", "503"} | (set() if access.public else {"401", "403"})
                assert expected <= set(operation["responses"]), (method, path)

    def test_given_the_openapi_document_then_it_says_who_may_and_what_can_be_sent_twice(self, shop: Shop) -> None:
        document = shop.app.openapi()
        placing = document["paths"][f"{PREFIX}/orders"]["post"]
        assert (placing["security"], placing["x-roles"]) == ([{"access_token": []}], ["customer"])
        assert "Idempotency-Key" in {parameter["name"] for parameter in placing["parameters"]}
        assert document["components"]["securitySchemes"]["access_token"]["scheme"] == "bearer"
        assert "security" not in document["paths"][f"{PREFIX}/auth/login"]["post"]

    def test_given_a_role_within_an_organizer_then_it_is_told_from_one_held_everywhere(self) -> None:
        assert Access(roles=(Role.ORGANIZER, Role.ADMIN)).member_roles == (Role.ORGANIZER,)
        assert Access(roles=(Role.SUPPORT, Role.ADMIN)).member_roles == ()


class TestOrder:
    async def test_given_no_token_and_a_senseless_body_then_401_comes_first(self, shop: Shop) -> None:
        answer = await shop.client.put(f"{V1}/accounts/senseless/roles", content=b"{{{")
        assert answer.status_code == 401

    async def test_given_a_missing_role_and_a_senseless_body_then_403_comes_first(self, shop: Shop) -> None:
        headers = shop.bearer(await shop.account(Role.SUPPORT))
        answer = await shop.client.put(f"{V1}/accounts/senseless/roles", content=b"{{{", headers=headers)
        assert answer.status_code == 403

    async def test_given_the_role_then_the_body_is_looked_at(self, shop: Shop) -> None:
        headers = shop.bearer(await shop.account(Role.ADMIN))
        answer = await shop.client.put(f"{V1}/accounts/{uuid7()}/roles", content=b"{{{", headers=headers)
        assert answer.status_code == 422


class TestMembers:
    async def put(self, shop: Shop, organizer: str, account: str, by: str) -> int:
        """Request that an account becomes an entry manager, and return the status."""
        path = f"{V1}/organizers/{organizer}/members/{account}"
        answer = await shop.client.put(path, json={"roles": ["entry_manager"]}, headers=shop.bearer(by))
        return answer.status_code

    async def test_given_members_and_strangers_then_only_the_own_organizer_and_admins_may(self, shop: Shop) -> None:
        own, members = await shop.organizer(owner=Role.ORGANIZER, gate=Role.ENTRY_MANAGER)
        _, others = await shop.organizer(owner=Role.ORGANIZER)
        somebody = await shop.account()
        admin = await shop.account(Role.ADMIN)
        asked = [members["owner"], members["gate"], others["owner"], somebody, admin]
        assert [await self.put(shop, own, somebody, by) for by in asked] == [200, 403, 403, 403, 200]

    async def test_given_no_such_organizer_then_404(self, shop: Shop) -> None:
        admin = await shop.account(Role.ADMIN)
        assert await self.put(shop, str(uuid7()), admin, by=admin) == 404

    async def test_given_no_such_account_then_404_and_no_member(self, shop: Shop) -> None:
        own, members = await shop.organizer(owner=Role.ORGANIZER)
        head = await shop.engine.store.head()
        assert await self.put(shop, own, str(uuid7()), by=members["owner"]) == 404
        assert await shop.engine.store.head() == head

    async def test_given_a_membership_taken_away_then_it_counts_at_once_in_another_process(
        self, shop: Shop, second_shop: Shop
    ) -> None:
        own, members = await shop.organizer(owner=Role.ORGANIZER, other=Role.ORGANIZER, third=Role.ORGANIZER)
        assert await self.put(second_shop, own, members["other"], by=members["owner"]) == 200
        path = f"{V1}/organizers/{own}/members/{members['owner']}"
        admin = shop.bearer(await shop.account(Role.ADMIN))
        assert (await shop.client.put(path, json={"roles": []}, headers=admin)).status_code == 200
        assert await self.put(second_shop, own, members["other"], by=members["owner"]) == 403

    async def test_given_another_process_moved_on_then_an_outdated_cache_turns_nobody_away(
        self, shop: Shop, second_shop: Shop
    ) -> None:
        own, members = await shop.organizer(owner=Role.ORGANIZER)
        for process in (second_shop, shop, second_shop, shop):
            assert await self.put(process, own, await shop.account(), by=members["owner"]) == 200


class TestDrafts:
    async def test_given_a_draft_then_strangers_may_not_see_it_and_a_published_one_they_may_not_change(
        self, shop: Shop
    ) -> None:
        own, members = await shop.organizer(owner=Role.ORGANIZER)
        _, others = await shop.organizer(owner=Role.ORGANIZER)
        event_id = await drafted(shop, own)
        path = f"{V1}/events/{event_id}"
        change = {"title": "King Lear"}
        assert (await shop.client.patch(path, json=change, headers=shop.bearer(others["owner"]))).status_code == 404
        await shop.command(partial(event.publish, event=event_id))
        assert (await shop.client.patch(path, json=change, headers=shop.bearer(others["owner"]))).status_code == 403
        assert (await shop.client.patch(path, json=change, headers=shop.bearer(members["owner"]))).status_code == 200


async def drafted(shop: Shop, organizer_id: str) -> str:
    """Create a draft event, and return its id."""
    event_id = str(uuid7())
    details = EventDetails(title="Hamlet", description="", category="theatre", image_url=None)
    command = EventCreated(organizer=organizer_id, venue=str(uuid7()), details=details)
    await shop.command(partial(event.create, event=event_id, request=command))
    return event_id


def paths(router: APIRouter) -> set[str]:
    """Return the paths of a router, without the prefix."""
    return {str(getattr(route, "path", "")).removeprefix(PREFIX) for route in router.routes}
