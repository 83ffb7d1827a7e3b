"""Bodies: slow, cut into crumbs, longer than their answer; and answers that nobody takes."""

import asyncio
from functools import partial

from tests.runtime.edge.serving import ANSWER, GREETING, serving, until
from tests.runtime.edge.test_heads import KIB, head

CHUNKED = head(b"Transfer-Encoding: chunked", b"Connection: close", method=b"POST")


def announced(length: int, *lines: bytes, target: bytes = b"/") -> bytes:
    """Return the head of a request with a body."""
    return head(f"Content-Length: {length}".encode(), *lines, target=target, method=b"POST")


class TestSlow:
    async def test_given_a_body_that_stops_then_the_client_is_told_and_the_application_hears_of_it(self) -> None:
        async with serving() as server:
            raw = await server.connect()
            await raw.send(announced(60_000) + b"a" * 50_000)
            await until(lambda: server.app.read == 50_000)
            server.later(6)
            assert server.refused() == {}
            server.later(6)
            assert (await raw.rest()).startswith(b"HTTP/1.1 408 ")
            await until(lambda: server.app.gone == 1)
            assert server.refused() == {"body_slow": 1}

    async def test_given_a_body_at_the_least_rate_then_it_is_read(self) -> None:
        async with serving(body_bytes_per_window=KIB) as server:
            raw = await server.connect()
            await raw.send(announced(4 * KIB))
            for nth in range(1, 5):
                await raw.send(b"a" * KIB)
                await until(partial(server.app.has_read, nth * KIB))
                server.later(5.5)
            await raw.answer()
            assert server.app.bodies == [b"a" * 4 * KIB]


class TestFraming:
    async def test_given_chunks_of_one_byte_then_the_body_is_whole(self) -> None:
        async with serving() as server:
            answer = await server.asked(CHUNKED + b"1\r\na\r\n" * 5_000 + b"0\r\n\r\n")
            assert answer.startswith(ANSWER)
            assert server.app.bodies == [b"a" * 5_000]

    async def test_given_trailers_without_end_then_they_are_refused(self) -> None:
        async with serving() as server:
            raw = await server.connect()
            await raw.send(CHUNKED + b"1\r\na\r\n0\r\nX: ")
            await until(partial(server.app.has_read, 1))
            for _ in range(64):
                await raw.send(b"a" * KIB)
            await until(lambda: server.refused() == {"overhead": 1})

    async def test_given_a_chunk_extension_without_end_then_it_is_refused(self) -> None:
        async with serving() as server:
            raw = await server.connect()
            await raw.send(CHUNKED + b"1\r\na\r\n1;")
            await until(partial(server.app.has_read, 1))
            for _ in range(64):
                await raw.send(b"a" * KIB)
            await until(lambda: sum(server.refused().values()) == 1)

    async def test_given_trailers_then_they_are_no_headers_of_the_request(self) -> None:
        async with serving() as server:
            await server.asked(CHUNKED + b"1\r\na\r\n0\r\nX-Forwarded-For: 198.51.100.7\r\n\r\n")
            [scope] = server.app.asked
            assert b"x-forwarded-for" not in dict(scope["headers"])


class TestAnswered:
    async def test_given_a_body_behind_its_answer_then_it_is_not_read_for_ever(self) -> None:
        async with serving() as server:
            raw = await server.connect()
            await raw.send(announced(100 * KIB * KIB, target=b"/early"))
            for _ in range(32):
                await raw.send(b"a" * 64 * KIB)
            assert (await raw.rest()).startswith(b"HTTP/1.1 413 ")
            assert server.refused() == {"answered": 1}

    async def test_given_an_answer_nobody_takes_then_it_is_given_up(self) -> None:
        async with serving() as server:
            server.app.big = 64 * KIB * KIB
            raw = await server.connect()
            raw.writer.transport.pause_reading()  # type: ignore[attr-defined] # asyncio's own have it
            await raw.send(head(target=b"/big"))
            await until(lambda: len(server.app.asked) == 1 and server.only.flow.write_paused)
            server.later(1)
            server.later(21)
            await until(lambda: server.edge.connections == 0)
            assert server.refused() == {"answer_not_taken": 1}

    async def test_given_a_client_that_takes_an_answer_slowly_then_it_is_not_given_up(self) -> None:
        async with serving() as server:
            raw = await server.connect()
            await raw.send(head(target=b"/parts"))

            def is_full() -> bool:
                """Say whether neither side can go on: the reader pauses by itself once it has kept enough."""
                paused: bool = raw.reader._paused  # type: ignore[attr-defined] # asyncio's own have it
                return paused and server.only.flow.write_paused

            for _ in range(4):
                await until(is_full)
                server.later(15)
                assert await raw.reader.read(2**26)
            assert server.refused() == {}


class TestPipelined:
    async def test_given_a_few_requests_at_once_then_all_are_answered_in_order(self) -> None:
        async with serving() as server:
            raw = await server.connect()
            await raw.send(b"".join(head(target=f"/{number}".encode()) for number in range(10)))
            for _ in range(10):
                assert (await raw.answer()).endswith(GREETING)
            assert [scope["path"] for scope in server.app.asked] == [f"/{number}" for number in range(10)]

    async def test_given_a_flood_then_few_become_requests(self) -> None:
        async with serving() as server:
            raw = await server.connect()
            await raw.send(head(target=b"/wait") + b"GET / HTTP/1.1\r\n\r\n" * 10_000)
            await raw.rest()
            assert len(server.app.asked) == 1
            assert server.refused() == {"pipelined": 1}

    async def test_given_a_client_that_leaves_then_the_request_before_the_last_hears_of_it(self) -> None:
        async with serving() as server:
            raw = await server.connect()
            await raw.send(head(target=b"/wait") + head())
            await until(lambda: len(server.app.asked) == 1)
            await asyncio.sleep(0)
            raw.close()
            await until(lambda: server.app.gone == 1)
