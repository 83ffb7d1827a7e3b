"""Every request ends in time: while the database hangs, when the process stops, when the client disconnects."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import httpx
import orjson
import pytest
from starlette.types import Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from api.app import make_app
from api.dependencies import ApiSettings
from api.http.deadlines import GONE, Deadlines, OutOfTime
from api.http.metrics import Metrics
from api.http.middleware import OuterMiddleware
from domain.account import GLOBAL_ROLES
from eventstore.errors import StoreUnavailable
from eventstore.postgres import PostgresStore
from eventstore.postgres.roles import APP_ROLE
from runtime.database import url_of_role
from tests.api.http_scenario import Headers, HttpScenario, done
from tests.api.shop import BASE_URL, V1, Shop, open_shop, settings_for
from tests.api.test_commands import nobody_appends
from tests.eventstore.proxy import Proxy

HASTY = ApiSettings(public_url=BASE_URL, request_seconds_max=0.3)
FAR_TOO_LONG_S = 8.0
"""Time for cancelling a statement at a server that does not respond: ten seconds, after the request has ended."""

EVENTS = f"{V1}/events"
LOGIN = {"email": "ann@example.com", "password": "correct horse battery"}
ASKED_BY_STAFF: list[tuple[str, str, object]] = [
    ("GET", "/readyz", None),
    ("GET", EVENTS, None),
    ("GET", f"{V1}/orders", None),
    ("GET", f"{V1}/holds/{uuid7()}", None),
    ("GET", f"{V1}/accounts", None),
    ("GET", f"{V1}/projections", None),
    ("GET", f"{V1}/audit/log", None),
    ("GET", f"{V1}/audit/seals", None),
    ("GET", f"{V1}/audit/verify", None),
    ("GET", f"{V1}/reports/accounts/{uuid7()}", None),
    ("POST", f"{V1}/auth/login", LOGIN),
    ("POST", f"{V1}/auth/register", LOGIN | {"name": "Ann"}),
]
CHANGED_BY_STAFF: list[tuple[str, str, object]] = [
    ("POST", f"{V1}/organizers", {"name": "One"}),
    ("POST", f"{V1}/projections/tickets/pause", None),
    ("POST", f"{V1}/projections/tickets/rebuild", {}),
    ("PUT", f"{V1}/accounts/{uuid7()}/roles", {"roles": []}),
    ("POST", f"{V1}/refunds/{uuid7()}/approve", {}),
]


@pytest.fixture
async def proxy(shop_database: str) -> AsyncIterator[Proxy]:
    async with Proxy(shop_database) as opened:
        yield opened


@pytest.fixture
async def distant(proxy: Proxy) -> AsyncIterator[Shop]:
    """A process that reaches its database through the proxy and has a short time limit."""
    async with open_shop(settings_for(proxy.url), api_settings=HASTY) as opened:
        yield opened


class TestAServerThatStandsStill:
    async def test_given_any_route_then_503_in_time_and_an_answer_once_it_goes_on(
        self, distant: Shop, proxy: Proxy
    ) -> None:
        staff = distant.bearer(await distant.account(*GLOBAL_ROLES))
        assert (await distant.client.get("/readyz")).status_code == HTTPStatus.OK
        proxy.answers.clear()
        async with asyncio.timeout(FAR_TOO_LONG_S):
            answers = await asyncio.gather(
                *(
                    distant.client.request(method, path, json=body, headers=staff)
                    for method, path, body in (*ASKED_BY_STAFF, *CHANGED_BY_STAFF)
                )
            )
        found = [(str(answer.request.url.path), answer.status_code, answer.json()["code"]) for answer in answers]
        asked = [(path, 503, "unavailable") for _, path, _ in ASKED_BY_STAFF]
        assert found == asked + [(path, 503, "outcome_unknown") for _, path, _ in CHANGED_BY_STAFF]
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
        proxy.answers.set()
        distant_terms = make_app(replace(distant.engine, api_settings=ApiSettings(public_url=BASE_URL)))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(distant_terms), base_url=BASE_URL) as patient:
            assert (await patient.get(f"{V1}/accounts", headers=staff)).status_code == HTTPStatus.OK

    async def test_given_a_store_without_a_request_then_its_reads_end_too(
        self, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("eventstore.postgres.read_pool.READ_SECONDS_MAX", 0.2)
        async with PostgresStore(url_of_role(settings_for(proxy.url), APP_ROLE)) as store:
            await asyncio.gather(*(store.head() for _ in range(4)))
            proxy.answers.clear()
            async with asyncio.timeout(FAR_TOO_LONG_S):
                reads = await asyncio.gather(*(store.head() for _ in range(4)), return_exceptions=True)
            assert [type(outcome) for outcome in reads] == [StoreUnavailable] * 4


class TestStopping:
    @pytest.mark.parametrize("lanes", [True, False])
    async def test_given_a_command_running_then_its_outcome_is_unknown(
        self, office: HttpScenario, shop_database: str, monkeypatch: pytest.MonkeyPatch, *, lanes: bool
    ) -> None:
        if not lanes:
            monkeypatch.setattr(office.shop.app.middleware_stack, "_fast_paths", {})
        deadlines, buyer = office.shop.engine.deadlines, await office.somebody()
        monkeypatch.setattr(deadlines, "_stop_seconds_max", 0.05)
        async with nobody_appends(shop_database):
            asking = asyncio.create_task(office.hold(buyer, office.seats[0]))
            while not deadlines._running:  # noqa: ASYNC110 - there is no event to wait for
                await asyncio.sleep(0)
            deadlines.stop()
            async with asyncio.timeout(FAR_TOO_LONG_S):
                answer = await asking
        assert (answer.status_code, answer.json()["code"]) == (503, "outcome_unknown")
        assert int(answer.headers["Retry-After"]) > 0

    async def test_given_work_that_began_after_the_stop_then_it_has_no_longer(self) -> None:
        deadlines = Deadlines(stop_seconds_max=0)
        deadlines.stop()
        with pytest.raises(OutOfTime):
            await deadlines.within(60, asyncio.sleep(60))

    async def test_given_work_that_is_done_then_the_stop_leaves_its_answer(self) -> None:
        deadlines = Deadlines(stop_seconds_max=60)
        deadlines.stop()
        assert await deadlines.within(60, asyncio.sleep(0, "done")) == "done"

    async def test_given_a_request_that_is_cancelled_after_all_then_it_is_a_problem_and_no_plain_500(self) -> None:
        deadlines, sent = Deadlines(), list[Message]()
        deadlines.stop()
        await cancelled_behind(deadlines, sent)
        assert (sent[0]["status"], b"outcome_unknown" in sent[1]["body"]) == (503, True)

    async def test_given_no_stop_then_a_cancellation_stays_one(self) -> None:
        with pytest.raises(asyncio.CancelledError):
            await cancelled_behind(Deadlines(), [])


class TestAClientThatIsGone:
    @pytest.mark.parametrize("lanes", [True, False])
    async def test_given_it_hangs_up_within_its_request_then_nothing_is_raised(
        self, office: HttpScenario, monkeypatch: pytest.MonkeyPatch, *, lanes: bool
    ) -> None:
        if not lanes:
            monkeypatch.setattr(office.shop.app.middleware_stack, "_fast_paths", {})
        await office.shop.app(holding(office, await office.somebody()), hung_up, nowhere)
        assert 'status="499"' in office.shop.engine.metrics.text({})
        assert 'status="500"' not in office.shop.engine.metrics.text({})

    async def test_given_it_hangs_up_before_its_command_is_sent_then_there_is_no_effect(
        self, office: HttpScenario
    ) -> None:
        buyer = await office.somebody()
        head = await office.head()
        body = {"items": [{"seat": office.seats[0]}]}
        scope = {**holding(office, buyer), "extensions": {GONE: {"gone": lambda: True}}}
        messages = iter([{"type": "http.request", "body": orjson.dumps(body), "more_body": False}])

        async def receive() -> Message:
            return next(messages)

        await office.shop.app(scope, receive, nowhere)
        assert 'status="499"' in office.shop.engine.metrics.text({})
        assert await office.head() == head
        done(await office.hold(buyer, office.seats[0]))


def holding(office: HttpScenario, buyer: Headers) -> dict[str, Any]:
    """Return the ASGI scope of a request for a hold."""
    path = f"{V1}/performances/{office.performance_id}/holds"
    headers = {"content-type": "application/json", **buyer}
    return {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("shop.test", 80),
        "client": ("127.0.0.1", 1),
    }


async def hung_up() -> Message:
    """Return the server's extension for a disconnected client."""
    return {"type": "http.disconnect"}


async def nowhere(_: Message) -> None:
    """Discard a message."""


async def cancelled_behind(deadlines: Deadlines, sent: list[Any]) -> None:
    """Cancel a request behind the outer middleware."""

    async def cancelled(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise asyncio.CancelledError

    async def send(message: Message) -> None:
        sent.append(message)

    front = OuterMiddleware(cancelled, metrics=Metrics(), deadlines=deadlines, fast_paths=[])
    await front({"type": "http", "method": "GET", "path": "/", "query_string": b""}, hung_up, send)
