"""No change is lost between a document and the first message, however far the read model is behind."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from api.live import LiveSeatMaps, seat_maps
from application.errors import Behind
from eventstore.store import Store
from tests.api.http_scenario import HttpScenario, done, folding
from tests.api.live.opening import maps_of, open_seat_map
from tests.api.shop import V1, until

JOINS = 12
"""Number of seat maps opened while seats change."""

TRADERS = 3
PAUSE_S_MAX = 0.03
LAST_WORD = -1
"""The seat that is sold at the end."""

STANDS = {
    "SeatHeld": "held",
    "SeatReleased": "free",
    "SeatSold": "sold",
    "SeatBlocked": "blocked",
    "SeatUnblocked": "free",
}


async def by_the_log(store: Store, performance: str) -> dict[str, str]:
    """Return the seats that are not free, from the log alone."""
    states: dict[str, str] = {}
    prefix = f"seat-{performance}-s"
    for event in await store.read_range(after=0, limit=100_000):
        if event.stream.startswith(prefix):
            states[event.stream.rpartition("-")[2]] = STANDS[event.name]
    return {seat: state for seat, state in states.items() if state != "free"}


@asynccontextmanager
async def trading(office: HttpScenario) -> AsyncIterator[None]:
    """Hold and release seats continuously inside the context; the first is held before it begins."""
    over = asyncio.Event()
    done(await office.hold(await office.somebody(), office.seats[0]))

    async def trade(seats: Sequence[str]) -> None:
        buyer = await office.somebody()
        while not over.is_set():
            held = done(await office.hold(buyer, *random.sample(seats, 2)))
            done(await office.shop.client.delete(f"{V1}/holds/{held['hold_id']}", headers=buyer))
        done(await office.hold(buyer, seats[0]))

    traders = [asyncio.create_task(trade(office.seats[nth:LAST_WORD:TRADERS])) for nth in range(1, TRADERS + 1)]
    try:
        yield
    finally:
        over.set()
        await asyncio.gather(*traders)


async def looked_while_trading(office: HttpScenario) -> tuple[list[dict[str, str]], dict[str, str]]:
    """Open seat maps while seats change; return the clients' final states and the log's."""
    async with AsyncExitStack() as stack:
        looks = []
        async with trading(office):
            for _ in range(JOINS):
                await asyncio.sleep(random.uniform(0, PAUSE_S_MAX))
                looks.append(await open_seat_map(office, maps_of(office), stack))
        last = office.seats[LAST_WORD]
        done(await office.hold(await office.somebody(), last))
        for client, picture in looks:
            while last not in picture.states:
                picture.apply(await client.next())
        return [picture.states for _, picture in looks], await by_the_log(
            office.shop.engine.store, office.performance_id
        )


@pytest.fixture
async def behind(office: HttpScenario, shop_database: str) -> None:
    """Read models that were folded once and are not updated."""
    async with folding(office.shop, shop_database):
        head = await office.head()

        async def folded() -> bool:
            return (await office.shop.engine.positions.all())["seat_map"] >= head

        await until(folded)


class TestJoining:
    @pytest.mark.usefixtures("folded")
    async def test_given_read_models_that_keep_up_then_everybody_sees_what_the_log_says(
        self, office: HttpScenario
    ) -> None:
        seen, logged = await looked_while_trading(office)
        assert seen == [logged] * JOINS

    @pytest.mark.usefixtures("behind")
    async def test_given_read_models_that_stand_still_then_everybody_sees_what_the_log_says(
        self, office: HttpScenario
    ) -> None:
        seen, logged = await looked_while_trading(office)
        assert seen == [logged] * JOINS

    @pytest.mark.usefixtures("behind")
    async def test_given_no_replay_of_what_lies_between_then_it_is_noticed(
        self, office: HttpScenario, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def nothing(*_: object, **__: object) -> None:
            pass

        monkeypatch.setattr(LiveSeatMaps, "_replay", nothing)
        seen, logged = await looked_while_trading(office)
        assert logged not in seen
        assert all(states.items() < logged.items() for states in seen)

    @pytest.mark.usefixtures("behind")
    async def test_given_read_models_too_far_behind_then_it_is_said_and_nothing_is_kept(
        self, office: HttpScenario, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(seat_maps, "REPLAY_EVENTS_MAX", 0)
        monkeypatch.setattr(seat_maps, "LOAD_SECONDS_MAX", 0.3)
        done(await office.hold(await office.somebody(), office.seats[0]))
        maps = maps_of(office)
        with pytest.raises(Behind):
            await maps.snapshot(office.performance_id, 0)
        assert maps.performances == 0
        monkeypatch.undo()
        assert b'"s1"' in (await maps.snapshot(office.performance_id, 0)).plain
        await maps.close()
