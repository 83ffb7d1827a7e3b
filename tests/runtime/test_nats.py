"""The embedded nats-server: its three users may do what their part needs and nothing else."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nats
import nats.errors
import pytest
from nats.aio.client import Client

from runtime.local.embedded import EmbeddedNats
from tests.runtime.processes import the_process

ANSWER_SECONDS_MAX = 10
EVENTS = "seatledger.e1.events"
STREAM = {"name": "SEATLEDGER_e1", "subjects": [EVENTS], "deny_delete": True, "deny_purge": True}


class Refusals:
    """What the server has refused a client."""

    def __init__(self) -> None:
        self.said: asyncio.Queue[str] = asyncio.Queue()

    async def note(self, error: Exception) -> None:
        """Keep what was said; called by the client."""
        await self.said.put(str(error))

    async def next(self) -> str:
        """Wait for the next refusal."""
        return await asyncio.wait_for(self.said.get(), ANSWER_SECONDS_MAX)


@asynccontextmanager
async def connected(
    url: str, note: Callable[[Exception], Coroutine[Any, Any, None]] | None = None
) -> AsyncIterator[Client]:
    """A client for the length of a block."""
    client = await nats.connect(url, error_cb=note, allow_reconnect=False)
    try:
        yield client
    finally:
        await client.close()


async def ask(client: Client, subject: str, **body: object) -> dict[str, Any]:
    """Ask the JetStream API and give its answer."""
    answer = await client.request(f"$JS.API.{subject}", json.dumps(body).encode(), timeout=ANSWER_SECONDS_MAX)
    decoded: dict[str, Any] = json.loads(answer.data)
    return decoded


@pytest.fixture
async def operator(nats_server: EmbeddedNats) -> AsyncIterator[Client]:
    """The operator, with a stream that holds one event."""
    async with connected(nats_server.operator_url) as client:
        assert "error" not in await ask(client, "STREAM.CREATE.SEATLEDGER_e1", **STREAM)
        await client.jetstream().publish(EVENTS, b"SeatHeld")
        yield client
        await ask(client, "STREAM.DELETE.SEATLEDGER_e1")


@pytest.mark.parametrize("user", ["app", "relay"])
class TestForbidden:
    @pytest.mark.parametrize("verb", ["DELETE", "UPDATE", "PURGE", "MSG.DELETE"])
    async def test_nobody_but_the_operator_changes_a_stream(
        self, user: str, verb: str, nats_server: EmbeddedNats, operator: Client
    ) -> None:
        refusals = Refusals()
        subject = f"$JS.API.STREAM.{verb}.SEATLEDGER_e1"
        async with connected(getattr(nats_server, f"{user}_url"), refusals.note) as client:
            await client.publish(subject, json.dumps({**STREAM, "max_msgs": 1, "seq": 1}).encode())
            assert f'permissions violation for publish to "{subject.lower()}"' in await refusals.next()
        info = await ask(operator, "STREAM.INFO.SEATLEDGER_e1")
        assert info["state"]["messages"] == 1
        assert info["config"]["max_msgs"] == -1


class TestApp:
    @pytest.mark.parametrize("subject", [EVENTS, "$JS.API.STREAM.CREATE.SEATLEDGER_e2", "seatledger.e1.anything"])
    async def test_it_neither_publishes_events_nor_makes_streams(self, subject: str, nats_server: EmbeddedNats) -> None:
        refusals = Refusals()
        async with connected(nats_server.app_url, refusals.note) as client:
            await client.publish(subject, b"{}")
            assert "permissions violation for publish" in await refusals.next()

    async def test_it_consumes_and_wakes(self, nats_server: EmbeddedNats, operator: Client) -> None:
        async with connected(nats_server.app_url) as client:
            sleeper = await client.subscribe("seatledger.e1.wake")
            await client.publish("seatledger.e1.wake", b"")
            await sleeper.next_msg(ANSWER_SECONDS_MAX)
            consumer = await client.jetstream().pull_subscribe(EVENTS, stream="SEATLEDGER_e1")
            [message] = await consumer.fetch(1, timeout=ANSWER_SECONDS_MAX)
            await message.ack_sync()
            assert message.data == b"SeatHeld"


class TestRelay:
    async def test_it_makes_the_stream_and_publishes_and_looks(self, nats_server: EmbeddedNats) -> None:
        async with connected(nats_server.relay_url) as client:
            stream = {**STREAM, "name": "SEATLEDGER_e3", "subjects": ["seatledger.e3.events"]}
            assert "error" not in await ask(client, "STREAM.CREATE.SEATLEDGER_e3", **stream)
            sent = await client.jetstream().publish("seatledger.e3.events", b"SeatSold")
            read = await ask(client, "STREAM.MSG.GET.SEATLEDGER_e3", seq=sent.seq)
            assert read["message"]["seq"] == 1

    async def test_making_a_stream_again_does_not_change_it(self, nats_server: EmbeddedNats, operator: Client) -> None:
        async with connected(nats_server.relay_url) as client:
            answer = await ask(client, "STREAM.CREATE.SEATLEDGER_e1", **{**STREAM, "max_msgs": 1})
            assert "already in use with a different configuration" in answer["error"]["description"]


class TestServer:
    async def test_a_stranger_is_refused(self, nats_server: EmbeddedNats) -> None:
        with pytest.raises(nats.errors.Error, match="Authorization Violation"):
            await nats.connect(f"nats://127.0.0.1:{nats_server.port}", allow_reconnect=False, error_cb=Refusals().note)

    async def test_given_a_kill_then_what_was_acknowledged_is_there(self, tmp_path: Path) -> None:
        with EmbeddedNats(tmp_path) as server:
            async with connected(server.operator_url, Refusals().note) as client:
                await ask(client, "STREAM.CREATE.SEATLEDGER_e1", **STREAM)
                for _ in range(10):
                    await client.jetstream().publish(EVENTS, b"SeatHeld")
                os.kill(the_process(tmp_path, "nats-server"), signal.SIGKILL)
                server.process.wait(ANSWER_SECONDS_MAX)
            server.stop()
            server.start()
            async with connected(server.operator_url) as client:
                assert (await ask(client, "STREAM.INFO.SEATLEDGER_e1"))["state"]["last_seq"] == 10
