"""Order search: support finds all, organizers those of their performances, buyers their own."""

import pytest

from domain.values import Role
from tests.api.http_scenario import Headers, HttpScenario, Json, done, open_box_office, price, refused

ANN = {"email": "ann.lee@example.com", "name": "Ann Lee"}
BEN = {"email": "ben@example.com", "name": "Benjamin Ørsted"}


@pytest.fixture
async def support(office: HttpScenario) -> Headers:
    """Headers of a support account."""
    return await office.somebody(Role.SUPPORT)


async def found(office: HttpScenario, sender: Headers, **query: str) -> list[str]:
    """Return the ids of the orders that a search finds."""
    answer = done(await office.get("/orders", sender, min_position=await office.head(), **query))
    return [order["order_id"] for order in answer["items"]]


@pytest.mark.usefixtures("folded")
class TestFindOrders:
    async def test_given_a_code_a_person_or_an_id_then_support_finds_the_order(
        self, office: HttpScenario, support: Headers
    ) -> None:
        ann = await office.somebody()
        order = done(await office.order(ann, office.seats[0], contact=ANN))
        await office.order(await office.somebody(), office.seats[1], contact=BEN)
        texts = (order["order_code"], order["order_code"].lower(), order["order_id"], "ann.lee@", " Ann LEE ", "nn le")
        for text in texts:
            assert await found(office, support, q=text) == [order["order_id"]], text
        assert await found(office, support, q="ørsted") != [order["order_id"]]
        assert await found(office, support, q="nobody at all") == []

    async def test_given_a_code_as_it_is_read_out_then_its_order_is_found(
        self, office: HttpScenario, support: Headers
    ) -> None:
        order = done(await office.order(await office.somebody(), office.seats[0], contact=ANN))
        code = order["order_code"]
        for text in (f"#{code}", f"{code[:5]} {code[5:]}", f"{code[:4]}-{code[4:]}", code.lower().replace("0", "o")):
            assert await found(office, support, q=text) == [order["order_id"]], text

    async def test_given_a_payment_or_a_ticket_then_its_order_is_found(
        self, office: HttpScenario, support: Headers
    ) -> None:
        free = await office.performance(prices=[{"category": "stalls", "price": price(0)}])
        body: Json = {"performance_id": free, "items": [{"seat": office.seats[0]}]}
        buyer = await office.somebody()
        order = done(await office.post("/orders", buyer, body))["order_id"]
        ticket = done(await office.get(f"/orders/{order}", buyer))["lines"][0]["ticket_id"]
        assert await found(office, support, q=ticket) == [order]

    async def test_given_a_seat_within_a_performance_then_its_orders_are_found(
        self, office: HttpScenario, support: Headers
    ) -> None:
        order = done(await office.order(await office.somebody(), office.seats[0]))["order_id"]
        await office.order(await office.somebody(), office.seats[1])
        label = done(await office.get(f"/orders/{order}", support))["lines"][0]["place"]["label"]
        assert await found(office, support, q=label, performance=office.performance_id) == [order]
        assert await found(office, support, q=label) == []

    async def test_given_a_state_and_an_account_then_only_those(self, office: HttpScenario, support: Headers) -> None:
        buyer = await office.somebody()
        first = done(await office.order(buyer, office.seats[0]))["order_id"]
        done(await office.post(f"/orders/{first}/cancel", buyer))
        second = done(await office.order(buyer, office.seats[1]))["order_id"]
        account = done(await office.get(f"/orders/{first}", support))["account_id"]
        assert await found(office, support, account=account) == [second, first]
        assert await found(office, support, account=account, status="cancelled") == [first]

    async def test_given_the_list_then_contacts_stand_in_it(self, office: HttpScenario, support: Headers) -> None:
        await office.order(await office.somebody(), office.seats[0], contact=ANN)
        head = await office.head()
        (order,) = done(await office.get("/orders", support, q="Ann Lee", min_position=head))["items"]
        assert order["contact"] == ANN


@pytest.mark.usefixtures("folded")
class TestWhoFindsWhat:
    async def test_given_an_organizer_then_their_own_orders_only(self, office: HttpScenario) -> None:
        other = await open_box_office(office.shop)
        mine = done(await office.order(await office.somebody(), office.seats[0], contact=ANN))["order_id"]
        theirs = done(await other.order(await office.somebody(), other.seats[0], contact=ANN))["order_id"]
        assert await found(office, office.organizer, q="Ann Lee") == [mine]
        assert await found(office, other.organizer, q="Ann Lee") == [theirs]
        assert await found(office, office.organizer, performance=other.performance_id) == []

    async def test_given_a_buyer_then_filters_narrow_their_own_list(self, office: HttpScenario) -> None:
        ann, ben = await office.somebody(), await office.somebody()
        mine = done(await office.order(ann, office.seats[0], contact=ANN))["order_id"]
        done(await office.order(ben, office.seats[1], contact=ANN))
        assert await found(office, ann, q="Ann Lee") == [mine]
        assert await found(office, ann, performance=office.performance_id) == [mine]
        assert await found(office, office.gate, q="Ann Lee") == []

    async def test_given_support_without_a_filter_then_their_own_orders(
        self, office: HttpScenario, support: Headers
    ) -> None:
        await office.order(await office.somebody(), office.seats[0])
        assert await found(office, support) == []

    @pytest.mark.parametrize("query", [{"q": "ab"}, {"q": "x" * 201}, {"status": "paid"}, {"performance": "no id"}])
    async def test_given_a_senseless_filter_then_422(
        self, office: HttpScenario, support: Headers, query: dict[str, str]
    ) -> None:
        assert refused(await office.get("/orders", support, **query)) == (422, "malformed")
