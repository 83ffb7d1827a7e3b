"""A guest that logs in finds its holds, orders and tickets in the account."""

import asyncio

import pytest

from domain.values import Role
from tests.api.http_scenario import Headers, HttpScenario, Json, done, price, refused
from tests.api.shop import V1, Shop

EMAIL, PASSWORD = "ann@example.test", "correct horse battery"
FREE = [{"category": "stalls", "price": price(0)}]
CONTACT = {"email": EMAIL, "name": "Ann"}


LOGGED_IN = (401, "guest_has_logged_in")


async def guest_of(shop: Shop) -> Headers:
    """Create a guest; the client keeps the session's cookie."""
    shop.client.cookies.clear()
    token = done(await shop.client.post(f"{V1}/auth/guest"))["access_token"]
    return {"Authorization": f"Bearer {token}"}


async def logged_in(shop: Shop, sender: Headers) -> Headers:
    """Log in."""
    body = {"email": EMAIL, "password": PASSWORD}
    token = done(await shop.client.post(f"{V1}/auth/login", json=body, headers=sender))["access_token"]
    return {"Authorization": f"Bearer {token}"}


async def known(shop: Shop) -> None:
    """Register the account that guests log in to."""
    done(await shop.registered(EMAIL, PASSWORD))


class TestRegisterAsGuest:
    async def test_given_the_session_alone_then_the_account_has_the_basket(
        self, shop: Shop, office: HttpScenario
    ) -> None:
        guest = await guest_of(shop)
        hold = done(await office.hold(guest, office.seats[0]))["hold_id"]
        account = {"Authorization": f"Bearer {done(await shop.registered(EMAIL, PASSWORD))['access_token']}"}
        order = done(await office.post("/orders", account, {"hold_id": hold}))
        assert done(await office.get(f"/orders/{order['order_id']}", account))["status"] == "pending"
        assert refused(await office.hold(guest, office.seats[1])) == LOGGED_IN

    async def test_given_the_address_is_taken_then_the_guest_keeps_basket_and_session(
        self, shop: Shop, office: HttpScenario
    ) -> None:
        await known(shop)
        guest = await guest_of(shop)
        hold = done(await office.hold(guest, office.seats[0]))["hold_id"]
        assert (await shop.registered(EMAIL, PASSWORD)).status_code == 409
        again = {"Authorization": f"Bearer {done(await shop.client.post(f'{V1}/auth/refresh'))['access_token']}"}
        assert done(await office.get(f"/holds/{hold}", again))["status"] == "open"


