"""Every route x everybody x own and foreign things: each is answered as the table of access says."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from api.app import make_app
from api.auth.access import ACCESS, PREFIX, Access, authorize
from api.auth.identity import Identity
from api.dependencies import Services
from api.http import commands, routing
from domain.values import Role
from projections.registry import EVERY_MODEL
from runtime.wiring import open_services
from tests.system.actors import Participant, Resources, all_actors, make_things
from tests.system.shop import Shop
from tests.system.venue import grid

Route = tuple[str, str]

UNPREFIXED = ("/livez", "/readyz", "/metrics")
BUYERS_OWN = {"order_id", "hold_id", "payment_id", "ticket_id", "refund_id"}
SEEN_BY_ITS_ORGANIZER = {"device_id", "scan_id"}
SEEN_WITH_ITS_EVENT = {"event_id", "performance_id"}
ON_CANCELLED = {("GET", "/performances/{performance_id}/cancellation")}
ENDING = {
    ("DELETE", "/holds/{hold_id}"),
    ("DELETE", "/events/{event_id}"),
    ("DELETE", "/performances/{performance_id}"),
    ("POST", "/events/{event_id}/publish"),
    ("POST", "/performances/{performance_id}/cancel"),
}
ORGANIZER_NAMED = {
    ("POST", "/events"),
    ("POST", "/venues"),
    ("POST", "/devices"),
    ("GET", "/devices"),
    ("GET", "/reports/sales"),
    ("GET", "/reports/accounts/{account_id}"),
}
"""Routes that name an organizer, but not in the path."""

OWN_CREDENTIALS = {("POST", "/auth/refresh"), ("POST", "/webhooks/{provider}")}
"""Routes that look neither at a token nor at a role, but at a cookie or a signature: all are answered the same."""

REFUSED = {401, 403, 404}
EVERY_ROUTE = sorted(ACCESS, key=lambda route: (route[1], route[0]))


def names_in(path: str) -> set[str]:
    """Return the parameters of a path."""
    return set(re.findall(r"{(\w+)}", path))


def expected(route: Route, access: Access, actor: Participant, *, hidden: bool) -> int | None:
    """Return the status somebody must be refused with; None if they may."""
    if actor.token is None and not access.public:
        return 401
    names = names_in(route[1])
    unseen = hidden and not actor.roles & {Role.ORGANIZER, Role.ADMIN}
    if access.public or access.for_any_account:
        foreign = bool(names & BUYERS_OWN) and not (actor.owner or actor.roles & set(access.roles))
        return 404 if foreign or unseen else None
    anywhere = not names and route not in ORGANIZER_NAMED
    if (actor.roles | (actor.foreign if anywhere else frozenset())) & set(access.roles):
        return None
    return 404 if hidden or names & SEEN_BY_ITS_ORGANIZER else 403


def request_for(route: Route, things: Resources) -> tuple[str, dict[str, Any]]:
    """Return a path and a request that makes sense, so that nothing but who asks is left to be refused."""
    ids = {**things.ids, "performance_id": things.ids["cancelled"]} if route in ON_CANCELLED else things.ids
    path = re.sub(r"{(\w+)}", lambda found: ids[found[1]], route[1])
    body = bodies(things).get(route)
    options: dict[str, Any] = {}
    if route[0] == "GET" and route in ORGANIZER_NAMED:
        options["params"] = {"organizer_id": things.house.organizer}
    if body is not None:
        options["json"] = body
    return path if path in UNPREFIXED else PREFIX + path, options


def bodies(things: Resources) -> Mapping[Route, object]:
    """Return a body for every route that takes one, but not those of `/auth`."""
    house, free = things.house, {"seat": "nosuchseat"}
    venue = {"name": "Rose", "address": "Park St 56", "city": "London", "country": "GB", "time_zone": "Europe/London"}
    performance = {
        "starts_at": (datetime.now(UTC) + timedelta(days=30)).isoformat(),
        "layout_id": house.layout,
        "prices": [{"category": "A", "price": {"amount": 100, "currency": "EUR"}}],
    }
    return {
        ("POST", "/orders"): {"performance_id": things.ids["performance_id"], "items": [free]},
        ("POST", "/orders/{order_id}/payments"): {"provider": "sandbox"},
        ("POST", "/orders/{order_id}/refunds"): {},
        ("POST", "/performances/{performance_id}/holds"): {"items": [free]},
        ("POST", "/scans"): {"code": things.code, "gate": "north", "nonce": "matrix-1"},
        ("POST", "/scans/{scan_id}/revert"): {"reason": "other"},
        ("POST", "/devices"): {
            "organizer_id": house.organizer,
            "label": "North",
            "performance_ids": [things.ids["performance_id"]],
        },
        ("PUT", "/accounts/{account_id}/roles"): {"roles": []},
        ("PUT", "/organizers/{organizer_id}/members/{account_id}"): {"roles": []},
        ("POST", "/organizers"): {"name": "One more"},
        ("POST", "/venues"): {"organizer_id": house.organizer, **venue},
        ("POST", "/venues/{venue_id}/layouts"): {"name": "New", "format": "grid", "document": grid(2, 2)},
        ("POST", "/events"): {"organizer_id": house.organizer, "venue_id": house.venue, "title": "Lear"},
        ("PATCH", "/venues/{venue_id}"): {"name": "Rose"},
        ("PATCH", "/events/{event_id}"): {"title": "King Lear"},
        ("POST", "/events/{event_id}/performances"): performance,
        ("PATCH", "/performances/{performance_id}"): {},
        ("POST", "/performances/{performance_id}/cancel"): {"reason": "weather"},
        ("POST", "/performances/{performance_id}/seats/block"): {"seats": ["nosuchseat"], "reason": "house"},
        ("POST", "/performances/{performance_id}/seats/unblock"): {"seats": ["nosuchseat"]},
        ("POST", "/projections/{name}/rebuild"): {},
        ("POST", "/projections/{name}/skip"): {"position": 1, "reason": "defect"},
        ("POST", "/projections/{name}/park"): {"stream": things.ids["stream"], "reason": "defect"},
        ("POST", "/projections/{name}/unpark"): {"stream": things.ids["stream"]},
        **{
            ("POST", f"/exceptions/{{exception_id}}/{ending}"): {"reason": "explained"}
            for ending in ("accept", "refund", "retry", "write-off")
        },
        ("POST", "/auth/register"): {},
        ("POST", "/auth/login"): {},
        ("POST", "/webhooks/{provider}"): {},
    }


async def status_of(client: httpx.AsyncClient, route: Route, actor: Participant, things: Resources) -> int:
    """Send one request and return its status; a stream that never ends is not read."""
    path, options = request_for(route, things)
    headers = {} if actor.token is None else {"Authorization": f"Bearer {actor.token}"}
    async with client.stream(route[0], path, headers=headers, **options) as response:
        return response.status_code


async def wrong_answers(
    client: httpx.AsyncClient, route: Route, actors: list[Participant], things: Resources
) -> list[str]:
    """Let everybody ask one route; return a sentence for each answer that the table does not say."""
    found: list[str] = []
    for actor in sorted(actors, key=lambda actor: expected(route, ACCESS[route], actor, hidden=things.hidden) is None):
        wanted = expected(route, ACCESS[route], actor, hidden=things.hidden)
        here = things.fresh() if wanted is None and route in ENDING else things
        status = await status_of(client, route, actor, here)
        if status >= 500 or (status in REFUSED if wanted is None else status != wanted):
            found.append(f"{actor.name}: {status}, not {wanted or 'an answer'}")
    return found


@pytest.fixture(scope="module")
def owner(shop: Shop) -> str:
    """The access token of the buyer whose orders are asked for."""
    return shop.buyers(1)[0]


@pytest.fixture(scope="module")
def things(shop: Shop, owner: str) -> Resources:
    """What the paths name."""
    return make_things(shop, owner)


@pytest.fixture(scope="module")
def drafts(things: Resources) -> Resources:
    """The same, with an event that only its organizer may see."""
    return things.with_draft()


@pytest.fixture(scope="module")
def actors(shop: Shop, owner: str) -> list[Participant]:
    """Everybody."""
    return all_actors(shop, owner)


@pytest.fixture
async def client(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the running shop."""
    async with httpx.AsyncClient(base_url=shop.url, trust_env=False, timeout=20) as client:
        yield client


