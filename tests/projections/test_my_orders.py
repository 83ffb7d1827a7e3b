"""My orders: given events, then what a buyer and support see."""

from datetime import timedelta

from projections.my_orders import (
    Order,
    find_order,
    find_orders_by_code,
    is_booked,
    list_holds,
    list_orders,
    list_refunds,
)
from projections.reading import ReadModelQueries
from tests.projections.shelf import Shelf
from tests.projections.town import HOLD_LASTS, Town


async def shown(models: ReadModelQueries, order: str) -> Order:
    """Return an order that must be there."""
    found = await find_order(models, order=order)
    assert found is not None
    return found


class TestOrders:
    async def test_a_paid_order(self, town: Town, shelf: Shelf, models: ReadModelQueries) -> None:
        event, performance = await town.open_shop()
        order_id, hold = await town.book(performance, "ann", *town.seats[:2])
        await shelf.fold(town.store)
        placed = await shown(models, order_id)
        assert (placed.status, placed.total, placed.currency, placed.account) == ("pending", 9000, "EUR", "ann")
        assert (placed.event, placed.performance) == (event, performance)
        assert [line["place"]["seat"] for line in placed.lines] == town.seats[:2]
        assert (placed.expires_at, placed.payments) == (town.clock.now() + HOLD_LASTS, [])
        await town.extend(hold, "ann")
        failed = await town.open_payment(order_id, "ann")
        await town.fail_payment(failed)
        payment = await town.open_payment(order_id, "ann")
        await town.capture(payment, 9000)
        await shelf.fold(town.store)
        paid = await shown(models, order_id)
        assert (paid.status, paid.paid_by, paid.confirmed_at) == ("confirmed", payment, town.clock.now())
        assert paid.expires_at == placed.expires_at + HOLD_LASTS
        assert sorted(paid.tickets.values()) == sorted(await town.tickets(order_id))
        assert [(each.payment, each.status, each.captured, each.outcome) for each in paid.payments] == [
            (failed, "failed", 0, None),
            (payment, "settled", 9000, "confirmed"),
        ]

    async def test_orders_that_end_unpaid(self, town: Town, shelf: Shelf, models: ReadModelQueries) -> None:
        _, performance = await town.open_shop()
        cancelled, _ = await town.book(performance, "ann", town.seats[0])
        expired, hold = await town.book(performance, "ann", town.seats[1])
        await town.cancel(cancelled)
        town.wait(HOLD_LASTS)
        await town.sweep(hold)
        await shelf.fold(town.store)
        assert (await shown(models, cancelled)).status == "cancelled"
        assert (await shown(models, expired)).status == "expired"

    async def test_an_expired_order_confirmed_by_late_money(
        self, town: Town, shelf: Shelf, models: ReadModelQueries
    ) -> None:
        _, performance = await town.open_shop()
        order, hold = await town.book(performance, "ann", town.seats[1])
        payment = await town.open_payment(order, "ann")
        town.wait(HOLD_LASTS)
        await town.sweep(hold)
        await town.capture(payment, 4500)
        await shelf.fold(town.store)
        assert (await shown(models, order)).status == "confirmed"

    async def test_refunds_line_by_line(self, town: Town, shelf: Shelf, models: ReadModelQueries) -> None:
        _, performance = await town.open_shop()
        order = await town.buy(performance, "ann", *town.seats[:3])
        done = await town.ask_back(order, ("1",))
        await town.approve(done)
        await town.pay_back(done, fails=True)
        rejected = await town.ask_back(order, ("2",))
        await town.reject(rejected)
        await shelf.fold(town.store)
        opened = await town.ask_back(order, ("2", "3"))
        await shelf.fold(town.store)
        back = await shown(models, order)
        assert (back.status, back.cancelled) == ("confirmed", ["1"])
        assert [(each.refund, each.status, each.amount, each.attempts, each.lines) for each in back.refunds] == [
            (done, "completed", 4500, 2, ["1"]),
            (rejected, "rejected", 4500, 0, ["2"]),
            (opened, "requested", 9000, 0, ["2", "3"]),
        ]
        await town.approve(opened)
        await shelf.fold(town.store)
        assert (await shown(models, order)).cancelled == ["1", "2", "3"]

    async def test_page_by_page_newest_first_and_nobody_elses(
        self, town: Town, shelf: Shelf, models: ReadModelQueries
    ) -> None:
        _, performance = await town.open_shop()
        placed = [(await town.book(performance, "ann", seat))[0] for seat in town.seats[:3]]
        await town.book(performance, "bob", town.seats[3])
        await shelf.fold(town.store)
        first = await list_orders(models, account="ann", limit=2)
        assert [order.order_id for order in first.orders] == [placed[2], placed[1]]
        assert first.position == await town.store.head()
        rest = await list_orders(models, account="ann", limit=2, before=first.orders[-1].position)
        assert [order.order_id for order in rest.orders] == [placed[0]]
        assert (await list_orders(models, account="nobody")).orders == []

    async def test_support_finds_an_order_by_its_code(self, town: Town, shelf: Shelf, models: ReadModelQueries) -> None:
        _, performance = await town.open_shop()
        order, _ = await town.book(performance, "ann", town.seats[0])
        await shelf.fold(town.store)
        code = (await shown(models, order)).order_code
        assert [found.order_id for found in (await find_orders_by_code(models, code=code)).orders] == [order]
        assert await find_order(models, order="nothing") is None


