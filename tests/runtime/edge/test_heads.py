"""Request lines and headers: long, many, slow, broken, or hostile."""

from functools import partial

import pytest

from runtime.edge.protocol import HEAD
from tests.runtime.edge.serving import ANSWER, Serving, serving, until

KIB = 1024
HOST = b"Host: shop.test\r\n"


def head(*lines: bytes, target: bytes = b"/", method: bytes = b"GET") -> bytes:
    """Return a request without a body."""
    return method + b" " + target + b" HTTP/1.1\r\n" + HOST + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


async def flooded(server: Serving, begin: bytes, pieces: int) -> int:
    """Send pieces of 64 KiB after a beginning until the server closes; return how many it took."""
    raw = await server.connect()
    await raw.send(begin)
    for sent in range(pieces):
        await raw.send(b"a" * 64 * KIB)
        if raw.reader.at_eof() or raw.writer.transport.is_closing():
            return sent
    await raw.rest()
    return pieces


class TestSize:
    @pytest.mark.parametrize("begin", [b"GET /", b"GET / HTTP/1.1\r\nX: ", b"GET / HTTP/1.1\r\n", b"\r\n" * 9, b"G"])
    async def test_given_a_head_without_end_then_the_server_takes_little_of_it(self, begin: bytes) -> None:
        async with serving() as server:
            assert await flooded(server, begin, 200) < 200
            await until(lambda: server.edge.connections == 0)
            assert server.app.asked == []

    async def test_given_a_line_without_end_in_small_pieces_then_it_is_refused_at_the_limit(self) -> None:
        async with serving() as server:
            raw = await server.connect()
            await raw.send(b"GET / HTTP/1.1\r\nX: ")
            for _ in range(17):
                await raw.send(b"a" * KIB)
            assert (await raw.rest()).startswith(b"HTTP/1.1 431 ")
            assert server.refused() == {"head_too_large": 1}

    async def test_given_headers_of_16_kib_and_more_then_the_last_that_fits_is_answered(self) -> None:
        async with serving() as server:
            assert (await server.asked(head(b"X: " + b"a" * 15 * KIB, b"Connection: close"))).startswith(ANSWER)
            assert (await server.asked(head(b"X: " + b"a" * 17 * KIB))).startswith(b"HTTP/1.1 431 ")

    async def test_given_a_large_body_behind_its_head_then_only_the_head_counts(self) -> None:
        async with serving() as server:
            body = b"b" * 100 * KIB
            length = f"Content-Length: {len(body)}".encode()
            answer = await server.asked(head(length, b"Connection: close", method=b"POST") + body)
            assert answer.startswith(ANSWER)
            assert server.app.bodies == [body]

    async def test_given_a_hundred_headers_and_one_more_then_it_is_one_too_many(self) -> None:
        async with serving() as server:
            most = [f"X-{number}: 1".encode() for number in range(98)]
            assert (await server.asked(head(*most, b"Connection: close"))).startswith(ANSWER)
            assert (await server.asked(head(*most, b"A: 1", b"Connection: close"))).startswith(b"HTTP/1.1 431 ")

    async def test_given_an_address_beyond_8_kib_then_it_says_so(self) -> None:
        async with serving() as server:
            assert (await server.asked(head(target=b"/" + b"a" * 9 * KIB))).startswith(b"HTTP/1.1 414 ")

    async def test_given_a_second_request_with_too_much_then_it_is_refused_like_the_first(self) -> None:
        async with serving() as server:
            raw = await server.connect()
            await raw.send(head())
            await raw.answer()
            await raw.send(head(b"X: " + b"a" * 17 * KIB))
            assert (await raw.rest()).startswith(b"HTTP/1.1 431 ")


class TestTime:
    async def test_given_a_silent_client_then_it_is_closed(self) -> None:
        async with serving() as server:
            raw = await server.connect()
            await until(lambda: server.edge.connections == 1)
            server.later(9)
            assert server.refused() == {}
            server.later(2)
            assert await raw.rest() == b""
            assert server.refused() == {"silent": 1}

    async def test_given_a_header_byte_now_and_then_then_it_is_told_that_time_is_up(self) -> None:
        async with serving() as server:
            raw = await server.connect()
            await raw.send(b"GET / HTTP/1.1\r\n")
            await until(lambda: server.edge.connections == 1)
            for received in range(17, 20):
                await raw.send(b"X")
                await until(partial(server.has_received, received))
                server.later(4)
            assert (await raw.rest()).startswith(b"HTTP/1.1 408 ")

    async def test_given_empty_lines_between_requests_then_they_do_not_keep_it_open(self) -> None:
        async with serving() as server:
            raw = await server.connect()
            await raw.send(head())
            await raw.answer()
            await raw.send(b"\r\n")
            await until(lambda: server.only.phase == HEAD)
            server.later(11)
            assert (await raw.rest()).startswith(b"HTTP/1.1 408 ")

    async def test_given_nothing_after_an_answer_then_the_connection_is_kept_for_a_while(self) -> None:
        async with serving() as server:
            raw = await server.connect()
            await raw.send(head())
            await raw.answer()
            server.later(29)
            await raw.send(head())
            await raw.answer()
            server.later(31)
            assert await raw.rest() == b""
            assert server.refused() == {"idle": 1}


class TestForm:
    @pytest.mark.parametrize(
        "request_bytes",
        [
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"CONNECT shop.test:80 HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64,
            b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
            b"GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\naa",
            b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\na",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffffff\r\n",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nabc",
        ],
    )
    async def test_given_no_request_of_http_1_then_it_is_refused_and_closed(self, request_bytes: bytes) -> None:
        async with serving() as server:
            answer = await server.asked(request_bytes)
            assert answer.split(b" ")[1:2] == [b"400"]
            assert server.refused() == {"malformed": 1}

    @pytest.mark.parametrize("protocol", [b"websocket", b"h2c"])
    async def test_given_an_upgrade_then_it_is_answered_as_it_is_and_the_connection_ends(self, protocol: bytes) -> None:
        async with serving() as server:
            upgrade = head(b"Connection: Upgrade", b"Upgrade: " + protocol)
            answer = await server.asked(upgrade + b"\x81\x05hello" * 100)
            assert answer.startswith(ANSWER)
            assert b"connection: close" in answer
            assert len(server.app.asked) == 1

    async def test_given_http_1_0_then_it_is_answered_and_closed(self) -> None:
        async with serving() as server:
            assert (await server.asked(b"GET / HTTP/1.0\r\n\r\n")).startswith(ANSWER)
