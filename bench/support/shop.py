"""An installation as `seatledger up` runs it, and the events and performances that benchmarks sell."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx

from runtime.local.embedded import free_port
from runtime.tour.story import nth_key

STOP_WITHIN_S = 60
REQUEST_S = 60
ROWS = 1_000
SEATS_PER_ROW = 100
PRICE = 4_500
RAISED = ("SEATLEDGER_CONNECTIONS_PER_CLIENT", "SEATLEDGER_WATCHERS_PER_CLIENT")
CONNECTIONS_MAX = 10_000
"""The load generator is a single client that opens all connections."""

Json = dict[str, Any]


class Shop:
    """The installation of a data folder, as a context in which it runs.

    Args:
    raised: raise the limit of connections of one client to what a benchmark needs.
    """

    def __init__(self, data: Path, *, raised: bool = True) -> None:
        self.data = data
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._raised = RAISED if raised else ()
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "runtime.cli", "up", "--port", str(self.port), "--data", str(self.data)]
        env = os.environ | dict.fromkeys(self._raised, str(CONNECTIONS_MAX))
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
        assert self._process.stdout is not None
        said = []
        for line in self._process.stdout:
            said.append(line)
            if line.startswith("ready"):
                return self
        raise RuntimeError("the shop did not start:\n" + "".join(said[-20:]))

    @property
    def pid(self) -> int:
        """The process of `seatledger up`."""
        if self._process is None:
            raise RuntimeError("the shop does not run")
        return self._process.pid

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(STOP_WITHIN_S)

    def pid_of(self, part: str) -> int:
        """Return the process id of a part, not that of its supervisor."""
        assert self._process is not None
        ours = ["-m", "runtime.cli", part]
        (found,) = (pid for pid in children_of(self._process.pid) if words_of(pid)[1:] == ours)
        return found

    @contextmanager
    def http(self) -> Iterator[httpx.Client]:
        """Open an HTTP client with the admin's token."""
        demo = json.loads((self.data / "demo-accounts.json").read_text())
        with httpx.Client(base_url=f"{self.url}/api/v1", timeout=REQUEST_S) as client:
            answer = client.post("/auth/login", json={"email": demo["accounts"]["admin"], "password": demo["password"]})
            client.headers["Authorization"] = f"Bearer {require_success(answer)['access_token']}"
            yield client

    def tokens(self, buyers: int) -> list[str]:
        """Open rehearsal buyers and return their access tokens."""
        command = [sys.executable, "-m", "runtime.cli", "rehearse", "buyers", str(buyers), "--data", str(self.data)]
        ran = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ))
        return ran.stdout.split()


def children_of(pid: int) -> Iterator[int]:
    """Yield the descendants of a process."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            yield child
            yield from children_of(child)


def words_of(pid: int) -> list[str]:
    """Return a process's command line."""
    return Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")


def require_success(answer: httpx.Response) -> Json:
    """Return the body of a successful response."""
    if answer.is_error:
        raise RuntimeError(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:500]}")
    found: Json = answer.json() if answer.content else {}
    return found


def create_venue(http: httpx.Client, *, rows: int = ROWS) -> tuple[str, str]:
    """Create an organizer, a venue, a layout with 100 seats a row and an event; return (event, layout)."""
    organizer = require_success(http.post("/organizers", json={"name": "Bench"}))["organizer_id"]
    place = {"address": "Bench 1", "city": "Bench", "country": "DE", "time_zone": "Europe/Berlin"}
    venue = require_success(http.post("/venues", json={"organizer_id": organizer, "name": "Bench", **place}))[
        "venue_id"
    ]
    stand = {"name": "Stand", "category": "A", "rows": rows, "seats_per_row": SEATS_PER_ROW}
    layout = {"name": "Bench", "format": "grid", "document": {"sections": [stand]}}
    published = require_success(http.post(f"/venues/{venue}/layouts", json=layout))
    show = {"organizer_id": organizer, "venue_id": venue, "title": "Bench"}
    event = require_success(http.post("/events", json=show))["event_id"]
    require_success(http.post(f"/events/{event}/publish"))
    return event, published["layout_id"]


def open_sale(http: httpx.Client, event: str, layout: str, *, category: str = "A") -> str:
    """Schedule a performance without limits that is on sale, and return it."""
    unlimited = {"seats_per_order": None, "seats_per_buyer": None, "live_holds_per_buyer": None}
    wish = {
        "starts_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 30 * 86_400)),
        "layout_id": layout,
        "prices": [{"category": category, "price": {"amount": PRICE, "currency": "EUR"}}],
        "limits": unlimited,
    }
    performance: str = require_success(http.post(f"/events/{event}/performances", json=wish))["performance_id"]
    return performance


def seat_pairs(http: httpx.Client, performance: str) -> list[tuple[str, str]]:
    """Return pairs of adjacent seats of a performance; no seat is in two pairs."""
    layout = require_success(http.get(f"/performances/{performance}/layout"))
    pairs: list[tuple[str, str]] = []
    for section in layout["sections"]:
        for row in section["rows"]:
            keys = row_keys(row["keys"])
            pairs += zip(keys[::2], keys[1::2], strict=False)
    return pairs


def row_keys(runs: list[Any]) -> list[str]:
    """Return the seat keys of a row from its runs of consecutive keys."""
    return [nth_key(first, nth) for first, count in zip(runs[::2], runs[1::2], strict=True) for nth in range(count)]