class TestRefunds:
    async def test_support_lists_them_by_status_oldest_first(
        self, town: Town, shelf: Shelf, models: ReadModelQueries
    ) -> None:
        _, performance = await town.open_shop()
        orders = [await town.buy(performance, "ann", seat) for seat in town.seats[:3]]
        refunds = [await town.ask_back(order) for order in orders]
        await town.approve(refunds[1])
        await shelf.fold(town.store)
        requested = await list_refunds(models, status="requested")
        assert [refund.refund for refund in requested] == [refunds[0], refunds[2]]
        after = await list_refunds(models, status="requested", after=requested[0].position)
        assert [refund.refund for refund in after] == [refunds[2]]
        assert [refund.refund for refund in await list_refunds(models)] == refunds


class TestHolds:
    async def test_only_open_baskets_are_listed(self, town: Town, shelf: Shelf, models: ReadModelQueries) -> None:
        _, performance = await town.open_shop()
        kept = await town.hold(performance, "ann", town.seats[0])
        await town.extend(kept, "ann")
        released = await town.hold(performance, "ann", town.seats[1])
        await town.release(released, "ann")
        ordered = await town.hold(performance, "ann", town.seats[2])
        await town.order(ordered, "ann")
        await town.book(performance, "ann", town.seats[3])
        lapsing = await town.hold(performance, "ann", town.seats[4])
        await shelf.fold(town.store)
        now = town.clock.now()
        holds = await list_holds(models, account="ann", now=now)
        assert [hold.hold for hold in holds] == [lapsing, kept]
        assert (holds[1].expires_at, holds[1].total) == (now + 2 * HOLD_LASTS, 4500)
        later = await list_holds(models, account="ann", now=now + HOLD_LASTS)
        assert [hold.hold for hold in later] == [kept]


class TestBooked:
    async def test_an_order_or_a_live_basket_counts(self, town: Town, shelf: Shelf, models: ReadModelQueries) -> None:
        ordered, performance = await town.open_shop()
        await town.book(performance, "ann", town.seats[0])
        held, other = await town.open_shop()
        await town.hold(other, "ann", town.seats[0])
        nothing, _ = await town.open_shop()
        await shelf.fold(town.store)
        now = town.clock.now()
        assert await is_booked(models, event=ordered, now=now + timedelta(days=1))
        assert await is_booked(models, event=held, now=now)
        assert not await is_booked(models, event=held, now=now + HOLD_LASTS)
        assert not await is_booked(models, event=nothing, now=now)
