"""Orders: given events, then the results of the queries of buyers and support."""

from datetime import timedelta

from projections.engine.queries import ReadModelQueries
from projections.my_orders import (
    Order,
    find_order,
    find_orders_by_code,
    is_booked,
    list_holds,
    list_orders,
    list_refunds,
)
from tests.projections.manual_projector import ManualProjector
from tests.support.shop import HOLD_LASTS
from tests.support.shop_scenario import ShopScenario


async def shown(models: ReadModelQueries, order: str) -> Order:
    """Return an order, which must exist."""
    found = await find_order(models, order=order)
    assert found is not None
    return found


class TestOrders:
    async def test_a_paid_order(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        event, performance = await shop_scenario.open_shop()
        order_id, hold = await shop_scenario.book(performance, "ann", *shop_scenario.seats[:2])
        await manual_projector.fold(shop_scenario.store)
        placed = await shown(models, order_id)
        assert (placed.status, placed.total, placed.currency, placed.account) == ("pending", 9000, "EUR", "ann")
        assert (placed.event, placed.performance) == (event, performance)
        assert [line["place"]["seat"] for line in placed.lines] == shop_scenario.seats[:2]
        assert (placed.expires_at, placed.payments) == (shop_scenario.clock.now() + HOLD_LASTS, [])
        await shop_scenario.extend(hold, "ann")
        failed = await shop_scenario.open_payment(order_id, "ann")
        await shop_scenario.fail_payment(failed)
        payment = await shop_scenario.open_payment(order_id, "ann")
        await shop_scenario.capture(payment, 9000)
        await manual_projector.fold(shop_scenario.store)
        paid = await shown(models, order_id)
        assert (paid.status, paid.paid_by, paid.confirmed_at) == ("confirmed", payment, shop_scenario.clock.now())
        assert paid.expires_at == placed.expires_at + HOLD_LASTS
        assert sorted(paid.tickets.values()) == sorted(await shop_scenario.tickets(order_id))
        assert [(each.payment, each.status, each.captured, each.outcome) for each in paid.payments] == [
            (failed, "failed", 0, None),
            (payment, "settled", 9000, "confirmed"),
        ]

    async def test_orders_that_end_unpaid(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        _, performance = await shop_scenario.open_shop()
        cancelled, _ = await shop_scenario.book(performance, "ann", shop_scenario.seats[0])
        expired, hold = await shop_scenario.book(performance, "ann", shop_scenario.seats[1])
        await shop_scenario.cancel(cancelled)
        shop_scenario.wait(HOLD_LASTS)
        await shop_scenario.sweep(hold)
        await manual_projector.fold(shop_scenario.store)
        assert (await shown(models, cancelled)).status == "cancelled"
        assert (await shown(models, expired)).status == "expired"

    async def test_an_expired_order_confirmed_by_a_late_payment(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        _, performance = await shop_scenario.open_shop()
        order, hold = await shop_scenario.book(performance, "ann", shop_scenario.seats[1])
        payment = await shop_scenario.open_payment(order, "ann")
        shop_scenario.wait(HOLD_LASTS)
        await shop_scenario.sweep(hold)
        await shop_scenario.capture(payment, 4500)
        await manual_projector.fold(shop_scenario.store)
        assert (await shown(models, order)).status == "confirmed"

    async def test_refunds_line_by_line(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        _, performance = await shop_scenario.open_shop()
        order = await shop_scenario.buy(performance, "ann", *shop_scenario.seats[:3])
        done = await shop_scenario.request_refund(order, ("1",))
        await shop_scenario.approve(done)
        await shop_scenario.pay_back(done, fails=True)
        rejected = await shop_scenario.request_refund(order, ("2",))
        await shop_scenario.reject(rejected)
        await manual_projector.fold(shop_scenario.store)
        opened = await shop_scenario.request_refund(order, ("2", "3"))
        await manual_projector.fold(shop_scenario.store)
        back = await shown(models, order)
        assert (back.status, back.cancelled) == ("confirmed", ["1"])
        assert [(each.refund, each.status, each.amount, each.attempts, each.lines) for each in back.refunds] == [
            (done, "completed", 4500, 2, ["1"]),
            (rejected, "rejected", 4500, 0, ["2"]),
            (opened, "requested", 9000, 0, ["2", "3"]),
        ]
        await shop_scenario.approve(opened)
        await manual_projector.fold(shop_scenario.store)
        assert (await shown(models, order)).cancelled == ["1", "2", "3"]

    async def test_page_by_page_newest_first_without_other_accounts(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        _, performance = await shop_scenario.open_shop()
        placed = [(await shop_scenario.book(performance, "ann", seat))[0] for seat in shop_scenario.seats[:3]]
        await shop_scenario.book(performance, "bob", shop_scenario.seats[3])
        await manual_projector.fold(shop_scenario.store)
        first = await list_orders(models, account="ann", limit=2)
        assert [order.order_id for order in first.orders] == [placed[2], placed[1]]
        assert first.position == await shop_scenario.store.head()
        rest = await list_orders(models, account="ann", limit=2, before=first.orders[-1].position)
        assert [order.order_id for order in rest.orders] == [placed[0]]
        assert (await list_orders(models, account="nobody")).orders == []

    async def test_support_finds_an_order_by_its_code(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        _, performance = await shop_scenario.open_shop()
        order, _ = await shop_scenario.book(performance, "ann", shop_scenario.seats[0])
        await manual_projector.fold(shop_scenario.store)
        code = (await shown(models, order)).order_code
        assert [found.order_id for found in (await find_orders_by_code(models, code=code)).orders] == [order]
        assert await find_order(models, order="nothing") is None


class TestRefunds:
    async def test_support_lists_them_by_status_oldest_first(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        _, performance = await shop_scenario.open_shop()
        orders = [await shop_scenario.buy(performance, "ann", seat) for seat in shop_scenario.seats[:3]]
        refunds = [await shop_scenario.request_refund(order) for order in orders]
        await shop_scenario.approve(refunds[1])
        await manual_projector.fold(shop_scenario.store)
        requested = await list_refunds(models, status="requested")
        assert [refund.refund for refund in requested] == [refunds[0], refunds[2]]
        after = await list_refunds(models, status="requested", after=requested[0].position)
        assert [refund.refund for refund in after] == [refunds[2]]
        assert [refund.refund for refund in await list_refunds(models)] == refunds


class TestHolds:
    async def test_only_live_holds_are_listed(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        _, performance = await shop_scenario.open_shop()
        kept = await shop_scenario.hold(performance, "ann", shop_scenario.seats[0])
        await shop_scenario.extend(kept, "ann")
        released = await shop_scenario.hold(performance, "ann", shop_scenario.seats[1])
        await shop_scenario.release(released, "ann")
        ordered = await shop_scenario.hold(performance, "ann", shop_scenario.seats[2])
        await shop_scenario.order(ordered, "ann")
        await shop_scenario.book(performance, "ann", shop_scenario.seats[3])
        lapsing = await shop_scenario.hold(performance, "ann", shop_scenario.seats[4])
        await manual_projector.fold(shop_scenario.store)
        now = shop_scenario.clock.now()
        holds = await list_holds(models, account="ann", now=now)
        assert [hold.hold for hold in holds] == [lapsing, kept]
        assert (holds[1].expires_at, holds[1].total) == (now + 2 * HOLD_LASTS, 4500)
        later = await list_holds(models, account="ann", now=now + HOLD_LASTS)
        assert [hold.hold for hold in later] == [kept]


class TestBooked:
    async def test_an_order_or_a_live_hold_counts(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        ordered, performance = await shop_scenario.open_shop()
        await shop_scenario.book(performance, "ann", shop_scenario.seats[0])
        held, other = await shop_scenario.open_shop()
        await shop_scenario.hold(other, "ann", shop_scenario.seats[0])
        nothing, _ = await shop_scenario.open_shop()
        await manual_projector.fold(shop_scenario.store)
        now = shop_scenario.clock.now()
        assert await is_booked(models, event=ordered, now=now + timedelta(days=1))
        assert await is_booked(models, event=held, now=now)
        assert not await is_booked(models, event=held, now=now + HOLD_LASTS)
        assert not await is_booked(models, event=nothing, now=now)
