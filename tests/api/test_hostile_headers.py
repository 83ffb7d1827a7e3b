"""Every header at its maximum length in hostile alphabets: no error, and linear work."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import httpx
import pytest

from api.auth.clients import FORWARDED, Clients, networks_in
from domain.values import Role
from runtime.edge.limits import EdgeLimits
from tests.api.shop import V1, Shop, open_shop, settings_for

HEADERS = (
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Authorization",
    "Content-Type",
    "Cookie",
    "Forwarded",
    "Host",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "Origin",
    "Range",
    "X-Forwarded-For",
)
ALPHABETS = ("\\a", '"', ";", "(", ", ", "for=", 'for=" ', "[", "=", "%", "0", "\xff", "1.", "://[", "W/", "gzip,", "@")
LONGEST = EdgeLimits().head_bytes - 1_024
LINES_PER_DOUBLING_MAX = 2.5
UNKNOWN = "00000000-0000-7000-8000-000000000000"
ROUTES = (
    ("POST", f"{V1}/auth/refresh"),
    ("POST", f"{V1}/auth/login"),
    ("GET", f"{V1}/performances/{UNKNOWN}/seats"),
    ("GET", f"{V1}/performances/{UNKNOWN}/live"),
    ("PATCH", f"{V1}/venues/{UNKNOWN}"),
)


class Lines:
    """Counts executed lines of Python."""

    def __init__(self) -> None:
        self.count = 0

    def trace(self, _frame: FrameType, event: str, _argument: Any) -> Any:
        """Count one line."""
        self.count += event == "line"
        return self.trace


@contextmanager
def counted() -> Iterator[Lines]:
    """Count the lines executed inside the context."""
    lines, before = Lines(), sys.gettrace()
    sys.settrace(lines.trace)
    try:
        yield lines
    finally:
        sys.settrace(before)


def filled(alphabet: str, length: int) -> bytes:
    """Return a header value of the given length in an alphabet."""
    return (alphabet * (length // len(alphabet) + 1))[:length].strip().encode("latin-1")


async def work_of(shop: Shop, headers: dict[str, str], method: str, path: str, name: str, value: bytes) -> int:
    """Send a request with a header, and return the number of executed lines."""
    sent = httpx.Headers({**headers, name: value.decode("latin-1")}, encoding="latin-1")
    with counted() as lines:
        answer = await shop.client.request(method, path, headers=sent, content=b"{}" if method != "GET" else None)
    assert answer.status_code < 500, (name, value[:20], answer.text)
    return lines.count


@pytest.mark.parametrize("names", [HEADERS, ("Forwarded",)], ids=["all", "forwarded"])
async def test_given_hostile_headers_then_no_request_takes_more_work_than_its_length(
    shop_database: str, names: tuple[str, ...]
) -> None:
    header = "forwarded" if names == ("Forwarded",) else "x-forwarded-for"
    settings = settings_for(shop_database, trusted_proxies="127.0.0.0/8", proxy_hops=3, proxy_header=header)
    async with open_shop(settings) as shop:
        bearer = shop.bearer(await shop.account(Role.ADMIN))
        for method, path in ROUTES:
            for name in names:
                for alphabet in ALPHABETS:
                    half, whole = (filled(alphabet, length) for length in (LONGEST // 2, LONGEST))
                    once = await work_of(shop, bearer, method, path, name, half)
                    twice = await work_of(shop, bearer, method, path, name, whole)
                    assert twice <= LINES_PER_DOUBLING_MAX * once, (method, path, name, alphabet)


def test_given_a_loop_in_a_loop_then_the_count_shows_it() -> None:
    def quadratic(text: str) -> int:
        found = 0
        for begin in range(len(text)):
            for _ in text[begin:]:
                found += 1
        return found

    counts = []
    for length in (100, 200):
        with counted() as lines:
            quadratic("a" * length)
        counts.append(lines.count)
    assert counts[1] > LINES_PER_DOUBLING_MAX * counts[0]


@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_given_what_no_proxy_of_ours_writes_then_it_is_not_searched(alphabet: str) -> None:
    clients = Clients(trusted=networks_in("10.0.0.0/8"), hops=10, header=FORWARDED)
    assert clients.behind("10.0.0.1", [filled(alphabet, LONGEST).decode("latin-1")]) == "10.0.0.1"


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "http://a]", "null", "", "//", "http://shop.test:80:80"])
async def test_given_an_origin_that_is_none_then_it_is_another_site_s(shop: Shop, origin: str) -> None:
    answer = await shop.client.post(f"{V1}/auth/refresh", headers={"Origin": origin})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
