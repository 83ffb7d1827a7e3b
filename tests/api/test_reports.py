"""Sales reports over HTTP."""

from domain.values import Role
from tests.api.http_scenario import STALLS, done, folding, open_box_office, price, refused
from tests.api.payments import PaymentFixture

UNKNOWN = "01935a1c-0000-7000-8000-00000000dead"


class TestSales:
    async def test_given_sales_then_organizers_see_their_own_and_admins_all(
        self, payment_fixture: PaymentFixture, shop_database: str
    ) -> None:
        office = await open_box_office(payment_fixture.shop)
        await payment_fixture.confirmed_order(office, await office.somebody(), *office.seats[:2])
        _, members = await payment_fixture.shop.organizer(bob=Role.ORGANIZER)
        bob = payment_fixture.shop.bearer(members["bob"])
        async with folding(payment_fixture.shop, shop_database):
            head = await office.head()
            own = done(await office.get("/reports/sales", office.organizer, min_position=head))
            everything = done(await office.get("/reports/sales", await office.somebody(Role.ADMIN)))
            others = done(await office.get("/reports/sales", bob))
            foreign = await office.get("/reports/sales", bob, organizer_id=office.organizer_id)
            nobody = await office.get("/reports/sales", await office.somebody())
            unknown = await office.get("/reports/sales", office.organizer, performance_id=UNKNOWN)
        (row,) = own["items"]
        assert (row["performance_id"], row["category"], row["sold"]) == (office.performance_id, "stalls", 2)
        assert row["gross"] == price(2 * STALLS)
        assert own["totals"] == [
            {
                "sold": 2,
                "returned": 0,
                "gross": price(2 * STALLS),
                "returned_gross": price(0),
                "refunded": price(0),
                "disputes_lost": price(0),
            }
        ]
        assert everything["items"] == own["items"]
        assert others["items"] == []
        assert refused(unknown) == (404, "not_found")
        assert refused(foreign) == (403, "forbidden")
        assert refused(nobody) == (403, "forbidden")


class TestPast:
    async def test_given_a_position_then_every_report_as_it_was(
        self, payment_fixture: PaymentFixture, shop_database: str
    ) -> None:
        office = await open_box_office(payment_fixture.shop)
        ann, admin = await office.somebody(), await office.somebody(Role.ADMIN)
        account = done(await office.get("/me", ann))["account_id"]
        paths = ("/reports/sales", f"/reports/performances/{office.performance_id}", f"/reports/accounts/{account}")
        async with folding(payment_fixture.shop, shop_database):
            before = await office.head()
            await payment_fixture.confirmed_order(office, ann, *office.seats[:2])
            then = await office.head()
            stored = [done(await office.get(path, admin, min_position=then)) for path in paths]
            order = await payment_fixture.confirmed_order(office, ann, *office.seats[2:5])
            refund = done(await office.post(f"/orders/{order['order_id']}/refunds", ann))["refund_id"]
            done(await office.post(f"/refunds/{refund}/approve", await office.somebody(Role.SUPPORT)))
            head = await office.head()
            now = [done(await office.get(path, admin, min_position=head)) for path in paths]
            again = [done(await office.get(path, admin, position=then)) for path in paths]
            nothing = [done(await office.get(path, admin, position=before)) for path in paths]
            ahead = await office.get("/reports/sales", admin, position=await office.head() + 1)
        assert again == stored
        assert [report["totals"][0]["sold"] for report in stored] == [2, 2, 2]
        assert [(report["totals"][0]["sold"], report["totals"][0]["returned"]) for report in now] == [(5, 3)] * 3
        assert [report["items"] for report in nothing] == [[], [], []]
        assert refused(ahead) == (422, "invalid")
        assert [report["places_sold"] for report in (nothing[1], stored[1], now[1])] == [0, 2, 2]
        assert nothing[1]["available"] == nothing[1]["capacity"] == stored[1]["available"] + 2
        (bought,) = now[2]["items"]
        assert (bought["orders"], bought["confirmed"], now[2]["complete"]) == (2, 2, True)

    async def test_given_somebody_elses_performance_or_organizer_then_403(
        self, payment_fixture: PaymentFixture, shop_database: str
    ) -> None:
        office = await open_box_office(payment_fixture.shop)
        _, members = await payment_fixture.shop.organizer(bob=Role.ORGANIZER)
        bob, account = payment_fixture.shop.bearer(members["bob"]), members["bob"]
        async with folding(payment_fixture.shop, shop_database):
            await office.get("/reports/sales", office.organizer, min_position=await office.head())
            own = done(await office.get(f"/reports/accounts/{account}", bob))
            performance = await office.get(f"/reports/performances/{office.performance_id}", bob)
            foreign = await office.get(f"/reports/accounts/{account}", bob, organizer_id=office.organizer_id)
            customer = await office.get(f"/reports/accounts/{account}", await office.somebody())
        assert own["items"] == []
        for refusal in (performance, foreign, customer):
            assert refused(refusal) == (403, "forbidden")
