"""The live seat map of `seatledger up`: 39,000 seats, half of them taken, 200 changes a second.

First the delay from the commit of a change to each of 1,000 subscribers, and the API's memory per subscriber. Then the
response time of the document, requested 200 times a second.
"""

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx

from bench.support.machine import machine
from bench.support.shop import Shop, create_venue, open_sale, require_success, seat_pairs
from domain.seat import SEAT
from domain.values import SEATS_PER_BLOCK_MAX
from eventstore.postgres import PostgresStore
from eventstore.postgres.roles import APP_ROLE
from eventstore.store import RANGE_EVENTS_MAX
from runtime.database import url_of_role
from runtime.local.data_directory import local_settings
from runtime.tuning.gc_policy import IDLE_CHECK_S

ROWS = 390
BUYERS = 100
CHANGES_PER_S = 200
DOCUMENTS_PER_S = 200
WATCHERS = 1_000
LOAD_GRACE_S = 60
SETTLE_S = 5.0
DOCUMENT_MS_MAX = 20.0
DOCUMENT_BYTES_MAX = 100_000
CHANGE_MS_MAX = 250.0
CLIENT_KB_MAX = 50.0
PACKAGES = ("uvicorn", "starlette", "uvloop", "orjson", "nats-py", "psycopg")

Json = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return 1 if a target is missed."""
    options = parse_arguments(arguments)
    with tempfile.TemporaryDirectory() as folder:
        report = measure(Shop(Path(folder) / "shop"), seconds=options.seconds, runs=options.runs)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(report, indent=2))
    sys.stdout.write(format_result(report))
    return 0 if all(report["met"].values()) else 1


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.live", description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0, help="how long each load lasts")
    parser.add_argument("--runs", type=int, default=3, help="how many runs of each; the median counts")
    parser.add_argument("--json", type=Path, default=Path("bench/results/live.json"))
    return parser.parse_args(arguments)


def measure(shop: Shop, *, seconds: float, runs: int) -> Json:
    """Run both loads in turns, each on a new performance in a newly started installation.

    Memory is measured in the first run, because later runs reuse memory that earlier clients have freed.
    """
    documents, watched = [], []
    with shop:
        tokens = shop.tokens(BUYERS)
        with shop.http() as http:
            event, layout = create_venue(http, rows=ROWS)
            houses = [block_half(http, open_sale(http, event, layout)) for _ in range(runs)]
    with shop:
        common = {"url": shop.url, "tokens": tokens, "seconds": seconds, "changes_per_s": CHANGES_PER_S}
        common["api_pid"] = shop.pid_of("api")
        load_performances(shop, houses)
        for house in houses:
            watched.append(measure_watching(shop, common | house | {"documents_per_s": 0, "watchers": WATCHERS}))
            house["seats"] = house["seats"][int(seconds * CHANGES_PER_S) :]
            documents.append(request_documents(common | house | {"documents_per_s": DOCUMENTS_PER_S, "watchers": 0}))
    medians = {
        "document_p99_ms": statistics.median(run["p99_ms"] for run in documents),
        "document_bytes": max(run["bytes"] for run in documents),
        "change_p99_ms": statistics.median(run["p99_ms"] for run in watched),
        "client_kb": watched[0]["client_kb"],
    }
    return {
        "at": datetime.now(UTC).isoformat(),
        "machine": machine(),
        "versions": {package: version(package) for package in PACKAGES},
        "seats": ROWS * 100,
        "seconds": seconds,
        "documents": documents,
        "watched": watched,
        **medians,
        "met": {
            "document_p99_ms": medians["document_p99_ms"] <= DOCUMENT_MS_MAX,
            "document_bytes": medians["document_bytes"] <= DOCUMENT_BYTES_MAX,
            "change_p99_ms": medians["change_p99_ms"] <= CHANGE_MS_MAX,
            "client_kb": medians["client_kb"] <= CLIENT_KB_MAX,
        },
    }


def block_half(http: httpx.Client, performance: str) -> Json:
    """Block half of the seats at random; return the free ones in random order."""
    seats = [seat for pair in seat_pairs(http, performance) for seat in pair]
    random.shuffle(seats)
    taken, free = seats[: len(seats) // 2], seats[len(seats) // 2 :]
    for begin in range(0, len(taken), SEATS_PER_BLOCK_MAX):
        wish = {"seats": taken[begin : begin + SEATS_PER_BLOCK_MAX], "reason": "house"}
        require_success(http.post(f"/performances/{performance}/seats/block", json=wish))
    return {"performance": performance, "seats": free}


def load_performances(shop: Shop, houses: Sequence[Json]) -> None:
    """Load the performances, and wait until the API has run a full garbage collection on them."""
    with httpx.Client(base_url=shop.url) as client:
        for house in houses:
            require_success(client.get(f"/api/v1/performances/{house['performance']}/seats"))
    time.sleep(IDLE_CHECK_S + SETTLE_S)


def request_documents(order: Json) -> Json:
    """Request the document while seats change; return the measurements."""
    result = load(order)
    found = result["documents"]
    if found["failed"]:
        raise RuntimeError(f"{found['failed']} documents did not come")
    return {**quantiles(found["seconds"]), "bytes": max(found["sizes"]), "changed_per_s": result["changed_per_s"]}


def measure_watching(shop: Shop, order: Json) -> Json:
    """Subscribe clients while seats change; return the measurements."""
    result = load(order)
    if result["lost"] or result["reset"]:
        raise RuntimeError(f"{result['lost']} clients were lost, {result['reset']} were told to begin anew")
    committed = asyncio.run(commits(shop.data, order["performance"], since=result["began"]))
    late = delays(result["messages"], committed)
    before, connected, at_the_end = result["memory_kb"]
    return {
        **quantiles(late),
        "changes": len(committed),
        "deliveries": len(late),
        "changed_per_s": result["changed_per_s"],
        "memory_kb": {"before": before, "connected": connected, "at_the_end": at_the_end},
        "client_kb": round((max(connected, at_the_end) - before) / WATCHERS, 1),
    }


def load(order: Json) -> Json:
    """Run the load in a process of its own and return its measurements."""
    command = [sys.executable, "-m", "bench.support.live_load"]
    timeout = order["seconds"] + LOAD_GRACE_S
    ran = subprocess.run(
        command, input=json.dumps(order), stdout=subprocess.PIPE, text=True, check=True, timeout=timeout
    )
    result: Json = json.loads(ran.stdout)
    return result


async def commits(data: Path, performance: str, *, since: float) -> list[tuple[int, float]]:
    """Return position and recorded time of each change of a performance's seats; the commit is later than that time."""
    found: list[tuple[int, float]] = []
    prefix, position = SEAT.stream(performance, ""), 0
    async with PostgresStore(url_of_role(local_settings(data), APP_ROLE)) as store:
        while part := await store.read_range(after=position, limit=RANGE_EVENTS_MAX):
            position = part[-1].position
            found += [
                (event.position, event.recorded_at.timestamp()) for event in part if event.stream.startswith(prefix)
            ]
    return [(position, at) for position, at in found if at >= since]


