"""The sales: given events, then figures as sums of the events' amounts."""

from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

from uuid_utils.compat import uuid7

from domain.decisions.disputes.disputing import lose_dispute, win_dispute
from domain.decisions.refunds.refunding import RequestRefund, approve_refund, request_refund
from projections.engine.queries import ReadModelQueries
from projections.sales.queries import Sale, SalesFilter, report_sales
from tests.projections.manual_projector import ManualProjector
from tests.support.engine import START
from tests.support.shop import HOLD_LASTS
from tests.support.shop_scenario import ShopScenario

DAY = timedelta(days=1)
FIGURES = ("sold", "returned", "gross", "returned_gross", "refunded", "disputes_lost")


def figures(sale: Sale) -> tuple[int, ...]:
    """Return the figures of a row."""
    return tuple(getattr(sale, name) for name in FIGURES)


class TestDays:
    async def test_a_day_is_in_the_venues_time_zone_not_in_the_servers(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        zones = {"Pacific/Auckland": 1, "Europe/Prague": 0, "America/Los_Angeles": 0, "Pacific/Pago_Pago": 0}
        shop_scenario.wait(timedelta(hours=11, minutes=30))  # 23:30 UTC: in Auckland and Prague it is the next day
        expected = {}
        for zone, days in zones.items():
            _, performance = await shop_scenario.open_shop(time_zone=zone)
            await shop_scenario.buy(performance, "ann", shop_scenario.seats[0])
            local = shop_scenario.clock.now().astimezone(ZoneInfo(zone)).date()
            assert local == (START + timedelta(days=days or (zone == "Europe/Prague"))).date()
            expected[performance] = local
        await manual_projector.fold(shop_scenario.store)
        report = await report_sales(models, SalesFilter())
        assert {sale.performance: sale.day for sale in report.sales} == expected

    async def test_a_changed_time_zone_counts_for_later_events_in_any_batches(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        shop_scenario.wait(timedelta(hours=11, minutes=30))
        organizer_id = await shop_scenario.found()
        venue_id = await shop_scenario.open_venue(organizer_id, time_zone="America/New_York")
        event_id = await shop_scenario.create(organizer_id, venue_id)
        await shop_scenario.publish(event_id)
        performance = await shop_scenario.schedule(organizer_id, venue_id, event_id)
        await shop_scenario.buy(performance, "ann", shop_scenario.seats[0])
        await shop_scenario.move_venue(venue_id, "Pacific/Auckland")
        await shop_scenario.buy(performance, "ben", shop_scenario.seats[1])
        await manual_projector.fold(shop_scenario.store)
        report = await report_sales(models, SalesFilter())
        assert [(sale.day, sale.sold) for sale in report.sales] == [
            (START.date(), 1),
            ((START + DAY).date(), 1),
        ]

    async def test_an_unknown_time_zone_counts_as_utc(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        _, performance = await shop_scenario.open_shop(time_zone="Mars/Olympus_Mons")
        await shop_scenario.buy(performance, "ann", shop_scenario.seats[0])
        await manual_projector.fold(shop_scenario.store)
        assert [sale.day for sale in (await report_sales(models, SalesFilter())).sales] == [START.date()]


class TestPages:
    async def test_sums_cover_all_pages_and_pages_cover_all_rows(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        _, performance = await shop_scenario.open_shop()
        for seat in shop_scenario.seats[:7]:
            await shop_scenario.buy(performance, "ann", seat)
            shop_scenario.wait(DAY)
        await manual_projector.fold(shop_scenario.store)
        whole = await report_sales(models, SalesFilter())
        assert len(whole.sales) == 7
        pages, after = [], None
        while page := (found := await report_sales(models, SalesFilter(after=after, limit=3))).sales:
            assert found.sums == whole.sums
            assert found.sums[0].sold == 7
            pages.append(list(page))
            after = page[-1].key
        assert [len(page) for page in pages] == [3, 3, 1]
        assert [sale for page in pages for sale in page] == whole.sales


class TestSales:
    async def test_sold_returned_and_refunded_by_day_and_category(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        _, performance = await shop_scenario.open_shop()
        stalls, balcony = shop_scenario.seats[:3], shop_scenario.seats[-1]
        order = await shop_scenario.buy(performance, "ann", *stalls, balcony)
        await shop_scenario.buy(performance, "bob", shop_scenario.seats[4])
        await shop_scenario.book(performance, "cleo", shop_scenario.seats[5])
        await manual_projector.fold(shop_scenario.store)
        shop_scenario.wait(DAY)
        refund = await shop_scenario.request_refund(order, ("1", "4"))
        await shop_scenario.approve(refund)
        await manual_projector.fold(shop_scenario.store)
        shop_scenario.wait(DAY)
        await shop_scenario.pay_back(refund)
        await manual_projector.fold(shop_scenario.store)
        report = await report_sales(models, SalesFilter(performance=performance))
        assert {(sale.day, sale.category): figures(sale) for sale in report.sales} == {
            (START.date(), "A"): (4, 0, 18_000, 0, 0, 0),
            (START.date(), "B"): (1, 0, 3_000, 0, 0, 0),
            ((START + DAY).date(), "A"): (0, 1, 0, 4_500, 0, 0),
            ((START + DAY).date(), "B"): (0, 1, 0, 3_000, 0, 0),
            ((START + 2 * DAY).date(), "A"): (0, 0, 0, 0, 4_500, 0),
            ((START + 2 * DAY).date(), "B"): (0, 0, 0, 0, 3_000, 0),
        }
        assert report.position == await shop_scenario.store.head()

    async def test_money_of_no_line_has_no_category(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        _, performance = await shop_scenario.open_shop()
        order, hold = await shop_scenario.book(performance, "ann", shop_scenario.seats[0])
        payment = await shop_scenario.open_payment(order, "ann")
        shop_scenario.wait(HOLD_LASTS)
        await shop_scenario.sweep(hold)
        await shop_scenario.hold(performance, "bob", shop_scenario.seats[0])
        await shop_scenario.capture(payment, 4500)
        await manual_projector.fold(shop_scenario.store)
        assert (await report_sales(models, SalesFilter())).sales == []
        refund = (await models.fetch(["sales"], "SELECT refund FROM {sales}.opened_refund", {})).rows[0]["refund"]
        await shop_scenario.pay_back(refund)
        await manual_projector.fold(shop_scenario.store)
        (sale,) = (await report_sales(models, SalesFilter())).sales
        assert (sale.category, sale.ticket_type, figures(sale)) == ("", "", (0, 0, 0, 0, 4500, 0))

    async def test_figures_are_filtered_by_organizer_and_days(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        for _ in range(2):
            _, performance = await shop_scenario.open_shop()
            await shop_scenario.buy(performance, "ann", shop_scenario.seats[0])
            shop_scenario.wait(DAY)
        await manual_projector.fold(shop_scenario.store)
        everything = (await report_sales(models, SalesFilter())).sales
        assert len(everything) == 2
        own = (await report_sales(models, SalesFilter(organizers=[everything[0].organizer]))).sales
        assert own == everything[:1]
        assert (await report_sales(models, SalesFilter(organizers=[]))).sales == []
        second_day = (START + DAY).date()
        assert {sale.day for sale in (await report_sales(models, SalesFilter(since=second_day))).sales} == {second_day}
        assert {sale.day for sale in (await report_sales(models, SalesFilter(until=START.date()))).sales} == {
            START.date()
        }


class TestDisputes:
    async def test_a_disputed_amount_is_lost_until_it_is_won_back(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        _, performance = await shop_scenario.open_shop()
        order, _ = await shop_scenario.book(performance, "ann", shop_scenario.seats[0])
        payment = await shop_scenario.open_payment(order, "ann")
        await shop_scenario.capture(payment, await shop_scenario.total(order))
        await shop_scenario.dispute(payment, lose_dispute, 4500)
        await manual_projector.fold(shop_scenario.store)
        (lost,) = [sale for sale in (await report_sales(models, SalesFilter())).sales if not sale.category]
        assert (lost.disputes_lost, lost.refunded, lost.gross) == (4500, 0, 0)
        shop_scenario.wait(HOLD_LASTS)
        await shop_scenario.dispute(payment, win_dispute, 4500)
        await manual_projector.fold(shop_scenario.store)
        (total,) = (await report_sales(models, SalesFilter())).sums
        assert (total.disputes_lost, total.gross) == (0, 4500)

    async def test_lines_cancelled_without_a_refund_are_returned_only(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        _, performance = await shop_scenario.open_shop()
        order, _ = await shop_scenario.book(performance, "ann", shop_scenario.seats[0])
        payment = await shop_scenario.open_payment(order, "ann")
        await shop_scenario.capture(payment, await shop_scenario.total(order))
        await shop_scenario.dispute(payment, lose_dispute, 4500)
        ending = RequestRefund(refund=str(uuid7()), order=order, account=None, by="sue", reason_text="chargeback")
        await shop_scenario.do(partial(request_refund, command=ending))
        await shop_scenario.do(partial(approve_refund, refund=ending.refund, by="tom"))
        await manual_projector.fold(shop_scenario.store)
        (total,) = (await report_sales(models, SalesFilter())).sums
        assert (total.returned, total.refunded, total.disputes_lost) == (1, 0, 4500)
