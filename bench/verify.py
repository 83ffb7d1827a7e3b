"""Verification of the log against the seal archive: a million generated events, sealed, then verified.

It runs as in `seatledger audit verify`: a process for each core reads and hashes. At the end one event is changed, and
the verification must name it.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg

from bench.append import new_database, postgres_version
from bench.append_ours import PASSWORD
from bench.log_generator import fill
from bench.support.machine import machine
from eventstore.postgres.migrate import migrate
from eventstore.postgres.roles import APP_ROLE, SEALER_ROLE, role_url
from eventstore.sealing.keys import SealingKey
from eventstore.sealing.log_reader import open_connection
from eventstore.sealing.seal_archive import SealArchive
from eventstore.sealing.sealer import Sealer
from eventstore.sealing.verification.pool import worker_pool
from eventstore.sealing.verification.verify import verify
from runtime.local.embedded import EmbeddedPostgres
from runtime.sealing import WORKERS
from runtime.tuning.gc_policy import relax_gc

EVENTS = 1_000_000
PER_S_MIN = 200_000
SECRET = "a secret for benchmarks only, of the sealer"
PACKAGES = ("psycopg", "cryptography")

Json = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill, seal, verify and print; return 1 if the target is missed, raise if the result is wrong."""
    options = parse_arguments(arguments)
    relax_gc()
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "postgres") as server:
        report = measure(server, SealArchive(Path(folder) / "seals"), events=options.events, runs=options.runs)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(report, indent=2))
    sys.stdout.write(format_result(report))
    return 0 if report["per_s"] >= PER_S_MIN else 1


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.verify", description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--runs", type=int, default=5, help="how many comparisons; the median counts")
    parser.add_argument("--json", type=Path, default=Path("bench/results/verify.json"))
    return parser.parse_args(arguments)


def measure(server: EmbeddedPostgres, place: SealArchive, *, events: int, runs: int) -> Json:
    """Return the measurements, after checking that a changed event is named."""
    url = new_database(server, "verified")
    asyncio.run(migrate(url, role_password=lambda _: PASSWORD))
    fill(url, events)
    sealing_s, seals = seal(url, place)
    figures = [events / compare(url, place, events) for _ in range(runs)]
    return {
        "at": datetime.now(UTC).isoformat(),
        "machine": machine(),
        "versions": {"postgres": postgres_version(server), **{package: version(package) for package in PACKAGES}},
        "events": events,
        "seals": seals,
        "processes": WORKERS,
        "event_bytes": event_bytes(url),
        "sealed_per_s": round(events / sealing_s),
        "runs_per_s": [round(figure) for figure in figures],
        "per_s": round(statistics.median(figures)),
        "named": locate_change(url, place, events // 2),
    }


def seal(url: str, place: SealArchive) -> tuple[float, int]:
    """Seal the whole log; return the seconds it took and the number of seals."""
    sealer_url = role_url(url, SEALER_ROLE, PASSWORD)
    sealer = Sealer(url=sealer_url, archive=place, key=SealingKey(SECRET), max_delay=timedelta(0))
    begins, seals = time.monotonic(), 0
    with open_connection(sealer_url, name="seal") as connection, sealer.acquire_writer(connection) as turn:
        while turn.seal_next():
            seals += 1
    return time.monotonic() - begins, seals


def compare(url: str, place: SealArchive, events: int) -> float:
    """Verify the whole log; return the seconds it took.

    Raises:
        RuntimeError: a part was not compared, or a fault was found.
    """
    begins = time.monotonic()
    app_url = role_url(url, APP_ROLE, PASSWORD)
    with open_connection(app_url, name="audit") as connection, worker_pool(app_url, WORKERS) as others:
        found = verify(connection, place, compare=others)
    took = time.monotonic() - begins
    if found.fault is not None or (found.events, found.unsealed) != (events, 0):
        raise RuntimeError(f"the comparison went wrong: {found}")
    return took


def event_bytes(url: str) -> int:
    """Return the average length of an event's data and metadata."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT avg(octet_length(data::text) + octet_length(metadata::text))::integer FROM eventstore.event"
        )
        ((average,),) = found.fetchall()
        return int(average)


def locate_change(url: str, place: SealArchive, position: int) -> str:
    """Change an event and return the reported fault.

    Raises:
        RuntimeError: the event is not named.
    """
    with psycopg.connect(url) as owner:
        owner.execute("ALTER TABLE eventstore.event DISABLE TRIGGER insert_only")
        owner.execute("UPDATE eventstore.event SET data = '{}' WHERE position = %s", [position])
        fault = verify(owner, place).fault
        owner.rollback()
    if fault is None or fault.position != position:
        raise RuntimeError(f"the event at {position} was changed, and the comparison says {fault}")
    return fault.what


def format_result(report: Json) -> str:
    """Format the results as a table."""
    runs = "  ".join(f"{figure:,}" for figure in report["runs_per_s"])
    return (
        f"{report['events']:,} events of {report['event_bytes']} bytes under {report['seals']:,} seals, "
        f"by {report['processes']} processes\n"
        f"{'':<12}{'events/s':>10}  runs\n"
        f"{'verified':<12}{report['per_s']:>10,}  {runs}  (at least {PER_S_MIN:,})\n"
        f"{'sealed':<12}{report['sealed_per_s']:>10,}\n"
        f"{report['named']}\n"
    )


if __name__ == "__main__":
    sys.exit(main())
