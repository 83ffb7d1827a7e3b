"""Search in the catalogue: given events, then the found events and their order."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from projections.catalogue import (
    EventCursor,
    EventQuery,
    Viewer,
    find_event,
    find_events,
)
from projections.catalogue.events import PERFORMANCES_PER_EVENT_MAX
from projections.catalogue.text_search import normalize, prefix_query, spellings, words
from projections.engine.queries import ReadModelQueries
from tests.projections.found_titles import found_titles
from tests.projections.manual_projector import ManualProjector
from tests.support.shop_scenario import ShopScenario

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
    (" \u3000", ["Hamlet", "Má vlast", "Hammerklavier"]),
)
SPELLINGS = (
    ("Söhne Mannheims", "Zürich", ("soehne", "sohne", "SÖHNE", "zuerich", "zurich", "Zür")),
    ("Mueller", "Aarhus", ("müller", "mueller", "århus")),
    ("交响音乐会 X9", "北京", ("交响", "音乐会", "音乐 x9", "京")),
    ("コンサートツアー", "東京", ("コンサート", "ツアー")),
    ("งานเทศกาล", "Bangkok", ("เทศกาล",)),
    ("!!!", "Praha", ("!", "!!!", "!!! praha")),
    ("C'est 'fou'", "Nice", ("c'est", "fou")),
)


class TestSearch:
    @pytest.fixture(autouse=True)
    async def shows(self, shop_scenario: ShopScenario, manual_projector: ManualProjector) -> None:
        """Three events in two cities, and a draft."""
        globe = await shop_scenario.found()
        nachod = await shop_scenario.open_venue(globe)
        prague = await shop_scenario.open_venue(globe, name="Rudolfinum", city="Praha")
        for title, venue_id, category, days, text in (
            ("Hamlet", nachod, "Theatre", 20, "Být, či nebýt"),
            ("Má vlast", prague, "Concert", 10, "Bedřich Smetana"),
            ("Hammerklavier", prague, "Concert", 30, "Beethoven's sonata no. 29"),
        ):
            event_id = await shop_scenario.create(globe, venue_id, title, category, text)
            await shop_scenario.publish(event_id)
            await shop_scenario.schedule(globe, venue_id, event_id, starts_in=days * DAY)
        await shop_scenario.create(globe, nachod, "Hamlet II")
        await manual_projector.fold(shop_scenario.store)

    async def test_words_are_found_in_any_spelling(self, shop_scenario: ShopScenario, models: ReadModelQueries) -> None:
        for text, titles in SEARCHES:
            assert sorted(await found_titles(models, shop_scenario, text=text)) == sorted(titles), text

    async def test_by_city_category_and_time(self, shop_scenario: ShopScenario, models: ReadModelQueries) -> None:
        now = shop_scenario.clock.now()
        assert await found_titles(models, shop_scenario) == ["Má vlast", "Hamlet", "Hammerklavier"]
        assert await found_titles(models, shop_scenario, city="PRAHA") == ["Má vlast", "Hammerklavier"]
        assert await found_titles(models, shop_scenario, city="Nachod") == ["Hamlet"]
        assert await found_titles(models, shop_scenario, category="concert") == ["Má vlast", "Hammerklavier"]
        assert await found_titles(models, shop_scenario, since=now + 15 * DAY) == ["Hamlet", "Hammerklavier"]
        assert await found_titles(models, shop_scenario, until=now + 15 * DAY) == ["Má vlast"]
        assert await found_titles(models, shop_scenario, since=now + 15 * DAY, until=now + 20 * DAY) == []
        assert await found_titles(models, shop_scenario, text="ham", city="praha") == ["Hammerklavier"]

    async def test_page_by_page(self, shop_scenario: ShopScenario, models: ReadModelQueries) -> None:
        titles: list[str] = []
        after: EventCursor | None = None
        while events := await find_events(models, EventQuery(limit=1, after=after), now=shop_scenario.clock.now()):
            titles += [event.title for event in events]
            after = EventCursor(over=events[-1].over, sort_at=events[-1].sort_at, event=events[-1].event)
        assert titles == ["Má vlast", "Hamlet", "Hammerklavier"]

    async def test_a_draft_is_visible_to_its_organizer_and_to_viewers_of_all(
        self, shop_scenario: ShopScenario, models: ReadModelQueries
    ) -> None:
        hamlet = (await find_events(models, EventQuery(text="hamlet"), now=shop_scenario.clock.now()))[0]
        own, other = Viewer(organizers=[hamlet.organizer]), Viewer(organizers=["another"])
        assert await found_titles(models, shop_scenario, text="hamlet", viewer=own) == ["Hamlet", "Hamlet II"]
        assert await found_titles(models, shop_scenario, text="hamlet", viewer=Viewer(sees_all=True)) == [
            "Hamlet",
            "Hamlet II",
        ]
        assert await found_titles(models, shop_scenario, text="hamlet", viewer=other) == ["Hamlet"]


class TestSpelling:
    @pytest.mark.parametrize(("title", "city", "typed"), SPELLINGS)
    async def test_it_is_found_in_alternative_spellings(
        self,
        shop_scenario: ShopScenario,
        manual_projector: ManualProjector,
        models: ReadModelQueries,
        title: str,
        city: str,
        typed: Sequence[str],
    ) -> None:
        globe = await shop_scenario.found()
        venue_id = await shop_scenario.open_venue(globe, name="Halle", city=city)
        event_id = await shop_scenario.create(globe, venue_id, title, "Concert", "")
        await shop_scenario.publish(event_id)
        await manual_projector.fold(shop_scenario.store)
        for text in typed:
            assert await found_titles(models, shop_scenario, text=text) == [title], text
        for spelled in spellings(city):
            assert await found_titles(models, shop_scenario, city=spelled) == [title]


class TestTime:
    async def show(
        self, shop_scenario: ShopScenario, title: str, *starts_in: timedelta, time_zone: str = "Europe/Prague"
    ) -> str:
        globe = await shop_scenario.found()
        venue_id = await shop_scenario.open_venue(globe, time_zone=time_zone)
        event_id = await shop_scenario.create(globe, venue_id, title)
        await shop_scenario.publish(event_id)
        for each in starts_in:
            await shop_scenario.schedule(globe, venue_id, event_id, starts_in=each)
        return event_id

    async def test_future_events_are_ordered_by_next_performance_and_past_events_are_last(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        began = shop_scenario.clock.now()
        await self.show(shop_scenario, "long over", 1 * DAY)
        await self.show(shop_scenario, "just over", 2 * DAY)
        await self.show(shop_scenario, "running", 1 * DAY, 20 * DAY, 9 * DAY)
        await self.show(shop_scenario, "soon", 4 * DAY)
        await self.show(shop_scenario, "no date yet")
        shop_scenario.wait(3 * DAY)
        await manual_projector.fold(shop_scenario.store)
        now = shop_scenario.clock.now()
        titles = ["soon", "running", "no date yet", "just over", "long over"]
        assert await found_titles(models, shop_scenario) == titles
        paged: list[str] = []
        after: EventCursor | None = None
        while page := await find_events(models, EventQuery(limit=1, after=after), now=now):
            paged += [event.title for event in page]
            after = EventCursor(over=page[-1].over, sort_at=page[-1].sort_at, event=page[-1].event)
        assert paged == titles
        events = {event.title: event for event in await find_events(models, EventQuery(), now=now)}
        running, over = events["running"], events["long over"]
        assert [each.starts_at - began for each in running.performances] == [9 * DAY, 20 * DAY]
        assert (running.first_starts_at, running.next_starts_at) == (began + 9 * DAY, began + 9 * DAY)
        assert running.performance_count == 2
        assert ([each.starts_at - began for each in over.performances], over.next_starts_at) == ([1 * DAY], None)
        assert await found_titles(models, shop_scenario, since=began) == ["long over", "running", "just over", "soon"]
        assert await found_titles(models, shop_scenario, until=now) == ["long over", "running", "just over"]
        assert await found_titles(models, shop_scenario, until=now + 2 * DAY) == ["soon"]

    async def test_a_day_is_in_the_venues_time_zone(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        evening = 20 * DAY + timedelta(hours=14)  # 02:00 UTC the next day: 21:00 in New York, 15:00 in Auckland
        day = (shop_scenario.clock.now() + 20 * DAY).date()
        await self.show(shop_scenario, "New York", evening, time_zone="America/New_York")
        await self.show(shop_scenario, "Auckland", evening, time_zone="Pacific/Auckland")
        await manual_projector.fold(shop_scenario.store)
        assert await found_titles(models, shop_scenario, since=day, until=day) == ["New York"]
        assert await found_titles(models, shop_scenario, since=day + DAY, until=day + DAY) == ["Auckland"]
        assert sorted(await found_titles(models, shop_scenario, since=day)) == ["Auckland", "New York"]

    async def test_a_long_run_has_its_next_performances_and_their_number(
        self, shop_scenario: ShopScenario, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        event_id = await self.show(shop_scenario, "The Mousetrap", *(number * DAY for number in range(1, 31)))
        shop_scenario.wait(5 * DAY + timedelta(hours=1))
        await manual_projector.fold(shop_scenario.store)
        now = shop_scenario.clock.now()
        (listed,) = await find_events(models, EventQuery(), now=now)
        assert len(listed.performances) == PERFORMANCES_PER_EVENT_MAX
        assert (listed.performance_count, listed.performances[0].starts_at) == (25, listed.next_starts_at)
        whole = await find_event(models, event=event_id, now=now)
        assert whole is not None
        assert (len(whole.performances), whole.performance_count) == (30, 30)
        tenth = whole.performances[9]
        page = await find_event(models, event=event_id, now=now, after=(tenth.starts_at, tenth.performance), limit=5)
        assert page is not None
        assert page.performances == whole.performances[10:15]


class TestWords:
    def test_letters_are_normalized(self) -> None:
        assert (
            normalize("Škvorecký, Straße, Łódź, Ærø, İstanbul, ﬁn") == "skvorecky, strasse, lodz, aero, istanbul, fin"
        )

    def test_words_are_distinct_and_have_letters_and_digits_only(self) -> None:
        assert words("Hamlet's ghost_story", "hamlet 2", "北京") == [
            "hamlet",
            "s",
            "ghost",
            "story",
            "2",
            "北京",
            "京",
        ]

    def test_a_query_matches_every_word_as_a_prefix(self) -> None:
        assert prefix_query("Má vl'") == "'ma':* & 'vl':*"
        assert prefix_query("Müller") == "('muller':* | 'mueller':*)"

    def test_other_characters_are_matched_if_there_is_no_word(self) -> None:
        assert words("!!!", "Tour") == ["!!!", "tour"]
        assert prefix_query(" _-'\\ ") == "'_-''\\\\':*"
        assert prefix_query(" \u3000 ") is None

    def test_scripts_without_spaces_are_found_from_any_character(self) -> None:
        assert words("交响音乐会X9") == ["交响音乐会", "响音乐会", "音乐会", "乐会", "会", "x9"]
        assert prefix_query("音乐会 x") == "'音乐会':* & 'x':*"
