"""Limits of subscribers: no client is refused because of earlier ones; the client with the most loses one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.types import Message

from api.live import feed
from api.live.feed import SeatMapFeed
from api.live.seat_map import LiveSeatMap
from api.live.subscriber import Subscriber
from api.live.subscribers import SubscriberLimits, WatchLimits
from application.errors import Busy, TooManyWatchers
from domain.layout import Inventory
from eventstore.store import RecordedEvent
from projections.registry import reader_for
from projections.seat_map.fold import SEAT_MAP
from tests.domain.layout.samples import GRID, published

INVENTORY = Inventory(published("grid", GRID))
NOW = 1_000.0


class Silence:
    """A subscription to a log without events."""

    async def next(self) -> list[RecordedEvent]:
        """Wait for ever."""
        await asyncio.Event().wait()
        return []

    async def close(self) -> None:
        """Close the subscription."""


class Screen:
    """The messages sent to one client."""

    def __init__(self) -> None:
        self.sent = b""
        self.ended = False

    async def send(self, message: Message) -> None:
        """Record a message."""
        self.sent += message["body"]
        self.ended = not message["more_body"]


def seat_map(name: str) -> LiveSeatMap:
    """Return a loaded seat map."""
    return LiveSeatMap(name, INVENTORY, lambda: NOW, followed_after=0, tag="t")


def watch(crowd: SubscriberLimits, client: str, live: LiveSeatMap) -> Screen:
    """Subscribe a client."""
    screen = Screen()
    crowd.check(client)
    crowd.enter(client, live, Subscriber(screen.send, None, 0))
    return screen


@asynccontextmanager
async def followed(crowd: SubscriberLimits) -> AsyncIterator[SeatMapFeed]:
    """Run a feed of an empty log inside the context."""
    edition: Any = SilentEdition()

    async def current() -> Any:
        return edition

    made = SeatMapFeed(
        Silence(),
        0,
        reader_for([SEAT_MAP]),
        edition=edition,
        current_edition=current,
        reject_one=crowd.reject_one,
    )
    yield made
    await made.stop()


class SilentEdition:
    """An edition of a read model that is never rebuilt."""

    tag = "t"

    def follows(self, _: object) -> bool:
        """Return that the rows are the same."""
        return True


class TestWatchers:
    async def test_given_a_full_house_then_the_client_with_most_loses_its_oldest_and_learns_when_to_retry(
        self,
    ) -> None:
        crowd, live = SubscriberLimits(WatchLimits(watchers=4)), seat_map("p")
        many = [watch(crowd, "a", live) for _ in range(3)]
        watch(crowd, "b", live)
        newcomer = watch(crowd, "c", live)
        assert [screen.ended for screen in many] == [True, False, False]
        assert many[0].sent.count(b"retry: ") == 2
        assert (newcomer.ended, crowd.total, live.watchers, crowd.rejected) == (False, 4, 4, 1)

    async def test_given_a_full_house_then_the_client_with_most_is_refused_more(self) -> None:
        crowd, live = SubscriberLimits(WatchLimits(watchers=2)), seat_map("p")
        watch(crowd, "a", live)
        watch(crowd, "b", live)
        with pytest.raises(Busy):
            crowd.check("a")

    async def test_given_as_many_as_one_client_may_have_then_others_still_come_in(self) -> None:
        crowd, live = SubscriberLimits(WatchLimits(per_client=2)), seat_map("p")
        watch(crowd, "a", live)
        watch(crowd, "a", live)
        with pytest.raises(TooManyWatchers):
            crowd.check("a")
        watch(crowd, "b", live)

    async def test_given_one_who_leaves_twice_then_it_counts_once(self) -> None:
        crowd, live, screen = SubscriberLimits(), seat_map("p"), Screen()
        subscriber = Subscriber(screen.send, None, 0)
        crowd.enter("a", live, subscriber)
        crowd.leave("a", subscriber)
        crowd.leave("a", subscriber)
        assert (crowd.total, live.watchers) == (0, 0)


class TestSeatMaps:
    async def test_given_hundreds_that_are_watched_then_all_are_kept_and_the_next_is_served(self) -> None:
        crowd = SubscriberLimits()
        async with followed(crowd) as all_of_them:
            for number in range(300):
                live = seat_map(f"p{number}")
                all_of_them.join(live)
                watch(crowd, f"client {number % 10}", live)
            newcomer = seat_map("another")
            all_of_them.join(newcomer)
            assert len(all_of_them.performances) == 301
            assert (await newcomer.snapshot(0)).position == 0
            assert crowd.rejected == 0

    async def test_given_no_room_then_what_nobody_watches_goes_first_and_the_last_asked_for_stays(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        crowd = SubscriberLimits()
        async with followed(crowd) as some:
            first, second, watched = seat_map("first"), seat_map("second"), seat_map("watched")
            for live in (first, second, watched):
                some.join(live)
            watch(crowd, "a", watched)
            some.touch(first)
            monkeypatch.setattr(feed, "BYTES_MAX", some.size)
            some.join(seat_map("next"))
            assert list(some.performances) == ["watched", "first", "next"]

    async def test_given_one_client_that_watches_all_there_is_room_for_then_a_snapshot_is_made_and_it_makes_room(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        crowd = SubscriberLimits()
        async with followed(crowd) as some:
            screens = []
            for number in range(5):
                live = seat_map(f"p{number}")
                some.join(live)
                screens.append(watch(crowd, "a", live))
            monkeypatch.setattr(feed, "BYTES_MAX", some.size)
            newcomer = seat_map("another")
            some.join(newcomer)
            assert b'"performance_id"' in (await newcomer.snapshot(0)).plain
            assert [screen.ended for screen in screens] == [True, False, False, False, False]
            assert "p0" not in some.performances

    async def test_given_nobody_has_more_than_one_then_a_snapshot_takes_nobody_s_place(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        crowd = SubscriberLimits()
        async with followed(crowd) as some:
            for number in range(3):
                live = seat_map(f"p{number}")
                some.join(live)
                watch(crowd, f"client {number}", live)
            monkeypatch.setattr(feed, "BYTES_MAX", some.size)
            for name in ("one", "two"):
                newcomer = seat_map(name)
                some.join(newcomer)
                assert (await newcomer.snapshot(0)).position == 0
            assert list(some.performances) == ["p0", "p1", "p2", "two"]
            assert (some.full, crowd.rejected) == (True, 0)
