"""Bookings of two seats over HTTP, compared with a peer that locks one row per seat, in turns on the same two cores.

Everything that `seatledger up` runs takes part: tokens, validation, relay and read models (at nice +10). The read
models' lag under load and the time to catch up are reported, and the log is checked at the end.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx

from bench.support.checked import check_log
from bench.support.load import Target, drive
from bench.support.machine import machine
from bench.support.peer import Peer, peer_pairs, peer_tokens
from bench.support.shop import Shop, create_venue, open_sale, require_success, seat_pairs

BUYERS = 1_000
WARM_UP_S = 3
CATCH_UP_S_MAX = 300
POLL_S = 0.25
PACKAGES = ("fastapi", "uvicorn", "psycopg", "pydantic", "orjson", "nats-py", "sqlalchemy")

Json = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison and print it; return 1 if the log breaks an invariant."""
    options = parse_arguments(arguments)
    with tempfile.TemporaryDirectory() as folder:
        report = compare(Path(folder), seconds=options.seconds, runs=options.runs)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(report, indent=2))
    sys.stdout.write(format_result(report))
    return 1 if report["log"]["broken"] or report["log"]["orders_differ"] else 0


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.booking", description=__doc__)
    parser.add_argument("--seconds", type=int, default=10, help="how long each run lasts")
    parser.add_argument("--runs", type=int, default=3, help="how many runs of each; the median counts")
    parser.add_argument("--json", type=Path, default=Path("bench/results/booking.json"))
    return parser.parse_args(arguments)


def compare(folder: Path, *, seconds: int, runs: int) -> Json:
    """Run both systems in turns; only one of them runs at a time."""
    shop, peer = Shop(folder / "shop"), Peer(folder / "peer")
    ours, theirs, placed = [], [], {}
    used = 0
    with shop:
        write_lines(folder / "ours.tokens", shop.tokens(BUYERS))
    write_lines(folder / "peer.tokens", peer_tokens(BUYERS))
    write_lines(folder / "peer.pairs", [" ".join(pair) for pair in peer_pairs()])
    for run in range(runs):
        with shop:
            performance, result = run_ours(shop, folder, seconds)
            placed[performance] = result["answered_201"]
            ours.append(result)
            if run == runs - 1:
                checked = asyncio.run(check_log(shop.data))
        with peer:
            result, used = run_peer(peer, folder, seconds, used)
            theirs.append(result)
    differ = {name: (checked.orders[name], number) for name, number in placed.items() if checked.orders[name] < number}
    return {
        "at": datetime.now(UTC).isoformat(),
        "machine": machine(),
        "versions": {package: version(package) for package in PACKAGES},
        "seconds": seconds,
        "connections": 64,
        "buyers": BUYERS,
        "ours": ours,
        "peer": theirs,
        "ours_per_s": median(ours),
        "peer_per_s": median(theirs),
        "ratio": round(median(ours) / median(theirs), 2),
        "p99_ms": statistics.median(run["p99_ms"] for run in ours),
        "log": {"events": checked.events, "broken": checked.broken, "orders_differ": differ},
    }


def run_ours(shop: Shop, folder: Path, seconds: int) -> tuple[str, Json]:
    """Open a new performance and book seats of it; return the performance and the measurements."""
    with shop.http() as http:
        event, layout = create_venue(http)
        performance = open_sale(http, event, layout)
        write_lines(folder / "ours.pairs", [" ".join(pair) for pair in seat_pairs(http, performance)])
        target = target_of(shop, performance, tokens=folder / "ours.tokens", pairs=folder / "ours.pairs")
        warm = drive(target, seconds=WARM_UP_S, used=0)
        result = drive(target, seconds=seconds, used=warm["furthest"])
        result["lag_events"] = lag_by_model(http)
        result["catch_up_s"] = catch_up(http)
    result["answered_201"] = warm["created"] + result["created"]
    return performance, with_rate(result)


def target_of(shop: Shop, performance: str, *, tokens: Path, pairs: Path) -> Target:
    """Return the target that books two seats of a performance in one step."""
    body = {"performance_id": performance, "items": [{"seat": "%s"}, {"seat": "%s"}]}
    return Target(url=shop.url, path="/api/v1/orders", body=json.dumps(body), tokens=tokens, pairs=pairs)


def run_peer(peer: Peer, folder: Path, seconds: int, used: int) -> tuple[Json, int]:
    """Book seats of the peer; return the measurements and the next unused pair."""
    target = Target(
        url=peer.url,
        path="/orders",
        body=json.dumps({"event_id": 1, "seat_ids": "IDS"}).replace('"IDS"', "[%s, %s]"),
        tokens=folder / "peer.tokens",
        pairs=folder / "peer.pairs",
    )
    warm = drive(target, seconds=WARM_UP_S, used=used)
    result = drive(target, seconds=seconds, used=warm["furthest"])
    return with_rate(result), result["furthest"]


def with_rate(result: Json) -> Json:
    """Add bookings per second; a status other than 201 and 409 is an error."""
    if result["other"] or result["socket_errors"]:
        raise RuntimeError(f"answers that are neither 201 nor 409: {result}")
    return {**result, "per_s": round(result["created"] / result["seconds"], 1)}


def lag_by_model(http: httpx.Client) -> dict[str, int]:
    """Return the number of events that each read model is behind."""
    models = require_success(http.get("/projections"))["items"]
    return {model["name"]: model["lag"] for model in models}


def catch_up(http: httpx.Client) -> float:
    """Wait until every read model has caught up, and return the seconds it took."""
    began = time.monotonic()
    while any(lag_by_model(http).values()):
        if time.monotonic() - began > CATCH_UP_S_MAX:
            raise RuntimeError(f"the read models did not catch up: {lag_by_model(http)}")
        time.sleep(POLL_S)
    return round(time.monotonic() - began, 2)


def median(runs: Sequence[Json]) -> float:
    """Return the median of the bookings per second."""
    return float(statistics.median(run["per_s"] for run in runs))


def write_lines(file: Path, lines: Sequence[str]) -> None:
    """Write a file for wrk, one item a line."""
    file.write_text("\n".join(lines) + "\n")


def format_result(report: Json) -> str:
    """Format the results as a table."""
    rows = [("", "bookings/s", "p50 ms", "p99 ms", "201", "409")]
    for name in ("ours", "peer"):
        rows += [
            (
                name,
                f"{run['per_s']:.0f}",
                f"{run['p50_ms']:.1f}",
                f"{run['p99_ms']:.1f}",
                run["created"],
                run["refused"],
            )
            for run in report[name]
        ]
    table = "\n".join("".join(f"{cell!s:>12}" for cell in row) for row in rows)
    lags = [(max(run["lag_events"].values()), run["catch_up_s"]) for run in report["ours"]]
    return (
        f"{table}\nratio of medians {report['ratio']} (target 8), p99 {report['p99_ms']:.1f} ms (target 100)\n"
        f"read models behind at the end of each run (events, seconds to catch up): {lags}\n"
        f"log: {report['log']['events']} events, promises broken: {report['log']['broken'] or 'none'}\n"
    )


if __name__ == "__main__":
    sys.exit(main())
