"""The catalogue: given events, then events, performances, venues, layouts and organizers."""

from datetime import timedelta

from domain.decisions.scheduling import EntryRulesChange
from domain.values import Price, Role
from projections.catalogue import (
    Event,
    find_event,
    find_layout,
    find_performance,
    find_venue,
    layouts_of_venue,
    list_members,
    list_organizers,
    list_venues,
)
from projections.engine.queries import ReadModelQueries
from tests.projections.found_titles import found_titles
from tests.projections.manual_projector import ManualProjector
from tests.support.shop import HOLD_LASTS
from tests.support.shop_scenario import ShopScenario

DAY = timedelta(days=1)


class TestEvent:
    async def test_its_details_are_changed(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        event_id, performance = await shop_scenario.open_shop()
        await manual_projector.fold(shop_scenario.store)
        await shop_scenario.describe(event_id, "Faust", category="Opera")
        await manual_projector.fold(shop_scenario.store)
        event = await self.found(models, shop_scenario, event_id)
        assert (event.title, event.category, event.description) == ("Faust", "Opera", "")
        assert event.image_url == "https://example.test/hamlet.jpg"
        assert (event.venue_name, event.city, event.time_zone) == (
            "Divadlo Josefa Škvoreckého",
            "Náchod",
            "Europe/Prague",
        )
        assert [each.performance for each in event.performances] == [performance]
        assert await found_titles(models, shop_scenario, text="faust") == ["Faust"]
        assert await found_titles(models, shop_scenario, text="hamlet") == []
        assert await found_titles(models, shop_scenario, text="skvorecky nachod") == []
        assert await found_titles(models, shop_scenario, text="skvoreck nachod opera") == ["Faust"]

    async def test_a_refused_deletion_leaves_it_unchanged(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        event_id, _ = await shop_scenario.open_shop()
        await shop_scenario.delete(event_id, booked=True)
        await manual_projector.fold(shop_scenario.store)
        assert (await self.found(models, shop_scenario, event_id)).status == "published"

    async def test_a_deleted_event_is_not_found(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        event_id, _ = await shop_scenario.open_shop()
        await manual_projector.fold(shop_scenario.store)
        await shop_scenario.delete(event_id, booked=False)
        await manual_projector.fold(shop_scenario.store)
        assert await find_event(models, event=event_id, now=shop_scenario.clock.now()) is None
        assert await found_titles(models, shop_scenario) == []

    async def found(self, models: ReadModelQueries, shop_scenario: ShopScenario, event_id: str) -> Event:
        event = await find_event(models, event=event_id, now=shop_scenario.clock.now())
        assert event is not None
        return event


class TestPerformance:
    async def test_each_change_by_an_organizer(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        _, performance = await shop_scenario.open_shop()
        await manual_projector.fold(shop_scenario.store)
        now = shop_scenario.clock.now()
        await shop_scenario.change(performance, starts_at=now + 50 * DAY, doors_at=now + 49 * DAY)
        await shop_scenario.change(
            performance, prices=(Price(category="A", amount=900), Price(category="B", amount=1200))
        )
        await shop_scenario.change(performance, limits={"seats_per_order": 3})
        await shop_scenario.change(performance, sales="paused")
        await shop_scenario.change(performance, entry_rules=EntryRulesChange(registered_devices=True))
        await manual_projector.fold(shop_scenario.store)
        changed = await find_performance(models, performance=performance, now=now)
        assert changed is not None
        assert (changed.starts_at, changed.doors_at) == (now + 50 * DAY, now + 49 * DAY)
        assert (changed.price_from, changed.currency, changed.sales) == (900, "EUR", "paused")
        assert changed.limits == {"seats_per_order": 3, "seats_per_buyer": None, "live_holds_per_buyer": None}
        assert [price["amount"] for price in changed.prices] == [900, 1200]
        assert changed.entry_rules == {"registered_devices": True, "disputed_tickets_admitted": True}
        await shop_scenario.change(performance, sales="open")
        await shop_scenario.call_off(performance)
        await manual_projector.fold(shop_scenario.store)
        cancelled = await find_performance(models, performance=performance, now=now)
        assert cancelled is not None
        assert (cancelled.sales, cancelled.cancelled_for) == ("open", "illness")
        assert await find_performance(models, performance="nowhere", now=now) is None

    async def test_available_is_capacity_less_held_sold_and_blocked(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        event_id, performance = await shop_scenario.open_shop()
        a, b, c, d, *_ = shop_scenario.seats
        await shop_scenario.hold(performance, "ann", a, b)
        await shop_scenario.buy(performance, "cleo", c)
        await shop_scenario.block(performance, d)
        await manual_projector.fold(shop_scenario.store)
        event = await find_event(models, event=event_id, now=shop_scenario.clock.now())
        assert event is not None
        (counted,) = event.performances
        assert (counted.held, counted.sold, counted.blocked) == (2, 1, 1)
        assert counted.available == len(shop_scenario.seats) - 4
        later = await find_performance(models, performance=performance, now=shop_scenario.clock.now() + 2 * HOLD_LASTS)
        assert later is not None
        assert later.available == len(shop_scenario.seats) - 2


class TestVenues:
    async def test_venues_and_their_layouts(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        globe = await shop_scenario.found()
        nachod = await shop_scenario.open_venue(globe)
        prague = await shop_scenario.open_venue(globe, name="Rudolfinum", city="Praha")
        layouts = [await shop_scenario.publish_layout(nachod), await shop_scenario.publish_layout(nachod)]
        await manual_projector.fold(shop_scenario.store)
        listed = await list_venues(models)
        assert [venue.venue for venue in listed] == [nachod, prague]
        assert [venue.venue for venue in await list_venues(models, after=listed[0].position)] == [prague]
        assert [venue.venue for venue in await list_venues(models, city="náchod")] == [nachod]
        venue = await find_venue(models, venue=nachod)
        assert venue is not None
        assert (venue.name, venue.country, venue.organizer) == ("Divadlo Josefa Škvoreckého", "CZ", globe)
        assert await find_venue(models, venue="nowhere") is None
        assert [(each.layout, each.version) for each in await layouts_of_venue(models, venue=nachod)] == [
            (layouts[0], 1),
            (layouts[1], 2),
        ]
        layout = await find_layout(models, layout=layouts[1])
        assert layout is not None
        assert (layout.venue, layout.seats, layout.document_sha256) == (nachod, len(shop_scenario.seats), "ab" * 32)


class TestOrganizers:
    async def test_members_are_added_changed_and_removed(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        globe, rose = sorted([await shop_scenario.found("The Globe"), await shop_scenario.found("The Rose")])
        await shop_scenario.give_roles(globe, "ann", Role.ORGANIZER)
        await shop_scenario.give_roles(globe, "bob", Role.ENTRY_MANAGER)
        await shop_scenario.give_roles(rose, "bob", Role.ORGANIZER)
        await manual_projector.fold(shop_scenario.store)
        assert [row.organizer for row in await list_organizers(models, account="bob", everyone=False)] == [globe, rose]
        await shop_scenario.give_roles(globe, "ann", Role.ORGANIZER, Role.ENTRY_MANAGER)
        await shop_scenario.give_roles(globe, "bob")
        await manual_projector.fold(shop_scenario.store)
        assert [(row.account, row.roles) for row in await list_members(models, organizer=globe)] == [
            ("ann", ["entry_manager", "organizer"])
        ]
        assert [row.organizer for row in await list_organizers(models, account="bob", everyone=False)] == [rose]
        everyone = await list_organizers(models, account="bob", everyone=True)
        assert [(row.organizer, row.roles) for row in everyone] == [(globe, []), (rose, ["organizer"])]
        page = await list_organizers(models, account="bob", everyone=True, after=globe)
        assert [row.organizer for row in page] == [rose]
