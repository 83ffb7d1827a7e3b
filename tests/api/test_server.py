"""The API as a process of its own: it listens on loopback and stops in an orderly way."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psycopg
import pytest

from domain.values import Role
from runtime.local.embedded import free_port
from runtime.tuning.interpreter import interpreter_warning
from tests.api.shop import V1, Shop, until
from tests.databases import SECRET_KEY

STARTS_WITHIN_S = 60.0
ENDS_WITHIN_S = 20.0
EDGE_SECONDS = 0.5
CHECKOUT = Path(__file__).parents[2]


class Process:
    """`seatledger api` on a port of its own."""

    def __init__(self, database_url: str, log: Path) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        self.log = log
        ours = {"SEATLEDGER_DATABASE_URL": database_url, "SEATLEDGER_SECRET_KEY": SECRET_KEY}
        ours["SEATLEDGER_ALLOW_OLD_PYTHON"] = "true"
        ours |= dict.fromkeys(("SEATLEDGER_FIRST_BYTE_SECONDS_MAX", "SEATLEDGER_HEAD_SECONDS_MAX"), str(EDGE_SECONDS))
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SEATLEDGER_")}
        argv = [sys.executable, "-m", "runtime.cli", "api", "--port", self.url.rpartition(":")[2]]
        with log.open("wb") as output:
            self.process = subprocess.Popen(argv, env={**kept, **ours}, stderr=output, cwd=CHECKOUT)

    def client(self) -> httpx.AsyncClient:
        """Return a client; without TLS, whose set-up takes a quarter of a second."""
        return httpx.AsyncClient(base_url=self.url, verify=False)

    async def answers(self) -> bool:
        """Return whether it is ready."""
        assert self.process.poll() is None, self.log.read_text()
        try:
            async with self.client() as client:
                return (await client.get("/readyz")).status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture
def shop_database(module_database: str) -> str:
    """One database for all tests of this module."""
    return module_database


@pytest.fixture(scope="module")
def process(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """One process for all tests; the last one stops it."""
    started = Process(module_database, tmp_path_factory.mktemp("api") / "api.log")
    yield started
    started.process.kill()
    started.process.wait()


async def test_given_its_logs_then_they_are_json_and_name_nobody(process: Process) -> None:
    await until(process.answers, seconds_max=STARTS_WITHIN_S, pause_s=0.1)
    async with process.client() as client:
        body = {"email": "ann@example.com", "password": "correct horse battery", "name": "Ann"}
        assert (await client.post(f"{V1}/auth/register", json=body)).status_code == 201
        assert (await client.post(f"{V1}/auth/login", json=body | {"password": "wrong"})).status_code == 422
    log = process.log.read_text()
    assert all(isinstance(json.loads(line), dict) for line in log.splitlines())
    assert log
    assert all(word not in log for word in ("ann@", "correct horse", SECRET_KEY, "Bearer"))


async def closed_after(process: Process, sent: bytes) -> bytes:
    """Send bytes and nothing more; return the answer before the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(process.url.rpartition(":")[2]))
    found = b""
    with suppress(ConnectionError):
        writer.write(sent)
        async with asyncio.timeout(STARTS_WITHIN_S):
            while part := await reader.read(65_536):
                found += part
    writer.close()
    return found


async def test_given_strangers_then_its_edge_ends_what_costs_too_much_and_counts_it(process: Process) -> None:
    await until(process.answers, seconds_max=STARTS_WITHIN_S, pause_s=0.1)
    cookie = b'POST /api/v1/auth/logout HTTP/1.1\r\nCookie: seatledger_refresh="' + rb"\a" * 10_000 + b'"\r\n\r\n'
    attacks = {
        "head_too_large": cookie,
        "url_too_long": b"GET /" + b"a" * 12_000 + b" HTTP/1.1\r\n\r\n",
        "head_slow": b"GET / HTTP/1.1\r\nX: ",
        "silent": b"",
        "malformed": b"nonsense\r\n\r\n",
    }
    ended = dict(
        zip(attacks, await asyncio.gather(*(closed_after(process, sent) for sent in attacks.values())), strict=True)
    )
    assert {reason: answer.split(b" ")[1:2] for reason, answer in ended.items() if answer} == {
        "head_too_large": [b"431"],
        "url_too_long": [b"414"],
        "head_slow": [b"408"],
        "malformed": [b"400"],
    }
    async with process.client() as client:
        numbers = (await client.get("/metrics")).text.splitlines()
        ready = (await client.get("/readyz")).json()
    assert [f"seatledger_edge_{reason}_total 1" in numbers for reason in attacks] == [True] * len(attacks)
    assert [warning for warning in ready["warnings"] if "payment provider" not in warning] == [
        trouble for trouble in [interpreter_warning()] if trouble
    ]
    assert any("No payment provider is configured" in warning for warning in ready["warnings"])


async def test_given_a_signal_then_what_is_under_way_is_answered_and_nothing_more(
    process: Process, shop: Shop, shop_database: str
) -> None:
    await until(process.answers, seconds_max=STARTS_WITHIN_S, pause_s=0.1)
    headers = shop.bearer(await shop.account(Role.ADMIN))
    head = await shop.engine.store.head()
    async with (
        process.client() as client,
        await psycopg.AsyncConnection.connect(shop_database) as owner,
    ):
        await owner.execute("LOCK TABLE eventstore.event IN EXCLUSIVE MODE")
        under_way = asyncio.create_task(client.post(f"{V1}/organizers", json={"name": "x"}, headers=headers))
        await until(lambda: somebody_waits(shop_database))
        process.process.send_signal(signal.SIGTERM)
        await owner.rollback()
        assert (await under_way).status_code == 201
    status = await asyncio.to_thread(process.process.wait, ENDS_WITHIN_S)
    assert status == 0
    assert await shop.engine.store.head() == head + 1


async def test_given_a_signal_while_the_database_stands_still_then_who_waits_is_told_that_the_outcome_is_unknown(
    module_database: str, shop: Shop, tmp_path: Path
) -> None:
    stopping = Process(module_database, tmp_path / "api.log")
    try:
        await until(stopping.answers, seconds_max=STARTS_WITHIN_S, pause_s=0.1)
        headers = shop.bearer(await shop.account(Role.ADMIN))
        async with (
            stopping.client() as client,
            await psycopg.AsyncConnection.connect(module_database) as owner,
        ):
            await owner.execute("LOCK TABLE eventstore.event IN EXCLUSIVE MODE")
            asking = asyncio.create_task(client.post(f"{V1}/organizers", json={"name": "x"}, headers=headers))
            await until(lambda: somebody_waits(module_database))
            stopping.process.send_signal(signal.SIGTERM)
            answer = await asking
        assert (answer.status_code, answer.json()["code"]) == (503, "outcome_unknown")
        assert int(answer.headers["Retry-After"]) > 0
        assert await asyncio.to_thread(stopping.process.wait, ENDS_WITHIN_S) == 0
    finally:
        stopping.process.kill()
        stopping.process.wait()


async def somebody_waits(database_url: str) -> bool:
    """Return whether an append waits for a lock."""
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        cursor = await connection.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        row = await cursor.fetchone()
        return row is not None and row[0] > 0
