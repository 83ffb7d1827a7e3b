"""What organizers read over HTTP: reports."""

from domain.values import Role
from tests.api.box_office import STALLS, done, folding, open_box_office, price, refused
from tests.api.till import Till

UNKNOWN = "01935a1c-0000-7000-8000-00000000dead"


class TestSales:
    async def test_given_sales_then_organizers_see_their_own_and_admins_all(
        self, till: Till, shop_database: str
    ) -> None:
        office = await open_box_office(till.shop)
        await till.confirmed_order(office, await office.somebody(), *office.seats[:2])
        _, members = await till.shop.organizer(bob=Role.ORGANIZER)
        bob = till.shop.bearer(members["bob"])
        async with folding(till.shop, shop_database):
            head = await office.head()
            own = done(await office.get("/reports/sales", office.organizer, min_position=head))
            everything = done(await office.get("/reports/sales", await office.somebody(Role.ADMIN)))
            others = done(await office.get("/reports/sales", bob))
            foreign = await office.get("/reports/sales", bob, organizer_id=office.organizer_id)
            nobody = await office.get("/reports/sales", await office.somebody())
            another = done(await office.get("/reports/sales", office.organizer, performance_id=UNKNOWN))
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
            }
        ]
        assert everything["items"] == own["items"]
        assert (others["items"], another["items"]) == ([], [])
        assert refused(foreign) == (403, "forbidden")
        assert refused(nobody) == (403, "forbidden")
