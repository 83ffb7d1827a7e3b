"""A scenario over HTTP: an organizer with a venue, a layout, an event and a performance on sale."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from domain.values import Role
from eventstore.postgres.roles import PROJECTOR_ROLE
from eventstore.subscription.polling import PollingSubscription
from projections.engine.runner import ProjectionRunner
from projections.registry import EVERY_MODEL, reader_for
from runtime.database import url_of_role
from tests.api.shop import V1, Shop, settings_for, until

Headers = dict[str, str]
Json = dict[str, Any]

CURRENCY = "EUR"
STALLS, FLOOR = 4_500, 3_000
AREA_CAPACITY = 12
SEATS_PER_ROW, ROWS = 10, 3
VENUE = {
    "name": "Harbour Theatre",
    "address": "Quay 1",
    "city": "Bergen",
    "country": "NO",
    "time_zone": "Europe/Oslo",
}
NO_LIMITS = {"seats_per_order": None, "seats_per_buyer": None, "live_holds_per_buyer": None}


def layout_document() -> Json:
    """Return three rows of seats and a standing area, in the format `seatledger`."""
    rows = [
        {
            "label": letter,
            "seats": [
                {
                    "id": f"{letter}-{number}",
                    "label": str(number),
                    "category": "stalls",
                    "x": 60.0 * number,
                    "y": 90.0 * index,
                }
                for number in range(1, SEATS_PER_ROW + 1)
            ],
        }
        for index, letter in enumerate("ABC"[:ROWS])
    ]
    return {
        "format": "seatledger-layout-1",
        "name": "Main stage",
        "categories": [
            {"key": "stalls", "label": "Stalls", "color": "#336699"},
            {"key": "floor", "label": "Floor", "color": "#993366"},
        ],
        "sections": [{"label": "Stalls", "rows": rows}],
        "areas": [{"id": "floor", "label": "Standing", "category": "floor", "capacity": AREA_CAPACITY}],
    }


def price(amount: int, currency: str = CURRENCY) -> Json:
    """Return an amount as in requests."""
    return {"amount": amount, "currency": currency}


PRICES = [
    {"category": "stalls", "price": price(STALLS)},
    {"category": "stalls", "ticket_type": "child", "price": price(2_000)},
    {"category": "Floor", "price": price(FLOOR)},
]


def in_days(days: float) -> str:
    """Return a time relative to now as in requests."""
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpScenario:
    """One performance on sale, and the headers of the accounts around it."""

    shop: Shop
    organizer_id: str
    organizer: Headers
    gate: Headers
    venue_id: str
    layout_id: str
    event_id: str
    performance_id: str
    seats: Sequence[str]
    area: str

    async def post(self, path: str, sender: Headers, body: Json | None = None, **headers: str) -> httpx.Response:
        """Send a command."""
        return await self.shop.client.post(f"{V1}{path}", json=body, headers={**sender, **headers})

    async def get(self, path: str, sender: Headers | None = None, **query: Any) -> httpx.Response:
        """Send a read request."""
        return await self.shop.client.get(f"{V1}{path}", headers=sender or {}, params=query)

    async def somebody(self, *roles: Role) -> Headers:
        """Return the headers of a new account."""
        return self.shop.bearer(await self.shop.account(*roles))

    async def performance(self, **changes: Any) -> str:
        """Schedule another performance of the event, and return its id."""
        body = {"starts_at": in_days(30), "layout_id": self.layout_id, "prices": PRICES, **changes}
        return str(
            done(await self.post(f"/events/{self.event_id}/performances", self.organizer, body))["performance_id"]
        )

    async def hold(self, buyer: Headers, *seats: str, **item: Any) -> httpx.Response:
        """Hold seats, or the given items."""
        items = [{"seat": seat} for seat in seats] or [item]
        return await self.post(f"/performances/{self.performance_id}/holds", buyer, {"items": items})

    async def order(self, buyer: Headers, *seats: str, **more: Any) -> httpx.Response:
        """Hold and order seats in one step."""
        items = [{"seat": seat} for seat in seats]
        body = {"performance_id": self.performance_id, "items": items, **more}
        return await self.post("/orders", buyer, body)

    async def head(self) -> int:
        """Return the log's last position."""
        return await self.shop.engine.store.head()


def done(answer: httpx.Response) -> Any:
    """Return the body of an answer that must be a success."""
    assert answer.is_success, f"{answer.status_code}: {answer.text}"
    return answer.json()


def refused(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of an answer that must be a problem."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert problem["status"] == answer.status_code
    return answer.status_code, problem["code"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedScenario:
    """The ids and accounts of a scenario that a database holds."""

    organizer_id: str
    organizer: str
    gate: str
    venue_id: str
    layout_id: str
    event_id: str
    performance_id: str
    seats: Sequence[str]
    area: str

    def at(self, shop: Shop) -> HttpScenario:
        """Return the scenario at one API process."""
        people = {"organizer": shop.bearer(self.organizer), "gate": shop.bearer(self.gate)}
        return HttpScenario(**{**asdict(self), **people, "shop": shop})


async def open_box_office(shop: Shop, *, limits: Json | None = None) -> HttpScenario:
    """Create everything up to a performance on sale."""
    return (await opened_at(shop, limits=limits)).at(shop)


async def opened_at(shop: Shop, *, limits: Json | None = None) -> OpenedScenario:
    """Create everything up to a performance on sale, and return its ids."""
    organizer_id, members = await shop.organizer(ann=Role.ORGANIZER, gate=Role.ENTRY_MANAGER)
    organizer = shop.bearer(members["ann"])

    async def made(path: str, body: Json | None) -> Any:
        return done(await shop.client.post(f"{V1}{path}", json=body, headers=organizer))

    venue_id = (await made("/venues", VENUE | {"organizer_id": organizer_id}))["venue_id"]
    layout = {"name": "Main stage", "format": "seatledger", "document": layout_document()}
    layout_id = (await made(f"/venues/{venue_id}/layouts", layout))["layout_id"]
    event = {"organizer_id": organizer_id, "venue_id": venue_id, "title": "The Tempest", "category": "Theatre"}
    event_id = (await made("/events", event))["event_id"]
    await made(f"/events/{event_id}/publish", None)
    showing: Json = {"starts_at": in_days(30), "doors_at": in_days(29.9), "layout_id": layout_id, "prices": PRICES}
    if limits is not None:
        showing["limits"] = limits
    performance_id = (await made(f"/events/{event_id}/performances", showing))["performance_id"]
    inventory = await shop.engine.place_finder.inventory_of(performance_id)
    return OpenedScenario(
        organizer_id=organizer_id,
        organizer=members["ann"],
        gate=members["gate"],
        venue_id=venue_id,
        layout_id=layout_id,
        event_id=event_id,
        performance_id=performance_id,
        seats=inventory.keys[: inventory.seat_count],
        area=next(iter(inventory.areas)),
    )


@asynccontextmanager
async def folding(shop: Shop, database_url: str) -> AsyncIterator[None]:
    """Keep every read model up to date inside the context."""
    settings = settings_for(database_url)
    runner = ProjectionRunner(
        url=url_of_role(settings, PROJECTOR_ROLE),
        store=shop.engine.store,
        subscribe=lambda after: PollingSubscription(store=shop.engine.store, after=after, poll_max_s=0.01),
        models=EVERY_MODEL,
        reader=reader_for(EVERY_MODEL),
        owner="tests",
    )
    running = asyncio.create_task(runner.run())

    async def begun() -> bool:
        return len(await shop.engine.positions.all()) == len(EVERY_MODEL)

    try:
        await until(begun)
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
