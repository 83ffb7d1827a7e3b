"""Accounts for admins, and organizers for their members."""

from functools import partial

import pytest
from uuid_utils.compat import uuid7

from domain.account import change_roles
from domain.role import ROLE
from domain.values import Role
from tests.api.shop import V1, Shop, joined


class TestAccounts:
    async def test_given_people_then_an_admin_finds_them_a_page_at_a_time_with_their_roles(self, shop: Shop) -> None:
        admin = shop.bearer(await shop.account(Role.ADMIN))
        for name in ("ann", "bob", "cleo"):
            await shop.registered(f"{name}@example.com")
        first = (await shop.client.get(f"{V1}/accounts", params={"limit": 2}, headers=admin)).json()
        assert [row["email"] for row in first["items"]] == ["ann@example.com", "bob@example.com"]
        ann = first["items"][0]["account_id"]
        wanted = {"roles": ["support", "auditor", "customer"]}
        given = await shop.client.put(f"{V1}/accounts/{ann}/roles", json=wanted, headers=admin)
        assert given.json() == {
            "account_id": ann,
            "roles": ["auditor", "customer", "support"],
            "position": await shop.engine.store.head(),
        }
        asked = {"limit": 2, "cursor": first["next"]}
        second = (await shop.client.get(f"{V1}/accounts", params=asked, headers=admin)).json()
        assert ([row["email"] for row in second["items"]], second["next"]) == (["cleo@example.com"], None)
        found = (await shop.client.get(f"{V1}/accounts", params={"q": "ANN@"}, headers=admin)).json()
        assert found["items"] == [
            {
                "account_id": ann,
                "email": "ann@example.com",
                "name": "Ann Example",
                "roles": ["auditor", "customer", "support"],
            }
        ]

    @pytest.mark.parametrize("cursor", ["x", "ann@example.com"])
    async def test_given_a_cursor_of_somebody_elses_then_it_is_refused(self, shop: Shop, cursor: str) -> None:
        admin = shop.bearer(await shop.account(Role.ADMIN))
        answer = await shop.client.get(f"{V1}/accounts", params={"cursor": cursor}, headers=admin)
        assert (answer.status_code, answer.json()["code"]) == (422, "malformed")

    @pytest.mark.parametrize("roles", [["organizer"], ["entry_manager", "admin"], ["king"], "admin", None])
    async def test_given_roles_that_are_not_held_everywhere_then_422_and_no_trace(
        self, shop: Shop, roles: object
    ) -> None:
        admin, account = shop.bearer(await shop.account(Role.ADMIN)), await shop.account()
        head = await shop.engine.store.head()
        answer = await shop.client.put(f"{V1}/accounts/{account}/roles", json={"roles": roles}, headers=admin)
        assert answer.status_code == 422
        assert await shop.engine.store.head() == head

    async def test_given_the_same_roles_again_then_nothing_is_recorded(self, shop: Shop) -> None:
        admin, account = shop.bearer(await shop.account(Role.ADMIN)), await shop.account(Role.SUPPORT)
        head = await shop.engine.store.head()
        answer = await shop.client.put(f"{V1}/accounts/{account}/roles", json={"roles": ["support"]}, headers=admin)
        assert (answer.status_code, answer.json()["position"]) == (200, head)
        assert await shop.engine.store.head() == head

    async def test_given_nobody_then_404(self, shop: Shop) -> None:
        admin = shop.bearer(await shop.account(Role.ADMIN))
        answer = await shop.client.put(f"{V1}/accounts/{uuid7()}/roles", json={"roles": []}, headers=admin)
        assert answer.status_code == 404

    async def test_given_an_admin_who_gives_up_the_role_then_that_was_the_last_they_could_do(self, shop: Shop) -> None:
        account = await shop.account(Role.ADMIN)
        await shop.account(Role.ADMIN)
        path = f"{V1}/accounts/{account}/roles"
        answers = [await shop.client.put(path, json={"roles": []}, headers=shop.bearer(account)) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 403]

    async def test_given_the_only_admin_then_the_role_stays_and_the_answer_says_why(self, shop: Shop) -> None:
        account = await shop.account(Role.ADMIN)
        holders = await shop.engine.handler.query(lambda context: context.read(ROLE, Role.ADMIN).accounts)
        for other in holders - {account}:
            await shop.command(partial(change_roles, account=other, roles=frozenset()))
        path = f"{V1}/accounts/{account}/roles"
        answer = await shop.client.put(path, json={"roles": ["support"]}, headers=shop.bearer(account))
        assert (answer.status_code, answer.json()["code"], answer.json()["role"]) == (409, "last_holder", "admin")
        assert (await shop.client.get(f"{V1}/accounts", headers=shop.bearer(account))).status_code == 200