@pytest.fixture(scope="module", autouse=True)
def nothing_stays_paused(shop: Shop) -> Iterator[None]:
    """Let every read model go on that a request has paused."""
    yield
    for model in EVERY_MODEL:
        shop.do(f"/projections/{model.name}/resume", shop.token("admin"))


class TestMatrix:
    @pytest.mark.parametrize("route", [route for route in EVERY_ROUTE if route not in OWN_CREDENTIALS], ids=" ".join)
    async def test_everybody_is_answered_as_the_table_says(
        self, client: httpx.AsyncClient, route: Route, actors: list[Participant], things: Resources
    ) -> None:
        assert await wrong_answers(client, route, actors, things) == []

    @pytest.mark.parametrize(
        "route", [route for route in EVERY_ROUTE if names_in(route[1]) & SEEN_WITH_ITS_EVENT], ids=" ".join
    )
    async def test_what_belongs_to_a_draft_is_not_there_for_others(
        self, client: httpx.AsyncClient, route: Route, actors: list[Participant], drafts: Resources
    ) -> None:
        assert await wrong_answers(client, route, actors, drafts) == []

    @pytest.mark.parametrize("route", sorted(OWN_CREDENTIALS), ids=" ".join)
    async def test_a_route_with_credentials_of_its_own_answers_everybody_alike(
        self, client: httpx.AsyncClient, route: Route, actors: list[Participant], things: Resources
    ) -> None:
        assert len({await status_of(client, route, actor, things) for actor in actors}) == 1

    @pytest.mark.parametrize(
        ("route", "let_in"),
        [
            (("GET", "/audit/log"), {"guest", "customer", "owner", "organizer", "entry manager", "support"}),
            (("POST", "/events/{event_id}/publish"), {"guest", "customer", "owner", "foreign organizer", "auditor"}),
        ],
    )
    async def test_a_route_that_forgets_its_check_is_caught(
        self,
        shop: Shop,
        monkeypatch: pytest.MonkeyPatch,
        route: Route,
        let_in: set[str],
        actors: list[Participant],
        things: Resources,
    ) -> None:
        """The same application, on the same database, in which one route's check was planted away."""
        monkeypatch.setattr(routing, "authorize", forgetful(ACCESS[route]))
        monkeypatch.setattr(commands, "assert_authorized", lambda *_: None)
        async with open_services(shop.settings) as services:
            transport = httpx.ASGITransport(make_app(services), raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=shop.url) as client:
                wrong = await wrong_answers(client, route, actors, things)
        assert {sentence.partition(":")[0] for sentence in wrong} >= let_in


def forgetful(forgotten: Access) -> Any:
    """Return a check that lets everybody pass to routes with one declaration."""

    async def admit_most(
        services: Services, access: Access, identity: Identity, path_params: Mapping[str, str]
    ) -> None:
        if access is not forgotten:
            await authorize(services, access, identity, path_params)

    return admit_most
