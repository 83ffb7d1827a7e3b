"""Connections: so many of one client, so many of all, and who makes room."""

import gc
import json
import resource
from collections.abc import Iterator

import pytest
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from runtime.edge.limits import OWN_FILES
from tests.runtime.edge.serving import GREETING, serving, until
from tests.runtime.edge.test_heads import head


@pytest.fixture
def few_files() -> Iterator[int]:
    """Lower the limit of open files while the test runs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowered = OWN_FILES + 40
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowered, hard))
    yield lowered
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def no_garbage_collection() -> Iterator[None]:
    """Leave cyclic garbage where it is while the test runs."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def requests_in_memory() -> int:
    """Count the requests that Python has not freed."""
    return sum(type(candidate) is RequestResponseCycle for candidate in gc.get_objects())


@pytest.mark.usefixtures("no_garbage_collection")
async def test_given_requests_are_answered_then_they_are_freed_without_a_garbage_collection() -> None:
    async with serving() as server:
        client = await server.connect()
        before = requests_in_memory()
        for _ in range(20):
            await client.send(head())
            assert (await client.answer()).endswith(GREETING)
            server.app.asked.clear()
        latest_of_connection = 1
        assert requests_in_memory() - before <= latest_of_connection


async def test_given_as_many_as_one_client_may_have_then_others_still_come_in() -> None:
    async with serving(per_client=3) as server:
        silent = [await server.connect("127.0.0.5") for _ in range(3)]
        await until(lambda: server.edge.connections == 3)
        one_more = await server.connect("127.0.0.5")
        told, _, body = (await one_more.rest()).partition(b"\r\n\r\n")
        assert told.startswith(b"HTTP/1.1 429 ")
        assert {b"connection: close", b"retry-after: 1", b"content-type: application/problem+json"} <= set(
            told.lower().split(b"\r\n")
        )
        assert json.loads(body)["code"] == "too_many_connections"
        other = await server.connect("127.0.0.6")
        await other.send(head())
        assert (await other.answer()).endswith(GREETING)
        silent[0].close()
        await until(lambda: server.edge.connections == 3)
        again = await server.connect("127.0.0.5")
        await again.send(head())
        assert (await again.answer()).endswith(GREETING)


async def test_given_no_place_left_then_who_has_most_gives_one_up() -> None:
    async with serving(connections=6) as server:
        for _ in range(5):
            await server.connect("127.0.0.5")
        await server.connect("127.0.0.6")
        await until(lambda: server.edge.connections == 6)
        newcomer = await server.connect("127.0.0.7")
        await newcomer.send(head())
        assert (await newcomer.answer()).endswith(GREETING)
        assert server.edge.connections == 6
        most = await server.connect("127.0.0.5")
        assert (await most.rest()).startswith(b"HTTP/1.1 503 ")


async def test_given_a_trusted_proxy_then_its_connections_are_not_one_client_s() -> None:
    async with serving(per_client=2, trusted="127.0.0.8/32") as server:
        proxied = [await server.connect("127.0.0.8") for _ in range(5)]
        for raw in proxied:
            await raw.send(head())
            assert (await raw.answer()).endswith(GREETING)


async def test_given_few_open_files_then_connections_stay_below_them(few_files: int) -> None:
    async with serving(per_client=1_000) as server:
        server.edge.tick()
        assert server.edge.connections_max == few_files - OWN_FILES


async def test_its_numbers_are_named() -> None:
    async with serving() as server:
        await server.asked(b"\r\n\r\nnonsense\r\n\r\n")
        numbers = {name: count() for name, count in server.edge.counters().items()}
        assert (numbers["edge_malformed_total"], numbers["edge_silent_total"]) == (1, 0)
        assert numbers["edge_connections_max"] > 0
