"""The tickets: given events, then whose each is and whether it admits."""

from projections.catalogue import find_performance
from projections.reading import ReadModelQueries
from projections.tickets import find_ticket, list_tickets, tickets_of_order
from tests.projections.shelf import Shelf
from tests.projections.town import Town


class TestTickets:
    async def test_issued_used_and_void(self, town: Town, shelf: Shelf, models: ReadModelQueries) -> None:
        _, performance = await town.open_shop()
        order = await town.buy(performance, "ann", *town.seats[:3])
        await shelf.fold(town.store)
        sold = await find_performance(models, performance=performance, now=town.clock.now())
        assert sold is not None
        first, second, third = await tickets_of_order(models, order=order)
        await town.approve(await town.ask_back(order, (second.line_id,)))
        await town.scan(first.ticket, sold.organizer)
        await town.scan(first.ticket, sold.organizer)
        await town.scan(second.ticket, sold.organizer)
        await town.scan(None, sold.organizer)
        await shelf.fold(town.store)
        states = {each.ticket: (each.state, each.gate) for each in await tickets_of_order(models, order=order)}
        assert states == {
            first.ticket: ("used", "north"),
            second.ticket: ("void", None),
            third.ticket: ("valid", None),
        }
        used = await find_ticket(models, ticket=first.ticket)
        assert used is not None
        assert (used.entered_at, used.account, used.performance) == (town.clock.now(), "ann", performance)
        assert used.place["seat"] in town.seats[:3]
        assert await find_ticket(models, ticket="nothing") is None

    async def test_reverted_and_used_again(self, town: Town, shelf: Shelf, models: ReadModelQueries) -> None:
        _, performance = await town.open_shop()
        order = await town.buy(performance, "ann", town.seats[0])
        await shelf.fold(town.store)
        sold = await find_performance(models, performance=performance, now=town.clock.now())
        assert sold is not None
        (issued,) = await tickets_of_order(models, order=order)

        async def stands() -> tuple[str, str | None, bool]:
            await shelf.fold(town.store)
            found = await find_ticket(models, ticket=issued.ticket)
            assert found is not None
            return found.state, found.gate, found.entered_at is not None

        scan = await town.scan(issued.ticket, sold.organizer)
        await town.revert(scan)
        assert await stands() == ("valid", None, False)
        await town.scan(issued.ticket, sold.organizer)
        assert await stands() == ("used", "north", True)

    async def test_page_by_page_newest_first(self, town: Town, shelf: Shelf, models: ReadModelQueries) -> None:
        _, performance = await town.open_shop()
        orders = [await town.buy(performance, "ann", seat) for seat in town.seats[:3]]
        await town.buy(performance, "bob", town.seats[3])
        await shelf.fold(town.store)
        first = await list_tickets(models, account="ann", limit=2)
        assert [ticket.order_id for ticket in first] == [orders[2], orders[1]]
        rest = await list_tickets(models, account="ann", before=first[-1].position)
        assert [ticket.order_id for ticket in rest] == [orders[0]]
