"""The tickets: given events, then owner and state of each ticket."""

from projections.catalogue import find_performance
from projections.engine.queries import ReadModelQueries
from projections.tickets.queries import find_ticket, list_tickets, tickets_of_order
from tests.projections.manual_projector import ManualProjector
from tests.support.shop_scenario import ShopScenario


class TestTickets:
    async def test_issued_used_and_void(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        _, performance = await shop_scenario.open_shop()
        order = await shop_scenario.buy(performance, "ann", *shop_scenario.seats[:3])
        await manual_projector.fold(shop_scenario.store)
        sold = await find_performance(models, performance=performance, now=shop_scenario.clock.now())
        assert sold is not None
        first, second, third = await tickets_of_order(models, order=order)
        await shop_scenario.approve(await shop_scenario.request_refund(order, (second.line_id,)))
        await shop_scenario.scan(first.ticket, sold.organizer)
        await shop_scenario.scan(first.ticket, sold.organizer)
        await shop_scenario.scan(second.ticket, sold.organizer)
        await shop_scenario.scan(None, sold.organizer)
        await manual_projector.fold(shop_scenario.store)
        states = {each.ticket: (each.state, each.gate) for each in await tickets_of_order(models, order=order)}
        assert states == {
            first.ticket: ("used", "north"),
            second.ticket: ("void", None),
            third.ticket: ("valid", None),
        }
        used = await find_ticket(models, ticket=first.ticket)
        assert used is not None
        assert (used.entered_at, used.account, used.performance) == (shop_scenario.clock.now(), "ann", performance)
        assert used.place["seat"] in shop_scenario.seats[:3]
        assert await find_ticket(models, ticket="nothing") is None

    async def test_reverted_and_used_again(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        _, performance = await shop_scenario.open_shop()
        order = await shop_scenario.buy(performance, "ann", shop_scenario.seats[0])
        await manual_projector.fold(shop_scenario.store)
        sold = await find_performance(models, performance=performance, now=shop_scenario.clock.now())
        assert sold is not None
        (issued,) = await tickets_of_order(models, order=order)

        async def stands() -> tuple[str, str | None, bool]:
            await manual_projector.fold(shop_scenario.store)
            found = await find_ticket(models, ticket=issued.ticket)
            assert found is not None
            return found.state, found.gate, found.entered_at is not None

        scan = await shop_scenario.scan(issued.ticket, sold.organizer)
        await shop_scenario.revert(scan)
        assert await stands() == ("valid", None, False)
        await shop_scenario.scan(issued.ticket, sold.organizer)
        assert await stands() == ("used", "north", True)

    async def test_page_by_page_newest_first(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        _, performance = await shop_scenario.open_shop()
        orders = [await shop_scenario.buy(performance, "ann", seat) for seat in shop_scenario.seats[:3]]
        await shop_scenario.buy(performance, "bob", shop_scenario.seats[3])
        await manual_projector.fold(shop_scenario.store)
        first = await list_tickets(models, account="ann", limit=2)
        assert [ticket.order_id for ticket in first] == [orders[2], orders[1]]
        rest = await list_tickets(models, account="ann", before=first[-1].position)
        assert [ticket.order_id for ticket in rest] == [orders[0]]
