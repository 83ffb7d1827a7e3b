"""Layouts as bodies: spooled, few at a time, parsed in another process."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from api.auth.access import LAYOUT_BYTES_MAX
from api.http.requests.bodies import BoundedRequest
from domain.values import Role
from tests.api.http_scenario import VENUE, HttpScenario, done, refused
from tests.api.shop import V1, until

GRID = {"sections": [{"name": "Stalls", "category": "A", "rows": 3, "seats_per_row": 4}]}
BODY = {"name": "Main hall", "format": "grid", "document": GRID}
JSON = {"Content-Type": "application/json"}


class Upload:
    """A body that stops in the middle until released."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()

    async def parts(self) -> AsyncIterator[bytes]:
        """Yield the body."""
        content = json.dumps(BODY).encode()
        yield content[:10]
        await self.go_on.wait()
        yield content[10:]


def layouts_of(office: HttpScenario) -> str:
    """Return the path of the layouts of the scenario's venue."""
    return f"{V1}/venues/{office.venue_id}/layouts"


async def send(office: HttpScenario, upload: Upload) -> httpx.Response:
    """Publish a layout in parts."""
    headers = office.organizer | JSON
    return await office.shop.client.post(layouts_of(office), content=upload.parts(), headers=headers)


async def test_given_two_of_an_organizer_then_the_second_waits_and_another_organizer_does_not(
    office: HttpScenario,
) -> None:
    queue, uploads = office.shop.engine.large_bodies, [Upload(), Upload()]
    sent = [asyncio.create_task(send(office, upload)) for upload in uploads]

    async def one_waits() -> bool:
        return (queue.running, queue.waiting) == (1, 1)

    await until(one_waits)
    organizer, members = await office.shop.organizer(bob=Role.ORGANIZER)
    bob = office.shop.bearer(members["bob"])
    venue = done(await office.post("/venues", bob, VENUE | {"organizer_id": organizer}))["venue_id"]
    assert (await office.post(f"/venues/{venue}/layouts", bob, BODY)).status_code == 201
    for upload in uploads:
        upload.go_on.set()
    assert [(await answer).status_code for answer in sent] == [201, 201]
    assert (queue.running, queue.waiting) == (0, 0)


async def test_given_a_client_that_leaves_then_its_place_is_free_again(office: HttpScenario) -> None:
    queue, sent = office.shop.engine.large_bodies, asyncio.create_task(send(office, Upload()))

    async def one_runs() -> bool:
        return queue.running == 1

    await until(one_runs)
    sent.cancel()
    await asyncio.wait([sent])
    assert (queue.running, queue.waiting) == (0, 0)
    done(await office.post(f"/venues/{office.venue_id}/layouts", office.organizer, BODY))


async def test_given_a_layout_then_its_body_is_never_parsed_here(
    office: HttpScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def parsed(_: BoundedRequest) -> bytes:
        raise AssertionError("the body of a layout is read by another process")

    with monkeypatch.context() as patched:
        patched.setattr(BoundedRequest, "body", parsed)
        patched.setattr(BoundedRequest, "json", parsed)
        answer = await office.post(f"/venues/{office.venue_id}/layouts", office.organizer, BODY)
    assert answer.status_code == 201


@pytest.mark.parametrize("announced", [True, False])
async def test_given_more_than_a_layout_may_have_then_413(office: HttpScenario, announced: bool) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(LAYOUT_BYTES_MAX // 2**20 + 1):
            yield b" " * 2**20

    headers = office.organizer | JSON | ({"Content-Length": str(LAYOUT_BYTES_MAX + 1)} if announced else {})
    answer = await office.shop.client.post(layouts_of(office), content=parts(), headers=headers)
    assert refused(answer) == (413, "body_too_large")


async def test_given_the_same_key_then_only_the_same_body_is_the_same_request(office: HttpScenario) -> None:
    headers, path = office.organizer | {"Idempotency-Key": "once"}, layouts_of(office)
    first = await office.shop.client.post(path, json=BODY, headers=headers)
    again = await office.shop.client.post(path, json=BODY, headers=headers)
    other = await office.shop.client.post(path, json=BODY | {"name": "Another"}, headers=headers)
    assert done(again)["layout_id"] == done(first)["layout_id"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert refused(other) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b"{", JSON),
        (b"", JSON),
        (b"[]", JSON),
        (json.dumps(BODY).encode(), {"Content-Type": "text/csv"}),
        (json.dumps(BODY | {"name": "a\0b"}).encode(), JSON),
        (json.dumps(BODY | {"name": ""}).encode(), JSON),
        (json.dumps(BODY | {"more": 1}).encode(), JSON),
        (json.dumps(BODY | {"document": 7}).encode(), JSON),
        (json.dumps({"name": "x"}).encode(), JSON),
        (b'{"name": "x", "format": "grid", "document": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", JSON),
    ],
)
async def test_given_a_body_of_another_shape_then_422_and_no_trace(
    office: HttpScenario, content: bytes, headers: dict[str, str]
) -> None:
    head = await office.head()
    answer = await office.shop.client.post(layouts_of(office), content=content, headers=office.organizer | headers)
    assert refused(answer) == (422, "malformed")
    assert await office.head() == head
