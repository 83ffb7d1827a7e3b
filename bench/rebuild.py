"""Rebuilds: events a second, compared with the `eventsourcing` package's projection runner, and the effect on bookings.

A generated log on one server with fsync. A rebuild folds all of it into new tables of each read model, compares them
with the live ones and swaps; the package's runner folds the beginning of the same log into the seat map with the same
function and statements, in one transaction an event. Then a whole installation takes bookings at a constant rate, with
and without a rebuild.
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

import psycopg
import uvloop

from bench.append import postgres_version
from bench.log_generator import fill
from bench.rebuild_busy import measure_busy
from bench.rebuild_package import run_package
from bench.support.machine import machine
from eventstore.postgres import PostgresStore
from eventstore.postgres.migrate import migrate
from eventstore.postgres.roles import PROJECTOR_ROLE, role_url
from projections.engine import checkpoints
from projections.engine.model import ReadModel
from projections.rebuild.commands import rebuild
from projections.registry import EVERY_MODEL, reader_for
from runtime.database import HISTORIES
from runtime.local.embedded import EmbeddedPostgres
from runtime.tuning.gc_policy import relax_gc

PER_S_MIN = 40_000
RATIO_MIN = 10.0
P99_RATIO_MAX = 2.0
PASSWORD = "bench"
COMPARED = "seat_map"
MODELS = {model.name: model for model in EVERY_MODEL}
MEASURED = [COMPARED, "my_orders", "tickets"]
"""The default: the read models with the most events; others can be named."""
AT_THE_END = """
UPDATE projections.projection AS projection SET position = last.position, digest = last.digest
FROM (SELECT position, digest FROM eventstore.event ORDER BY position DESC LIMIT 1) AS last
"""
PACKAGES = ("eventsourcing", "psycopg", "orjson", "uvloop")

Json = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return 1 if a target is missed, raise if the rebuilt rows differ from the live ones."""
    options = parse_arguments(arguments)
    relax_gc()
    report: Json = {
        "at": datetime.now(UTC).isoformat(),
        "machine": machine(),
        "versions": {package: version(package) for package in PACKAGES},
    }
    with tempfile.TemporaryDirectory() as folder:
        with EmbeddedPostgres(Path(folder) / "postgres") as server:
            report["versions"]["postgres"] = postgres_version(server)
            report |= compare(server, options)
        report["busy"] = measure_busy(Path(folder) / "shop", seconds=options.seconds) if options.seconds else None
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(report, indent=2))
    sys.stdout.write(format_result(report))
    busy = report["busy"]
    slow = min(report["per_s"].values()) < PER_S_MIN or report["ratio"] < RATIO_MIN
    return 1 if slow or (busy is not None and busy["ratio"] > P99_RATIO_MAX) else 0


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.rebuild", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, help="how long the log is")
    parser.add_argument("--package-events", type=int, default=10_000, help="how much of it the package folds")
    parser.add_argument("--runs", type=int, default=3, help="rebuilds of each and runs of the package, in turn")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MEASURED, help="what is rebuilt")
    parser.add_argument("--seconds", type=int, default=20, help="how long the shop is booked; 0: not at all")
    parser.add_argument("--json", type=Path, default=Path("bench/results/rebuild.json"))
    return parser.parse_args(arguments)


def compare(server: EmbeddedPostgres, options: argparse.Namespace) -> Json:
    """Run the rebuilds and the package's runner in turns."""
    asyncio.run(migrate(server.url, role_password=lambda _: PASSWORD, histories=HISTORIES))
    fill(server.url, options.events)
    names = list(dict.fromkeys([COMPARED, *options.models]))
    projector_url = role_url(server.url, PROJECTOR_ROLE, PASSWORD)
    uvloop.run(fold_once(server.url, projector_url, names))
    ours: dict[str, list[Json]] = {name: [] for name in names}
    package = []
    for run in range(options.runs):
        for name in names:
            ours[name].append(run_ours(server, projector_url, name, options.events))
        package.append(run_package(server, f"package_{run}", options.package_events))
    per_s = {name: median_of(runs) for name, runs in ours.items()}
    package_per_s = median_of(package)
    return {
        "events": options.events,
        "ours": ours,
        "package": package,
        "package_events": options.package_events,
        "per_s": per_s,
        "package_per_s": package_per_s,
        "ratio": round(per_s[COMPARED] / package_per_s, 1),
    }


def median_of(runs: Sequence[Json]) -> float:
    """Return the median rate of the runs."""
    return statistics.median(float(run["per_s"]) for run in runs)


async def fold_once(owner_url: str, projector_url: str, names: Sequence[str]) -> None:
    """Create the live versions to compare with, by a rebuild, which is the fastest way."""
    async with checkpoints.open_connection_for(projector_url, name="bench") as connection:
        for model in EVERY_MODEL:
            await checkpoints.register(connection, model)
    async with await psycopg.AsyncConnection.connect(owner_url, autocommit=True) as owner:
        await owner.execute(AT_THE_END)
    for name in names:
        await rebuild_one(projector_url, MODELS[name], swap_anyway=True)


def run_ours(server: EmbeddedPostgres, projector_url: str, name: str, events: int) -> Json:
    """Rebuild a read model, and require that it equals the live version."""
    with psycopg.connect(server.url, autocommit=True) as owner:
        owner.execute("CHECKPOINT")
    begins = time.monotonic()
    uvloop.run(rebuild_one(projector_url, MODELS[name], swap_anyway=False))
    seconds = time.monotonic() - begins
    return {"seconds": round(seconds, 2), "per_s": round(events / seconds)}


async def rebuild_one(projector_url: str, model: ReadModel, *, swap_anyway: bool) -> None:
    """Rebuild a read model as the command line does."""
    async with PostgresStore(projector_url) as store:
        await rebuild(url=projector_url, store=store, model=model, reader=reader_for([model]), swap_anyway=swap_anyway)


def format_result(report: Json) -> str:
    """Format the results as a table."""
    lines = [f"{'log events a second':<32}{'median':>9}  runs"]
    for name, runs in [*report["ours"].items(), (f"eventsourcing, {COMPARED}", report["package"])]:
        lines.append(f"{name:<32}{median_of(runs):>9.0f}  {'  '.join(str(run['per_s']) for run in runs)}")
    slowest = min(report["per_s"], key=report["per_s"].__getitem__)
    lines.append(
        f"{slowest}, the slowest: {report['per_s'][slowest]:.0f}/s (at least {PER_S_MIN}); {COMPARED}: "
        f"{report['ratio']} times the package's runner (at least {RATIO_MIN:.0f})"
    )
    if report["busy"] is not None:
        lines.append(format_busy_result(report["busy"]))
    return "\n".join(lines) + "\n"


def format_busy_result(busy: Json) -> str:
    """Format the effect on bookings."""
    calm_ms, busy_ms = busy["calm"]["p99_ms"], busy["rebuilding"]["p99_ms"]
    return (
        f"booking at {busy['bookings_per_s']}/s, p99: {calm_ms:.1f} ms calm, {busy_ms:.1f} ms while "
        f"{busy['rebuilt']} is rebuilt: {busy['ratio']} times (at most {P99_RATIO_MAX:.0f}); "
        f"the rebuild went at {busy['events_s']:.0f} events/s meanwhile"
    )


if __name__ == "__main__":
    sys.exit(main())
