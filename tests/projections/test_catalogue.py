"""The catalogue: given events, then what people find."""

from datetime import timedelta

import pytest

from domain.values import EntryRules, Limits, Price, Role
from projections.catalogue import (
    After,
    Event,
    Viewer,
    Wanted,
    find_event,
    find_events,
    find_layout,
    find_performance,
    find_venue,
    layouts_of_venue,
    list_members,
    list_organizers,
    list_venues,
)
from projections.catalogue.words import folded, prefix_query, words
from projections.reading import ReadModels
from tests.projections.shelf import Shelf
from tests.projections.town import HOLD_LASTS, Town

DAY = timedelta(days=1)
SEARCHES: tuple[tuple[str, list[str]], ...] = (
    ("hamlet", ["Hamlet"]),
    ("HAM", ["Hamlet", "Hammerklavier"]),
    ("ma vlast", ["Má vlast"]),
    ("MÁ VLAST", ["Má vlast"]),
    ("smetana praha", ["Má vlast"]),
    ("byt nebyt", ["Hamlet"]),
    ("skvoreckeho", ["Hamlet"]),
    ("rudolf", ["Má vlast", "Hammerklavier"]),
    ("29", ["Hammerklavier"]),
    ("smetana hamlet", []),
    ("amlet", []),
    ("'", []),
    ("&|!():*", []),
    ("it's \\ 'odd", []),
)


async def found(models: ReadModels, town: Town, **wanted: object) -> list[str]:
    """Return the titles somebody finds."""
    events = await find_events(models, Wanted(**wanted), now=town.clock.now())  # type: ignore[arg-type]
    return [event.title for event in events]


class TestSearch:
    @pytest.fixture(autouse=True)
    async def shows(self, town: Town, shelf: Shelf) -> None:
        """Three shows in two cities, and a draft."""
        globe = await town.found()
        nachod = await town.open_venue(globe)
        prague = await town.open_venue(globe, name="Rudolfinum", city="Praha")
        for title, venue_id, category, days, text in (
            ("Hamlet", nachod, "Theatre", 20, "Být, či nebýt"),
            ("Má vlast", prague, "Concert", 10, "Bedřich Smetana"),
            ("Hammerklavier", prague, "Concert", 30, "Beethoven's sonata no. 29"),
        ):
            event_id = await town.create(globe, venue_id, title, category, text)
            await town.publish(event_id)
            await town.schedule(globe, venue_id, event_id, starts_in=days * DAY)
        await town.create(globe, nachod, "Hamlet II")
        await shelf.fold(town.store)

    async def test_words_are_found_however_they_are_typed(self, town: Town, models: ReadModels) -> None:
        for text, titles in SEARCHES:
            assert sorted(await found(models, town, text=text)) == sorted(titles), text

    async def test_by_city_category_and_time(self, town: Town, models: ReadModels) -> None:
        now = town.clock.now()
        assert await found(models, town) == ["Má vlast", "Hamlet", "Hammerklavier"]
        assert await found(models, town, city="PRAHA") == ["Má vlast", "Hammerklavier"]
        assert await found(models, town, city="Nachod") == ["Hamlet"]
        assert await found(models, town, category="concert") == ["Má vlast", "Hammerklavier"]
        assert await found(models, town, since=now + 15 * DAY) == ["Hamlet", "Hammerklavier"]
        assert await found(models, town, until=now + 15 * DAY) == ["Má vlast"]
        assert await found(models, town, since=now + 15 * DAY, until=now + 20 * DAY) == []
        assert await found(models, town, text="ham", city="praha") == ["Hammerklavier"]

    async def test_page_by_page(self, town: Town, models: ReadModels) -> None:
        titles: list[str] = []
        after = After()
        while events := await find_events(models, Wanted(limit=1, after=after), now=town.clock.now()):
            titles += [event.title for event in events]
            after = After(first_starts_at=events[-1].first_starts_at, event=events[-1].event)
        assert titles == ["Má vlast", "Hamlet", "Hammerklavier"]

    async def test_a_draft_is_shown_to_its_organizer_and_to_those_who_see_everything(
        self, town: Town, models: ReadModels
    ) -> None:
        hamlet = (await find_events(models, Wanted(text="hamlet"), now=town.clock.now()))[0]
        own, other = Viewer(organizers=[hamlet.organizer]), Viewer(organizers=["another"])
        assert await found(models, town, text="hamlet", viewer=own) == ["Hamlet", "Hamlet II"]
        assert await found(models, town, text="hamlet", viewer=Viewer(everybody=True)) == ["Hamlet", "Hamlet II"]
        assert await found(models, town, text="hamlet", viewer=other) == ["Hamlet"]


class TestEvent:
    async def test_it_is_described_anew(self, town: Town, shelf: Shelf, models: ReadModels) -> None:
        event_id, performance = await town.open_shop()
        await shelf.fold(town.store)
        await town.describe(event_id, "Faust", category="Opera")
        await shelf.fold(town.store)
        event = await self.found(models, town, event_id)
        assert (event.title, event.category, event.description) == ("Faust", "Opera", "")
        assert event.image_url == "https://example.test/hamlet.jpg"
        assert (event.venue_name, event.city, event.time_zone) == (
            "Divadlo Josefa Škvoreckého",
            "Náchod",
            "Europe/Prague",
        )
        assert [each.performance for each in event.performances] == [performance]
        assert await found(models, town, text="faust") == ["Faust"]
        assert await found(models, town, text="hamlet") == []
        assert await found(models, town, text="skvorecky nachod") == []
        assert await found(models, town, text="skvoreck nachod opera") == ["Faust"]

    async def test_a_deletion_that_is_refused_leaves_it_as_it_was(
        self, town: Town, shelf: Shelf, models: ReadModels
    ) -> None:
        event_id, _ = await town.open_shop()
        await town.delete(event_id, booked=True)
        await shelf.fold(town.store)
        assert (await self.found(models, town, event_id)).status == "published"

    async def test_deleted_it_is_gone(self, town: Town, shelf: Shelf, models: ReadModels) -> None:
        event_id, _ = await town.open_shop()
        await shelf.fold(town.store)
        await town.delete(event_id, booked=False)
        await shelf.fold(town.store)
        assert await find_event(models, event=event_id, now=town.clock.now()) is None
        assert await found(models, town) == []

    async def found(self, models: ReadModels, town: Town, event_id: str) -> Event:
        event = await find_event(models, event=event_id, now=town.clock.now())
        assert event is not None
        return event