def delays(clients: Sequence[Sequence[tuple[int, float]]], committed: Sequence[tuple[int, float]]) -> list[float]:
    """Return the seconds from the recording of each change to its message, for each client and change.

    Raises:
        RuntimeError: a client did not receive every change.
    """
    positions, late = [position for position, _ in committed], []
    for messages in clients:
        begin = 0
        for until, at in messages:
            end = bisect_right(positions, until)
            late += [at - committed_at for _, committed_at in committed[begin:end]]
            begin = max(begin, end)
        if begin < len(committed):
            raise RuntimeError(f"a client was told {begin} of {len(committed)} changes")
    return late


def quantiles(seconds: Sequence[float]) -> dict[str, float]:
    """Return median, p99 and maximum in milliseconds."""
    ordered = sorted(seconds)
    places = {"p50_ms": 0.5, "p99_ms": 0.99, "max_ms": 1.0}
    return {name: round(1_000 * ordered[int(place * (len(ordered) - 1))], 1) for name, place in places.items()}


def format_result(report: Json) -> str:
    """Format the results as a table."""
    rows = [
        ("", "p50 ms", "p99 ms", "max ms", "changes/s", ""),
        *(row("document", run, f"{run['bytes']:,} bytes") for run in report["documents"]),
        *(row("change", run, f"{run['client_kb']} KiB a client") for run in report["watched"]),
    ]
    table = "\n".join("".join(f"{cell!s:>12}" for cell in cells[:5]) + f"  {cells[5]}" for cells in rows)
    return (
        f"{table}\n"
        f"document p99 {report['document_p99_ms']} ms (target {DOCUMENT_MS_MAX:.0f}), "
        f"{report['document_bytes']:,} bytes (target {DOCUMENT_BYTES_MAX:,})\n"
        f"commit to client p99 {report['change_p99_ms']} ms (target {CHANGE_MS_MAX:.0f}), "
        f"{report['client_kb']} KiB a client (target {CLIENT_KB_MAX:.0f})\n"
    )


def row(name: str, run: Json, more: str) -> tuple[str, ...]:
    """Format one run as a row of the table."""
    return name, str(run["p50_ms"]), str(run["p99_ms"]), str(run["max_ms"]), str(run["changed_per_s"]), more


if __name__ == "__main__":
    sys.exit(main())
