"""Bursts: requests begin a few at a time, clients take turns, and new connections are taken many at a time."""

import asyncio
import socket

import pytest

from runtime.edge.listening import ACCEPTED_PER_ITERATION, UNSENT_BYTES_MAX
from runtime.edge.starts import STARTS_PER_ITERATION, FairStarts
from tests.runtime.edge.serving import GREETING, Serving, serving, until
from tests.runtime.edge.test_heads import head

BURST = 3 * STARTS_PER_ITERATION


class TestTurns:
    @pytest.fixture
    def starts(self) -> FairStarts:
        """Two starts an iteration."""
        return FairStarts(per_iteration=2)

    async def test_given_few_then_they_begin_at_once(self, starts: FairStarts) -> None:
        assert [starts.try_start() for _ in range(3)] == [True, True, False]
        await asyncio.sleep(0)
        assert starts.try_start()

    async def test_given_a_burst_of_one_client_then_another_is_next(self, starts: FairStarts) -> None:
        begun: list[str] = []
        for number in range(6):
            starts.enqueue("many", lambda number=number: begun.append(f"many {number}"))  # type: ignore[misc]
        starts.enqueue("one", lambda: begun.append("one"))
        await asyncio.sleep(0)
        assert begun == ["many 0", "one"]
        assert not starts.try_start()
        await until(lambda: not starts.waiting)
        assert begun == ["many 0", "one", *(f"many {number}" for number in range(1, 6))]
        assert starts.try_start()


class TestServer:
    async def burst(self, server: Serving, addresses: list[str], lines: list[bytes]) -> None:
        """Send a request on each of so many connections, in one go."""
        opened = [await server.connect(address) for address in addresses]
        for raw, line in zip(opened, lines, strict=True):
            raw.writer.write(head(line, target=b"/" + line.rpartition(b" ")[2]))
        for raw in opened:
            assert (await raw.answer()).endswith(GREETING)

    async def test_given_a_burst_then_everybody_is_answered_and_the_last_client_among_the_first(self) -> None:
        async with serving(per_client=BURST) as server:
            lines = [b"X: many"] * BURST + [b"X: one"]
            await self.burst(server, ["127.0.0.5"] * BURST + ["127.0.0.6"], lines)
            begun = [scope["path"] for scope in server.app.asked]
            assert len(begun) == BURST + 1
            assert begun.index("/one") < len(begun) - 1

    async def test_given_a_burst_through_a_proxy_then_the_clients_behind_it_take_turns(self) -> None:
        async with serving(trusted="127.0.0.8/32") as server:
            lines = [b"X-Forwarded-For: 203.0.113.1"] * BURST + [b"X-Forwarded-For: 203.0.113.2"]
            await self.burst(server, ["127.0.0.8"] * (BURST + 1), lines)
            begun = [scope["path"] for scope in server.app.asked]
            assert begun.index("/203.0.113.2") < len(begun) - 1

    async def test_given_clients_that_leave_before_their_turn_then_nothing_begins_for_them(self) -> None:
        async with serving() as server:
            opened = [await server.connect() for _ in range(2)]
            server.edge.starts._left = 0
            server.edge.starts._is_scheduled = True  # no iteration ends before they have left
            for raw in opened:
                raw.writer.write(head())
            await until(lambda: server.edge.starts.waiting == len(opened))
            opened[0].close()
            await until(lambda: server.edge.connections == 1)
            server.edge.starts._next_iteration()
            assert (await opened[1].answer()).endswith(GREETING)
            assert len(server.app.asked) == 1

    async def test_more_handles_than_one_listen(self) -> None:
        async with serving() as server:
            assert server.listening() == ACCEPTED_PER_ITERATION

    async def test_given_a_connection_then_the_system_keeps_little_of_what_it_does_not_read(self) -> None:
        async with serving() as server:
            await server.connect()
            await until(lambda: server.edge.connections == 1)
            accepted = server.only.transport.get_extra_info("socket")
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT) == UNSENT_BYTES_MAX
