"""The sales: given events, then figures that are sums of stored amounts."""

from datetime import timedelta

from projections.reading import ReadModels
from projections.sales import Sale, Wish, report_sales
from tests.projections.shelf import Shelf
from tests.projections.town import HOLD_LASTS, START, Town

DAY = timedelta(days=1)
FIGURES = ("sold", "returned", "gross", "returned_gross", "refunded")


def figures(sale: Sale) -> tuple[int, ...]:
    """Return the numbers of a row."""
    return tuple(getattr(sale, name) for name in FIGURES)


class TestSales:
    async def test_sold_returned_and_refunded_by_day_and_category(
        self, town: Town, shelf: Shelf, models: ReadModels
    ) -> None:
        _, performance = await town.open_shop()
        stalls, balcony = town.seats[:3], town.seats[-1]
        order = await town.buy(performance, "ann", *stalls, balcony)
        await town.buy(performance, "bob", town.seats[4])
        await town.book(performance, "cleo", town.seats[5])
        await shelf.fold(town.store)
        town.wait(DAY)
        refund = await town.ask_back(order, ("1", "4"))
        await town.approve(refund)
        await shelf.fold(town.store)
        town.wait(DAY)
        await town.pay_back(refund)
        await shelf.fold(town.store)
        report = await report_sales(models, Wish(performance=performance))
        assert {(sale.day, sale.category): figures(sale) for sale in report.sales} == {
            (START.date(), "A"): (4, 0, 18_000, 0, 0),
            (START.date(), "B"): (1, 0, 3_000, 0, 0),
            ((START + DAY).date(), "A"): (0, 1, 0, 4_500, 0),
            ((START + DAY).date(), "B"): (0, 1, 0, 3_000, 0),
            ((START + 2 * DAY).date(), "A"): (0, 0, 0, 0, 4_500),
            ((START + 2 * DAY).date(), "B"): (0, 0, 0, 0, 3_000),
        }
        assert report.position == await town.store.head()

    async def test_money_beside_the_lines_stands_under_no_category(
        self, town: Town, shelf: Shelf, models: ReadModels
    ) -> None:
        _, performance = await town.open_shop()
        order, hold = await town.book(performance, "ann", town.seats[0])
        payment = await town.open_payment(order, "ann")
        town.wait(HOLD_LASTS)
        await town.sweep(hold)
        await town.hold(performance, "bob", town.seats[0])
        await town.capture(payment, 4500)
        await shelf.fold(town.store)
        assert (await report_sales(models, Wish())).sales == []
        refund = (await models.fetch(["sales"], "SELECT refund FROM {sales}.opened_refund", {})).rows[0]["refund"]
        await town.pay_back(refund)
        await shelf.fold(town.store)
        (sale,) = (await report_sales(models, Wish())).sales
        assert (sale.category, sale.ticket_type, figures(sale)) == ("", "", (0, 0, 0, 0, 4500))

    async def test_an_organizer_sees_its_own_and_a_span_of_days(
        self, town: Town, shelf: Shelf, models: ReadModels
    ) -> None:
        for _ in range(2):
            _, performance = await town.open_shop()
            await town.buy(performance, "ann", town.seats[0])
            town.wait(DAY)
        await shelf.fold(town.store)
        everything = (await report_sales(models, Wish())).sales
        assert len(everything) == 2
        own = (await report_sales(models, Wish(organizers=[everything[0].organizer]))).sales
        assert own == everything[:1]
        assert (await report_sales(models, Wish(organizers=[]))).sales == []
        second_day = (START + DAY).date()
        assert {sale.day for sale in (await report_sales(models, Wish(since=second_day))).sales} == {second_day}
        assert {sale.day for sale in (await report_sales(models, Wish(until=START.date()))).sales} == {START.date()}
