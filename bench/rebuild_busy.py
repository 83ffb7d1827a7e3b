"""The effect of a rebuild on bookings at a constant rate: without one, and with one during the whole load."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from pydantic import SecretStr

from bench.booking import catch_up, target_of, write_lines
from bench.log_generator import fill
from bench.support.load import drive
from bench.support.shop import Shop, create_venue, open_sale, seat_pairs
from eventstore.postgres.roles import PROJECTOR_ROLE
from runtime.database import migrate_all, url_of_role
from runtime.local.data_directory import DataDirectory, local_settings
from runtime.settings import Settings

BUYERS = 1_000
BOOKINGS_PER_S = 500
WARM_UP_S = 5
LOG_EVENTS = 200_000
REBUILT = "my_orders"
POSITION = "SELECT position FROM projections.build WHERE name = %(name)s AND state <> 'retired'"

Json = dict[str, Any]


def measure_busy(folder: Path, *, seconds: int) -> Json:
    """Book with and without a rebuild, in an installation with a long log."""
    folder.mkdir()
    shop = Shop(folder / "data")
    fill_first(shop.data)
    with shop, shop.http() as http:
        write_lines(folder / "tokens", shop.tokens(BUYERS))
        performance = open_sale(http, *create_venue(http))
        write_lines(folder / "pairs", [" ".join(pair) for pair in seat_pairs(http, performance)])
        target = target_of(shop, performance, tokens=folder / "tokens", pairs=folder / "pairs")
        catch_up(http)
        warm = drive(target, seconds=WARM_UP_S, used=0, per_s=BOOKINGS_PER_S)
        calm = drive(target, seconds=seconds, used=warm["furthest"], per_s=BOOKINGS_PER_S)
        with rebuild_during(shop.data) as began_at:
            busy = drive(target, seconds=seconds, used=calm["furthest"], per_s=BOOKINGS_PER_S)
            events_s = position_of(shop.data) / (time.monotonic() - began_at)
    return {
        "bookings_per_s": BOOKINGS_PER_S,
        "rebuilt": REBUILT,
        "calm": calm,
        "rebuilding": busy,
        "ratio": round(busy["p99_ms"] / calm["p99_ms"], 2),
        "events_s": round(events_s),
    }


def fill_first(data: Path) -> None:
    """Fill the log of an installation before its first start; the demo is created after it."""
    directory = DataDirectory(data)
    with directory.postgres as server:
        settings = Settings(database_url=SecretStr(server.url), secret_key=SecretStr(directory.secret_key()))
        asyncio.run(migrate_all(settings))
        fill(server.url, LOG_EVENTS)


@contextmanager
def rebuild_during(data: Path) -> Iterator[float]:
    """Run a rebuild from the command line during the block, which must end first.

    Raises:
        RuntimeError: the rebuild ended first, so that a part of the bookings ran without it.
    """
    command = [sys.executable, "-m", "runtime.cli", "projections", "rebuild", REBUILT, "--data", str(data)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while not position_of(data):
            time.sleep(0.1)
        try:
            yield time.monotonic()
            if process.poll() is not None:
                raise RuntimeError("The rebuild had ended before the bookings did; give the shop a longer log.")
        finally:
            process.terminate()


def position_of(data: Path) -> int:
    """Return the position of the rebuild; 0: it has not started."""
    with psycopg.connect(url_of_role(local_settings(data), PROJECTOR_ROLE)) as connection:
        row = connection.execute(POSITION, {"name": REBUILT}).fetchone()
    return 0 if row is None else int(row[0])