@pytest.mark.usefixtures("folded")
class TestOrganizers:
    async def listed(self, shop: Shop, account: str) -> dict[str, list[str]]:
        """Return the organizers that an account sees, and its roles in them."""
        head = await shop.engine.store.head()
        answer = await shop.client.get(f"{V1}/organizers", params={"min_position": head}, headers=shop.bearer(account))
        return {row["organizer_id"]: row["roles"] for row in answer.json()["items"]}

    async def test_given_a_new_one_then_its_members_see_it_and_admins_see_all(self, shop: Shop) -> None:
        admin, member = await shop.account(Role.ADMIN), await shop.account()
        body = {"name": "Harbour Stages"}
        founded = await shop.client.post(f"{V1}/organizers", json=body, headers=shop.bearer(admin))
        own = founded.json()["organizer_id"]
        assert founded.json() == {"organizer_id": own, **body, "position": await shop.engine.store.head()}
        assert await self.listed(shop, member) == {}
        path = f"{V1}/organizers/{own}/members/{member}"
        roles = {"roles": ["organizer", "entry_manager"]}
        assert (await shop.client.put(path, json=roles, headers=shop.bearer(admin))).status_code == 200
        other, _ = await shop.organizer()
        assert await self.listed(shop, member) == {own: ["entry_manager", "organizer"]}
        assert await self.listed(shop, admin) == {own: [], other: []}
        await shop.command(partial(joined, organizer_id=own, account_id=admin, role=Role.ORGANIZER))
        assert (await shop.client.put(path, json={"roles": []}, headers=shop.bearer(admin))).status_code == 200
        assert await self.listed(shop, member) == {}

    async def test_given_members_then_their_own_organizers_read_them_a_page_at_a_time(self, shop: Shop) -> None:
        own, members = await shop.organizer(ann=Role.ORGANIZER, gate=Role.ENTRY_MANAGER, door=Role.ENTRY_MANAGER)
        path, ann = f"{V1}/organizers/{own}/members", shop.bearer(members["ann"])
        first = (await shop.client.get(path, params={"limit": 2}, headers=ann)).json()
        second = (await shop.client.get(path, params={"limit": 2, "cursor": first["next"]}, headers=ann)).json()
        assert second["next"] is None
        rows = {row["account_id"]: row["roles"] for row in [*first["items"], *second["items"]]}
        assert rows == {
            members["ann"]: ["organizer"],
            members["gate"]: ["entry_manager"],
            members["door"]: ["entry_manager"],
        }
        assert (await shop.client.get(path, headers=shop.bearer(members["gate"]))).status_code == 403

    async def test_given_more_than_a_page_then_the_cursor_leads_on(self, shop: Shop) -> None:
        admin = await shop.account(Role.ADMIN)
        founded = {(await shop.organizer())[0] for _ in range(3)}
        await self.listed(shop, admin)
        seen: list[str] = []
        cursor = None
        for _ in range(3):
            asked = {"limit": 1, **({"cursor": cursor} if cursor else {})}
            page = (await shop.client.get(f"{V1}/organizers", params=asked, headers=shop.bearer(admin))).json()
            seen += [row["organizer_id"] for row in page["items"]]
            cursor = page["next"]
        assert set(seen) == founded
