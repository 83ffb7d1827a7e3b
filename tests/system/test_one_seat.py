"""Everybody wants the same seat at the same moment; and one buyer wants more than they may have, everywhere at once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import uvicorn

from api.app import make_app
from application.place_finder import PlaceFinder
from domain.buyer_quota import BuyerQuotaTaken
from domain.seat import SeatHeld
from eventstore.clock import ServerClock
from eventstore.memory import MemoryStore
from eventstore.store import Append, Conflict, NewEvent, RecordedEvent, Verdict, Write
from runtime.command_handling import build_handler
from runtime.entrypoints.api_server import ApiServer
from runtime.local.embedded import free_port
from runtime.wiring import open_services
from tests.support.audited_scenario import commands
from tests.support.engine import UnbatchedAppender
from tests.system.buying import kind
from tests.system.log import audit, decoded, read_all, read_log
from tests.system.shop import Shop, another_api
from tests.system.venue import UNLIMITED, VenueFixture, build, grid, organizer_of
from tests.system.wire import Answer, Wire

CROWD = 500
WISHES = 20


@pytest.fixture(scope="module")
def theatre(shop: Shop) -> VenueFixture:
    """A few rows of seats."""
    token = shop.token("organizer")
    return build(shop, token, organizer_of(shop, token), document=grid(10, 20))


@pytest.fixture(scope="module")
def crowd(shop: Shop) -> list[str]:
    """The access tokens of five hundred people."""
    return shop.buyers(CROWD)


class TestOneSeat:
    async def test_of_500_at_once_one_gets_it_and_499_are_told_which_seat_is_taken(
        self, shop: Shop, theatre: VenueFixture, crowd: Sequence[str]
    ) -> None:
        performance = theatre.on_sale()
        await one_gets_it(shop.api, crowd, performance, theatre.seats(performance)[0])
        _, broken = audit(await read_log(shop))
        assert broken == []

    async def test_without_the_version_check_the_same_test_sees_a_double_sale(
        self, shop: Shop, theatre: VenueFixture, crowd: Sequence[str]
    ) -> None:
        performance = theatre.on_sale()
        seat = theatre.seats(performance)[0]
        blind = await blind_copy(shop)
        async with api_on(shop, blind) as api:
            with pytest.raises(AssertionError, match="201"):
                await one_gets_it(api, crowd, performance, seat)
        log = await read_all(blind)
        held = [
            decoded_event
            for decoded_event in decoded(log)
            if isinstance(decoded_event.event, SeatHeld) and decoded_event.key == f"{performance}-{seat}"
        ]
        assert len(held) > 1
        assert any(seat in sentence for sentence in audit(log)[1])


class TestLimits:
    @pytest.mark.parametrize(
        ("limits", "seats_each", "holds_max"),
        [
            ({**UNLIMITED, "live_holds_per_buyer": 2}, 1, 2),
            ({**UNLIMITED, "seats_per_buyer": 8}, 3, 2),
        ],
        ids=["live holds", "seats"],
    )
    async def test_20_holds_of_one_buyer_at_two_api_processes_stay_within(
        self,
        shop: Shop,
        second_api: str,
        theatre: VenueFixture,
        limits: dict[str, int | None],
        seats_each: int,
        holds_max: int,
    ) -> None:
        performance = theatre.on_sale(limits=limits)
        seats = theatre.seats(performance)
        wishes = [seats[number * seats_each : (number + 1) * seats_each] for number in range(WISHES)]
        (token,) = shop.buyers(1)
        answers = await at_once(
            [
                (api, token, f"/performances/{performance}/holds", {"items": [{"seat": seat} for seat in wish]})
                for api, wish in zip([shop.api, second_api] * (WISHES // 2), wishes, strict=True)
            ]
        )
        assert Counter(kind(answer) for answer in answers) == {
            "201": holds_max,
            "409 limit_reached": WISHES - holds_max,
        }
        log = decoded(await read_log(shop))
        taken = [t.event for t in log if isinstance(t.event, BuyerQuotaTaken) and t.key.endswith(performance)]
        held = [
            decoded_event
            for decoded_event in log
            if isinstance(decoded_event.event, SeatHeld) and decoded_event.key.startswith(performance)
        ]
        assert (len(taken), len(held)) == (holds_max, holds_max * seats_each)


@pytest.fixture(scope="module")
def second_api(shop: Shop) -> Iterator[str]:
    """A second API process on the shop's database."""
    with another_api(shop) as api:
        yield api


async def one_gets_it(api: str, crowd: Sequence[str], performance: str, seat: str) -> None:
    """Let everybody order the same seat at the same moment; one gets it, the others are told why not."""
    wish = {"performance_id": performance, "items": [{"seat": seat}]}
    answers = await at_once([(api, token, "/orders", wish) for token in crowd])
    assert Counter(kind(answer) for answer in answers) == {"201": 1, "409 seats_taken": len(crowd) - 1}
    assert all(answer.body["seats"] == [seat] for answer in answers if answer.status == 409)


async def at_once(wishes: Sequence[tuple[str, str, str, object]]) -> list[Answer]:
    """Connect for every wish (API, token, path, body), and only then send them all."""
    async with AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(Wire(api, token)) for api, token, _, _ in wishes]
        asking = (wire.post(path, body) for wire, (_, _, path, body) in zip(wires, wishes, strict=True))
        return await asyncio.gather(*asking)


class BlindStore(MemoryStore):
    """A planted bug: nobody looks at versions. It takes its time, as a database does."""

    async def append(self, batch: Sequence[Append]) -> list[Verdict]:
        await asyncio.sleep(0)
        return await super().append(batch)

    def _decide(self, append: Append, now: datetime) -> Verdict | None:
        verdict = super()._decide(append, now)
        return None if isinstance(verdict, Conflict) else verdict


async def blind_copy(shop: Shop) -> BlindStore:
    """Return the shop's log in a store that is blind."""
    store = BlindStore(now=lambda: datetime.now(UTC))
    for command in commands(await read_log(shop)):
        written: dict[str, list[RecordedEvent]] = {}
        for one in command:
            written.setdefault(one.stream, []).append(one)
        writes = tuple(
            Write(stream, events[0].version - 1, tuple(NewEvent(e.name, e.schema_version, e.data) for e in events))
            for stream, events in written.items()
        )
        await store.append([Append(command_id=command[0].command_id, writes=writes, metadata=command[0].metadata)])
    return store


@asynccontextmanager
async def api_on(shop: Shop, store: MemoryStore) -> AsyncIterator[str]:
    """Serve the shop's API here, on another log; gives its address."""
    async with open_services(shop.settings) as real:
        handler = build_handler(store=store, appender=UnbatchedAppender(store), clock=ServerClock(await store.now()))
        places = PlaceFinder(
            handler=handler,
            store=store,
            codec=real.codec,
            clock=real.clock,
            inventory_of_layout=real.inventories.of,
        )
        services = replace(real, handler=handler, store=store, place_finder=places)
        port = free_port()
        config = uvicorn.Config(make_app(services), port=port, log_config=None, lifespan="off", backlog=2 * CROWD)
        server = ApiServer(config, on_stop=services.live.end)
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn sets no event
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{port}/api/v1"
        server.should_exit = True
        await serving
