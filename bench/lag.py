"""The lag of the read models while an installation takes bookings at a constant rate."""

import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from bench.booking import catch_up, target_of, write_lines
from bench.support.load import Target, drive
from bench.support.machine import loop_s
from bench.support.shop import Shop, create_venue, open_sale, seat_pairs
from eventstore.postgres.roles import PROJECTOR_ROLE
from runtime.database import url_of_role
from runtime.local.data_directory import local_settings

BUYERS = 1_000
BOOKINGS_PER_S = 500
SAMPLE_EVERY_S = 0.02
WARM_UP_S = 5

AGES: LiteralString = """
SELECT projection.name, coalesce(extract(epoch FROM clock_timestamp() - event.recorded_at)::float8 * 1000, 0)
FROM projections.projection AS projection
LEFT JOIN eventstore.event AS event ON event.position = projection.position + 1
"""

Json = dict[str, Any]
Ages = Mapping[str, Sequence[float]]


def measure_lag(folder: Path, *, seconds: int, runs: int) -> Json:
    """Book at a constant rate in several runs; measure the age of each read model's oldest missing event every 20 ms.

    `p99_ms` is that of a run's slowest read model; the result is the median of the runs.
    """
    shop = Shop(folder / "data")
    folder.mkdir()
    with shop:
        write_lines(folder / "tokens", shop.tokens(BUYERS))
        with shop.http() as http:
            performance = open_sale(http, *create_venue(http))
            write_lines(folder / "pairs", [" ".join(pair) for pair in seat_pairs(http, performance)])
            target = target_of(shop, performance, tokens=folder / "tokens", pairs=folder / "pairs")
            catch_up(http)
            used, found = drive(target, seconds=WARM_UP_S, used=0, per_s=BOOKINGS_PER_S)["furthest"], list[Json]()
            for _ in range(runs):
                found.append(one_run(shop, target, seconds=seconds, used=used))
                found[-1]["catch_up_s"] = catch_up(http)
                used = found[-1]["booking"]["furthest"]
    return {
        "bookings_per_s": statistics.median(run["bookings_per_s"] for run in found),
        "p99_ms": statistics.median(run["p99_ms"] for run in found),
        "runs": found,
    }


def one_run(shop: Shop, target: Target, *, seconds: int, used: int) -> Json:
    """Book and return the lag of each read model."""
    loop = loop_s()
    with sample_ages(shop.data) as ages:
        result = drive(target, seconds=seconds, used=used, per_s=BOOKINGS_PER_S)
    models = {name: spread(found) for name, found in sorted(ages.items())}
    return {
        "loop_s": round(loop, 2),
        "bookings_per_s": round(result["created"] / result["seconds"], 1),
        "booking": result,
        "p99_ms": max(model["p99_ms"] for model in models.values()),
        "models": models,
    }


@contextmanager
def sample_ages(data: Path) -> Iterator[Ages]:
    """Take samples while the block runs."""
    ages: defaultdict[str, list[float]] = defaultdict(list)
    over = threading.Event()
    url = url_of_role(local_settings(data), PROJECTOR_ROLE)

    def sample() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            next_at = time.monotonic()
            while not over.wait(max(0.0, next_at - time.monotonic())):
                next_at += SAMPLE_EVERY_S
                for name, age_ms in connection.execute(AGES, prepare=True):
                    ages[name].append(age_ms)

    sampling = threading.Thread(target=sample)
    sampling.start()
    try:
        yield ages
    finally:
        over.set()
        sampling.join()


def spread(ages_ms: Sequence[float]) -> Json:
    """Return median, p99 and maximum."""
    hundredths = statistics.quantiles(ages_ms, n=100)
    return {
        "samples": len(ages_ms),
        "p50_ms": round(statistics.median(ages_ms), 1),
        "p99_ms": round(hundredths[98], 1),
        "max_ms": round(max(ages_ms), 1),
    }
