"""Append throughput: three-event commands from 64 concurrent callers, compared with the `eventsourcing` package.

The contenders run in turns on one PostgreSQL with fsync, with a new database for each run. Every acknowledged command
must be in the log.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from bench.append_ours import Load, run_ours
from bench.append_package import run_package
from bench.support.machine import machine
from runtime.local.embedded import EmbeddedPostgres

CALLERS = 64
WARM_UP_S = 2.0
PER_S_MIN = 5_000
RATIO_MIN = 5.0
PACKAGES = ("eventsourcing", "psycopg", "uvloop")
SEAT_HELD = (
    '{"hold":"019f0000-0000-7000-8000-00000000000a","holder":"019f0000-0000-7000-8000-00000000000b",'
    '"price":{"amount":4500,"currency":"EUR"},"expires_at":"2026-11-21T20:15:00Z"}'
)

Json = dict[str, Any]
Contender = Callable[[str, Load], dict[str, float]]
CONTENDERS: dict[str, Contender] = {
    "ours": run_ours,
    "eventsourcing": partial(run_package, functions=False),
    "eventsourcing, database functions": partial(run_package, functions=True),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison and print it; return 1 if the target is missed, raise if a log is wrong."""
    options = parse_arguments(arguments)
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder)) as server:
        report = compare(server, seconds=options.seconds, runs=options.runs)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(report, indent=2))
    sys.stdout.write(format_result(report))
    return 0 if report["ours_per_s"] >= PER_S_MIN and report["ratio"] >= RATIO_MIN else 1


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.append", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each run lasts, after its warm-up")
    parser.add_argument("--runs", type=int, default=3, help="how many runs of each; the median counts")
    parser.add_argument("--json", type=Path, default=Path("bench/results/append.json"))
    return parser.parse_args(arguments)


def compare(server: EmbeddedPostgres, *, seconds: float, runs: int) -> Json:
    """Run all contenders in turns; `ratio` is to the package's default, the other one to its faster option."""
    load = Load(callers=CALLERS, warm_up_s=WARM_UP_S, seconds=seconds, data=SEAT_HELD)
    results: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
    for number in range(runs):
        for order, (name, contender) in enumerate(CONTENDERS.items()):
            results[name].append(contender(new_database(server, f"run_{number}_{order}"), load))
    medians = {name: statistics.median(result["per_s"] for result in done) for name, done in results.items()}
    return {
        "at": datetime.now(UTC).isoformat(),
        "machine": machine(),
        "versions": {"postgres": postgres_version(server), **{package: version(package) for package in PACKAGES}},
        "callers": CALLERS,
        "events_per_command": 3,
        "seconds": seconds,
        "runs": results,
        "medians_per_s": medians,
        "ours_per_s": medians["ours"],
        "ratio": round(medians["ours"] / medians["eventsourcing"], 2),
        "ratio_to_functions": round(medians["ours"] / medians["eventsourcing, database functions"], 2),
    }


def new_database(server: EmbeddedPostgres, name: str) -> str:
    """Create a database and return its owner's URL."""
    with psycopg.connect(server.url_of("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        connection.execute("CHECKPOINT")
    return server.url_of(name)


def postgres_version(server: EmbeddedPostgres) -> str:
    """Return the server's version."""
    with psycopg.connect(server.url) as connection:
        return str(connection.info.server_version)


def format_result(report: Json) -> str:
    """Format the results as a table."""
    lines = [f"{'three-event commands a second':<36}{'median':>8}  runs"]
    for name, median in report["medians_per_s"].items():
        runs = "  ".join(f"{run['per_s']:.0f}" for run in report["runs"][name])
        lines.append(f"{name:<36}{median:>8.0f}  {runs}")
    lines.append(
        f"ours / the package as it comes: {report['ratio']} (at least {RATIO_MIN:.0f}), "
        f"/ with its database functions switched on: {report['ratio_to_functions']}"
    )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
