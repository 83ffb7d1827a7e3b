"""Read your own writes: every reading route takes `min_position` and waits for its read models."""

import asyncio
import re
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from api.auth.access import ACCESS, PREFIX
from api.http.commands import MIN_POSITION_SECONDS_MAX
from domain.values import Role
from tests.api.http_scenario import NO_LIMITS, Headers, HttpScenario, done, folding, open_box_office, refused
from tests.api.payments import PaymentFixture
from tests.api.shop import V1, until

FROM_READ_MODELS = {
    "/orders",
    "/holds",
    "/tickets",
    "/refunds",
    "/exceptions",
    "/devices",
    "/organizers",
    "/venues",
    "/events",
    "/events/{event_id}",
    "/performances/{performance_id}",
    "/performances/{performance_id}/cancellation",
    "/reports/sales",
    "/reports/performances/{performance_id}",
    "/reports/accounts/{account_id}",
    "/projections",
}
"""The other routes read the log itself, and the seat map follows the log."""

ENDLESS = {"/performances/{performance_id}/live", "/projections/live"}
"""Streams: they begin after a position, or with the next change."""

OPERATIONS = {"/livez", "/readyz", "/metrics"}
OWN = {"hold_id", "ticket_id"}
"""Routes that only the owner may read, admins excluded."""

NOT_THERE = {"/tickets/{ticket_id}/proof": 409, "/performances/{performance_id}/cancellation": 404}
"""There is no sealer here, and the performance is not cancelled."""

READS = sorted({path for method, path in ACCESS if method == "GET"} - ENDLESS - OPERATIONS)
ALLOWANCE_S = 3.0
"""For a busy machine, beyond the documented two seconds."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One id per path parameter, and the accounts that may read."""

    office: HttpScenario
    ids: dict[str, str]
    owner: Headers
    admin: Headers

    async def ask(self, path: str, **query: Any) -> httpx.Response:
        """Request one route with sufficient rights."""
        named = set(re.findall(r"{(\w+)}", path))
        filled = re.sub(r"{(\w+)}", lambda found: self.ids[found[1]], path)
        sender = self.owner if named & OWN else self.admin
        return await self.office.shop.client.get(f"{V1}{filled}", params=query, headers=sender)


@pytest.fixture
async def reading(payment_fixture: PaymentFixture, shop_database: str) -> Reading:
    """A shop with one of everything, folded once; then the projectors stop."""
    office = await open_box_office(payment_fixture.shop, limits=NO_LIMITS)
    owner, admin = await office.somebody(), await office.somebody(Role.ADMIN, Role.AUDITOR)
    hold = done(await office.hold(owner, office.seats[5]))["hold_id"]
    order = done(await office.order(owner, office.seats[0]))["order_id"]
    payment = (await payment_fixture.open_payment(office, owner, order))["payment_id"]
    async with folding(payment_fixture.shop, shop_database):
        paid = await payment_fixture.confirmed_order(office, owner, office.seats[1])

        async def issued() -> bool:
            return bool(done(await office.get("/tickets", owner))["items"])

        async def all_begun() -> bool:
            return all(model["position"] for model in done(await office.get("/projections", admin))["items"])

        await until(issued)
        await until(all_begun)
        ticket = done(await office.get("/tickets", owner))["items"][0]["ticket_id"]
    assert paid["status"] in {"pending", "confirmed"}
    refund = done(await office.post(f"/orders/{paid['order_id']}/refunds", owner, {}))["refund_id"]
    done(await office.hold(owner, office.seats[6]))
    ids = {
        "hold_id": hold,
        "order_id": order,
        "order": order,
        "organizer_id": office.organizer_id,
        "performance": office.performance_id,
        "payment_id": payment,
        "ticket_id": ticket,
        "refund_id": refund,
        "account_id": done(await office.get("/me", owner))["account_id"],
        "venue_id": office.venue_id,
        "layout_id": office.layout_id,
        "event_id": office.event_id,
        "performance_id": office.performance_id,
        "stream": f"order-{order}",
        "seat": office.seats[0],
        "name": "seat_map",
    }
    return Reading(office, ids, owner, admin)


class TestEveryRead:
    def test_it_says_so(self, payment_fixture: PaymentFixture) -> None:
        document = payment_fixture.shop.app.openapi()
        silent = [
            path
            for path in READS
            if "min_position" not in {each["name"] for each in document["paths"][PREFIX + path]["get"]["parameters"]}
        ]
        assert silent == []

    async def test_given_nobody_folds_then_it_is_refused_after_two_seconds_or_read_from_the_log(
        self, reading: Reading
    ) -> None:
        head = await reading.office.head()

        async def ask(path: str) -> tuple[str, int, float, httpx.Response]:
            began_at = asyncio.get_running_loop().time()
            answer = await reading.ask(path, min_position=head)
            return path, answer.status_code, asyncio.get_running_loop().time() - began_at, answer

        for path, status, took_s, answer in await asyncio.gather(*map(ask, READS)):
            if path in FROM_READ_MODELS:
                assert refused(answer) == (503, "behind"), path
                assert int(answer.headers["Retry-After"]) > 0, path
                assert MIN_POSITION_SECONDS_MAX <= took_s < MIN_POSITION_SECONDS_MAX + ALLOWANCE_S, path
            else:
                assert status == NOT_THERE.get(path, 200), (path, answer.text)

    async def test_given_what_was_folded_before_then_it_is_shown(self, reading: Reading) -> None:
        for path in READS:
            answer = await reading.ask(path, min_position=1)
            assert answer.status_code == NOT_THERE.get(path, 200), (path, answer.text)

    async def test_given_a_position_that_no_event_has_then_422(self, reading: Reading) -> None:
        head = await reading.office.head()
        for path in READS:
            assert refused(await reading.ask(path, min_position=head + 1)) == (422, "malformed"), path