class TestLogInAsGuest:
    @pytest.mark.parametrize("by", ["access token", "session"])
    async def test_given_a_basket_then_the_account_has_it(self, shop: Shop, office: HttpScenario, by: str) -> None:
        await known(shop)
        guest = await guest_of(shop)
        hold = done(await office.hold(guest, office.seats[0]))["hold_id"]
        expired = {"Authorization": "Bearer expired"}
        account = await logged_in(shop, guest if by == "access token" else expired)
        assert done(await office.get(f"/holds/{hold}", account))["status"] == "open"
        order = done(await office.post("/orders", account, {"hold_id": hold}))
        assert done(await office.get(f"/orders/{order['order_id']}", account))["status"] == "pending"

    async def test_given_seats_of_both_then_the_limit_counts_them_together(
        self, shop: Shop, office: HttpScenario
    ) -> None:
        await known(shop)
        account = await logged_in(shop, {})
        done(await office.hold(account, *office.seats[:4]))
        guest = await guest_of(shop)
        done(await office.hold(guest, *office.seats[4:8]))
        account = await logged_in(shop, guest)
        answer = await office.hold(account, office.seats[8])
        assert refused(answer) == (409, "limit_reached")

    async def test_given_it_logged_in_then_the_guest_acts_no_more(self, shop: Shop, office: HttpScenario) -> None:
        await known(shop)
        guest = await guest_of(shop)
        hold = done(await office.hold(guest, office.seats[0]))["hold_id"]
        session = dict(shop.client.cookies)
        await logged_in(shop, guest)
        head = await office.head()
        assert refused(await office.hold(guest, office.seats[1])) == LOGGED_IN
        assert refused(await office.post("/orders", guest, {"hold_id": hold, "contact": CONTACT})) == LOGGED_IN
        assert await office.head() == head
        shop.client.cookies.clear()
        shop.client.cookies.update(session)
        assert refused(await shop.client.post(f"{V1}/auth/refresh")) == (401, "unauthenticated")

    async def test_given_it_never_took_a_seat_then_nothing_is_recorded(self, shop: Shop, office: HttpScenario) -> None:
        await known(shop)
        guest = await guest_of(shop)
        head = await office.head()
        await logged_in(shop, guest)
        assert await office.head() == head

    async def test_given_it_holds_while_it_logs_in_then_no_basket_is_lost(
        self, shop: Shop, second_shop: Shop, office: HttpScenario
    ) -> None:
        await known(shop)
        performances = [await office.performance(limits=None) for _ in range(8)]
        guest = await guest_of(shop)

        async def hold(performance: str) -> str | None:
            body = {"items": [{"seat": office.seats[0]}]}
            path = f"{V1}/performances/{performance}/holds"
            answer = await second_shop.client.post(path, json=body, headers=guest)
            return answer.json()["hold_id"] if answer.is_success else None

        first = await hold(performances[0])
        holding = asyncio.gather(*map(hold, performances[1:]))
        account, held = await asyncio.gather(logged_in(shop, guest), holding)
        for basket in filter(None, (first, *held)):
            assert done(await office.get(f"/holds/{basket}", account))["hold_id"] == basket
            assert done(await office.post("/orders", account, {"hold_id": basket}))["hold_id"] == basket

    @pytest.mark.usefixtures("folded")
    async def test_given_orders_and_tickets_then_the_account_lists_them(self, shop: Shop, office: HttpScenario) -> None:
        await known(shop)
        performance = await office.performance(prices=FREE)
        guest = await guest_of(shop)
        body = {"performance_id": performance, "items": [{"seat": office.seats[0]}], "contact": CONTACT}
        order = done(await office.post("/orders", guest, body))["order_id"]
        basket = done(await office.hold(guest, office.seats[1]))["hold_id"]
        account = await logged_in(shop, guest)
        support, head = await office.somebody(Role.SUPPORT), await office.head()

        async def listed(path: str, sender: Headers) -> list[Json]:
            items: list[Json] = done(await office.get(path, sender, min_position=head))["items"]
            return items

        (item,) = await listed("/orders", account)
        shown = [done(await office.get(f"/orders/{order}", sender)) for sender in (account, support)]
        owners = {one["account_id"] for one in (item, *shown)}
        assert (item["order_id"], owners) == (order, {done(await office.get("/me", account))["account_id"]})
        assert [item["hold_id"] for item in await listed("/holds", account)] == [basket]
        history = done(await office.get(f"/audit/orders/{order}", await office.somebody(Role.AUDITOR)))["items"]
        assert "BuyerQuotaReceived" in [event["name"] for event in history]
        (ticket,) = await listed("/tickets", account)
        assert done(await office.get(f"/tickets/{ticket['ticket_id']}", account))["code"]
        for path in ("/me", "/orders", f"/orders/{order}", "/tickets", f"/holds/{basket}", "/refunds"):
            assert (path, refused(await office.get(path, guest))) == (path, LOGGED_IN)
        stranger = await office.somebody()
        assert refused(await office.get(f"/tickets/{ticket['ticket_id']}", stranger)) == (404, "not_found")
        assert refused(await office.get(f"/orders/{order}", stranger)) == (404, "not_found")

    async def test_given_refunds_from_before_and_after_then_the_account_sees_both(
        self, shop: Shop, office: HttpScenario
    ) -> None:
        await known(shop)
        performance = await office.performance(prices=FREE)
        guest = await guest_of(shop)
        items = [{"seat": seat} for seat in office.seats[:2]]
        body = {"performance_id": performance, "items": items, "contact": CONTACT}
        order = done(await office.post("/orders", guest, body))["order_id"]
        before = done(await office.post(f"/orders/{order}/refunds", guest, {"lines": ["1"]}))["refund_id"]
        account = await logged_in(shop, guest)
        after = done(await office.post(f"/orders/{order}/refunds", account, {"lines": ["2"]}))["refund_id"]
        for refund in (before, after):
            assert done(await office.get(f"/refunds/{refund}", account))["status"] == "requested"
        stranger = await office.somebody()
        assert refused(await office.get(f"/refunds/{before}", stranger)) == (404, "not_found")