class TestPerformance:
    async def test_everything_an_organizer_may_change(self, town: Town, shelf: Shelf, models: ReadModels) -> None:
        _, performance = await town.open_shop()
        await shelf.fold(town.store)
        now = town.clock.now()
        await town.change(performance, starts_at=now + 50 * DAY, doors_at=now + 49 * DAY)
        await town.change(performance, prices=(Price(category="A", amount=900), Price(category="B", amount=1200)))
        await town.change(performance, limits=Limits(seats_per_order=3))
        await town.change(performance, sales="paused")
        await town.change(performance, entry_rules=EntryRules(registered_devices=True))
        await shelf.fold(town.store)
        changed = await find_performance(models, performance=performance, now=now)
        assert changed is not None
        assert (changed.starts_at, changed.doors_at) == (now + 50 * DAY, now + 49 * DAY)
        assert (changed.price_from, changed.currency, changed.sales) == (900, "EUR", "paused")
        assert changed.limits == {"seats_per_order": 3, "seats_per_buyer": 8, "live_holds_per_buyer": 2}
        assert [price["amount"] for price in changed.prices] == [900, 1200]
        assert changed.entry_rules == {"registered_devices": True, "disputed_tickets_admitted": True}
        await town.change(performance, sales="open")
        await town.call_off(performance)
        await shelf.fold(town.store)
        cancelled = await find_performance(models, performance=performance, now=now)
        assert cancelled is not None
        assert (cancelled.sales, cancelled.cancelled_for) == ("open", "illness")
        assert await find_performance(models, performance="nowhere", now=now) is None

    async def test_what_is_left_is_capacity_less_held_sold_and_blocked(
        self, town: Town, shelf: Shelf, models: ReadModels
    ) -> None:
        event_id, performance = await town.open_shop()
        a, b, c, d, *_ = town.seats
        await town.hold(performance, "ann", a, b)
        await town.buy(performance, "cleo", c)
        await town.block(performance, d)
        await shelf.fold(town.store)
        event = await find_event(models, event=event_id, now=town.clock.now())
        assert event is not None
        (counted,) = event.performances
        assert (counted.held, counted.sold, counted.blocked) == (2, 1, 1)
        assert counted.available == len(town.seats) - 4
        later = await find_performance(models, performance=performance, now=town.clock.now() + 2 * HOLD_LASTS)
        assert later is not None
        assert later.available == len(town.seats) - 2


class TestPlaces:
    async def test_venues_and_their_layouts(self, town: Town, shelf: Shelf, models: ReadModels) -> None:
        globe = await town.found()
        nachod = await town.open_venue(globe)
        prague = await town.open_venue(globe, name="Rudolfinum", city="Praha")
        layouts = [await town.publish_layout(nachod), await town.publish_layout(nachod)]
        await shelf.fold(town.store)
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
        assert (layout.venue, layout.seats, layout.document_sha256) == (nachod, len(town.seats), "ab" * 32)


class TestOrganizers:
    async def test_members_come_change_and_go(self, town: Town, shelf: Shelf, models: ReadModels) -> None:
        globe, rose = sorted([await town.found("The Globe"), await town.found("The Rose")])
        await town.give_roles(globe, "ann", Role.ORGANIZER)
        await town.give_roles(globe, "bob", Role.ENTRY_MANAGER)
        await town.give_roles(rose, "bob", Role.ORGANIZER)
        await shelf.fold(town.store)
        assert [row.organizer for row in await list_organizers(models, account="bob", everyone=False)] == [globe, rose]
        await town.give_roles(globe, "ann", Role.ORGANIZER, Role.ENTRY_MANAGER)
        await town.give_roles(globe, "bob")
        await shelf.fold(town.store)
        assert [(row.account, row.roles) for row in await list_members(models, organizer=globe)] == [
            ("ann", ["entry_manager", "organizer"])
        ]
        assert [row.organizer for row in await list_organizers(models, account="bob", everyone=False)] == [rose]
        everyone = await list_organizers(models, account="bob", everyone=True)
        assert [(row.organizer, row.roles) for row in everyone] == [(globe, []), (rose, ["organizer"])]
        page = await list_organizers(models, account="bob", everyone=True, after=globe)
        assert [row.organizer for row in page] == [rose]


class TestWords:
    def test_letters_are_folded_to_plain_ones(self) -> None:
        assert folded("Škvorecký, Straße, Łódź, Ærø, İstanbul, ﬁn") == "skvorecky, strasse, lodz, aero, istanbul, fin"

    def test_each_word_counts_once_and_has_letters_and_digits_only(self) -> None:
        assert words("Hamlet's ghost_story", "hamlet 2", "北京") == ["hamlet", "s", "ghost", "story", "2", "北京"]

    def test_a_query_wants_every_word_as_a_beginning(self) -> None:
        assert prefix_query("Má vl'") == "'ma':* & 'vl':*"
        assert prefix_query(" _-' ") is None
