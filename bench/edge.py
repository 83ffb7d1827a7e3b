"""The effect of abusive clients: each attack on a fresh installation, and the slowest `/livez` response meanwhile.

An attack that blocks the API shows as a response time of seconds; the target is 250 ms.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from bench.strangers.attacks import WATCHED, Victim, attacks
from bench.strangers.livez import BEGUN
from bench.support.machine import machine
from bench.support.shop import Shop, create_venue, open_sale, require_success

ALIVE_MS_MAX = 250.0
MIB = 2**20
PERSON = {"email": "owner@example.com", "password": "correct horse battery", "name": "Owner"}

Json = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return 1 if an attack delays `/livez` beyond the target."""
    options = parse_arguments(arguments)
    with tempfile.TemporaryDirectory() as folder, Shop(Path(folder) / "shop", raised=False) as shop:
        with shop.http() as http:
            victim = victim_of(shop, http)
        pid = shop.pid_of("api")
        measured = [
            measure(victim.port, pid, name, attack) for name, attack in attacks(victim) if name.startswith(options.only)
        ]
    report = {"machine": machine(), "attacks": measured}
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(report, indent=2))
    sys.stdout.write(report_text(measured))
    return 0 if all(one["livez_ms"] <= ALIVE_MS_MAX for one in measured) else 1


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench edge", description=__doc__)
    parser.add_argument("--only", default="", help="attacks whose name begins so")
    parser.add_argument("--json", type=Path, default=Path("bench/results/edge.json"))
    return parser.parse_args(arguments)


def victim_of(shop: Shop, http: httpx.Client) -> Victim:
    """Return a prepared target of the attacks."""
    require_success(http.post("/auth/register", json=PERSON))
    event, layout = create_venue(http, rows=5)
    performances = [open_sale(http, event, layout) for _ in range(WATCHED + 1)]
    organizer = require_success(http.post("/organizers", json={"name": "Edge"}))["organizer_id"]
    place = {"address": "Edge 1", "city": "Edge", "country": "DE", "time_zone": "Europe/Berlin"}
    venue = require_success(http.post("/venues", json={"organizer_id": organizer, "name": "Edge", **place}))["venue_id"]
    token = http.headers["Authorization"].removeprefix("Bearer ")
    return Victim(
        port=shop.port,
        token=token,
        venue=venue,
        performances=performances,
        email=PERSON["email"],
        password=PERSON["password"],
    )


def measure(port: int, pid: int, name: str, attack: Callable[[], str]) -> Json:
    """Run one attack and return its measurements."""
    before = resident_bytes(pid)
    with livez(port) as answers:
        began = time.perf_counter()
        outcome = attack()
        seconds = time.perf_counter() - began
    return {
        "attack": name,
        "outcome": outcome,
        "seconds": round(seconds, 1),
        "livez_ms": answers[0],
        "mib": round((resident_bytes(pid) - before) / MIB),
    }


@contextmanager
def livez(port: int) -> Iterator[list[float]]:
    """Request `/livez` from another process while the block runs; then the list holds the slowest response."""
    command = [sys.executable, "-m", "bench.strangers.livez", str(port)]
    found: list[float] = []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as asking:
        assert asking.stdout is not None
        assert asking.stdout.readline() == BEGUN
        yield found
        said, _ = asking.communicate("over\n")
    found.append(float(said))


def resident_bytes(pid: int) -> int:
    """Return the resident memory of a process."""
    fields = Path(f"/proc/{pid}/statm").read_text().split()
    return int(fields[1]) * 4_096


def report_text(measured: Sequence[Json]) -> str:
    """Format the results as a table."""
    lines = ["| attack | outcome | took | worst /livez | memory |", "|---|---|---|---|---|"]
    lines += [
        f"| {one['attack']} | {one['outcome']} | {one['seconds']} s | {one['livez_ms']:.0f} ms | {one['mib']:+d} MiB |"
        for one in measured
    ]
    return "\n".join(lines) + "\n"
