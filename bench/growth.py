"""Cost of an append by length of the log: after 100,000 and after 5,000,000 events, in turns on one server with fsync.

64 callers in one process send three-event commands: one event goes to an existing stream chosen from the whole log, two
to a new stream. The cost is the time per command at this load; the result is the median of the runs' ratios.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import uvloop
from psycopg import sql
from psycopg.conninfo import make_conninfo
from uuid_utils.compat import uuid7

from bench.append import CALLERS, SEAT_HELD, postgres_version
from bench.append_ours import EVENT_NAME, METADATA, PASSWORD
from bench.log_generator import fill
from bench.support.machine import machine
from eventstore.batcher import Batcher
from eventstore.postgres import PostgresStore
from eventstore.postgres.migrate import migrate
from eventstore.postgres.roles import APP_ROLE, role_url
from eventstore.store import Append, Appended, NewEvent, Write
from runtime.local.embedded import EmbeddedPostgres

SMALL, LARGE = 100_000, 5_000_000
RATIO_MAX = 1.25
WARM_UP_S = 1.0
STREAMS_PER_CALLER = 50
RECENT = timedelta(minutes=10)

# Existing streams with their versions, sampled over the whole log: one out of so many positions.
STREAMS: LiteralString = """
SELECT DISTINCT ON (known.stream) known.stream, latest.version
FROM generate_series(1, %(head)s, greatest(1, %(head)s / %(streams)s)) AS here (position)
JOIN eventstore.event AS known USING (position)
CROSS JOIN LATERAL (
    SELECT version FROM eventstore.event WHERE event.stream = known.stream ORDER BY version DESC LIMIT 1
) AS latest
"""

EVENT = NewEvent(EVENT_NAME, 1, SEAT_HELD)

Json = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill both logs, measure in turns and print it; return 1 if the long log's ratio exceeds the target."""
    options = parse_arguments(arguments)
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder)) as server:
        report = compare(server, options)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(report, indent=2))
    sys.stdout.write(format_result(report))
    return 0 if report["ratio"] <= RATIO_MAX else 1


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--small", type=int, default=SMALL)
    parser.add_argument("--large", type=int, default=LARGE)
    parser.add_argument("--seconds", type=float, default=4.0, help="how long each run lasts, after its warm-up")
    parser.add_argument("--runs", type=int, default=9, help="how many runs of each, in turns")
    parser.add_argument("--json", type=Path, default=Path("bench/results/growth.json"))
    return parser.parse_args(arguments)


def compare(server: EmbeddedPostgres, options: argparse.Namespace) -> Json:
    """Measure both in turns; the short log is a new copy each time, so that it stays short."""
    sizes = {"short": options.small, "long": options.large}
    filled_s = {name: prepare(server, name, events) for name, events in sizes.items()}
    runs: dict[str, list[float]] = {"short": [], "long": []}
    for number in range(options.runs):
        for name in ("short", "long") if number % 2 else ("long", "short"):
            database = copy_database(server, name, f"run_{number}") if name == "short" else name
            app_url = make_conninfo(role_url(server.url_of(name), APP_ROLE, PASSWORD), dbname=database)
            runs[name].append(cost_us(server.url_of(database), app_url, options.seconds))
    ratios = [long / short for short, long in zip(runs["short"], runs["long"], strict=True)]
    return {
        "at": datetime.now(UTC).isoformat(),
        "machine": machine(),
        "versions": {"postgres": postgres_version(server)},
        "events": sizes,
        "filled_s": filled_s,
        "callers": CALLERS,
        "events_per_command": 3,
        "seconds": options.seconds,
        "runs_us": runs,
        "medians_us": {name: round(statistics.median(costs), 1) for name, costs in runs.items()},
        "ratio": round(statistics.median(ratios), 3),
    }


def prepare(server: EmbeddedPostgres, name: str, events: int) -> float:
    """Create a database with a log of so many events; return the seconds it took."""
    execute(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    asyncio.run(migrate(server.url_of(name), role_password=lambda _: PASSWORD))
    begins = time.monotonic()
    fill(server.url_of(name), events, until=datetime.now(UTC) - RECENT)
    return round(time.monotonic() - begins, 1)


def copy_database(server: EmbeddedPostgres, name: str, copy: str) -> str:
    """Copy a database and return the copy's name."""
    execute(server, sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(copy), sql.Identifier(name)))
    return copy


def execute(server: EmbeddedPostgres, statement: sql.Composed) -> None:
    """Execute a statement that cannot run in a transaction, then a checkpoint."""
    with psycopg.connect(server.url_of("postgres"), autocommit=True) as connection:
        connection.execute(statement)
        connection.execute("CHECKPOINT")


def cost_us(owner_url: str, app_url: str, seconds: float) -> float:
    """Return the time per command at full load, in microseconds; a copy has the login roles of its original."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_cost_us(owner_url, app_url, seconds))


async def _cost_us(owner_url: str, app_url: str, seconds: float) -> float:
    async with PostgresStore(app_url) as store:
        streams = streams_of(owner_url, await store.head())
        batcher = Batcher(store)
        begins = time.monotonic() + WARM_UP_S
        async with asyncio.TaskGroup() as callers:
            counts = [
                callers.create_task(call(batcher, streams[nth::CALLERS], begins, begins + seconds))
                for nth in range(CALLERS)
            ]
        await batcher.close()
        return round(seconds * 1_000_000 / sum(count.result() for count in counts), 2)


def streams_of(owner_url: str, head: int) -> list[tuple[str, int]]:
    """Return streams sampled over the whole log, with their versions."""
    with psycopg.connect(owner_url) as connection:
        found = connection.execute(STREAMS, {"head": head, "streams": CALLERS * STREAMS_PER_CALLER})
        return found.fetchall()


async def call(batcher: Batcher, streams: Sequence[tuple[str, int]], begins: float, ends: float) -> int:
    """Send commands until the time is over; return how many completed in the measured period.

    Raises:
        RuntimeError: a command was refused, though no other process writes these streams.
    """
    counted, waiting = 0, deque(streams)
    while (now := time.monotonic()) < ends:
        command_id, (stream, version) = uuid7(), waiting.popleft()
        writes = (Write(stream, version, (EVENT,)), Write(f"order-{command_id}", 0, (EVENT, EVENT)))
        match await batcher.submit(Append(command_id=command_id, writes=writes, metadata=METADATA)):
            case Appended():
                waiting.append((stream, version + 1))
                counted += now >= begins
            case refusal:
                raise RuntimeError(f"a command on streams of its own was refused: {refusal}")
    return counted


def format_result(report: Json) -> str:
    """Format the results as a table."""
    lines = [f"{'one three-event command':<28}{'median':>9}  runs, µs"]
    for name, costs in report["runs_us"].items():
        label = f"after {report['events'][name]:,} events"
        lines.append(f"{label:<28}{report['medians_us'][name]:>6.1f} µs  {'  '.join(map('{:.0f}'.format, costs))}")
    lines.append(f"long / short: {report['ratio']} (at most {RATIO_MAX})")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
