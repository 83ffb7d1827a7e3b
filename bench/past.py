"""As-of queries on a long log: seat, order and stream at random moments, a map of 40,000 seats and its timeline.

The measurement covers the work of a route from the query to the response's bytes, without HTTP, with the API's garbage
collection. A map is `cold` when nothing of its performance is in memory; the server has just been filled, so its files
are likely in the page cache.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import orjson
import psycopg
from pydantic import SecretStr

from api.presenters import as_of as present
from audit.as_of import AsOf, as_of
from audit.currencies import currencies_of
from audit.order_history import order_as_of
from audit.seat_history import seat_as_of
from audit.seat_map_timeline import SeatMapTimelines
from audit.streams import HistoricalStreams
from bench.append import postgres_version
from bench.log_generator.filling import ENDS_BEFORE_NOW, Show, fill
from bench.log_generator.venue import GeneratedVenue
from bench.support.machine import machine
from eventstore.postgres import PostgresStore
from eventstore.postgres.roles import APP_ROLE
from runtime.command_handling import build_codec
from runtime.database import migrate_all, url_of_role
from runtime.local.embedded import EmbeddedPostgres
from runtime.settings import Settings
from runtime.tuning.gc_policy import collect_in_small_batches

EVENTS = 10_000_000
SEATS = 40_000
MAP_EVENTS = 400_000
MAP_DAYS = 2
ROUNDS = 200
COLD_RUNS = 5
ONE_THING_MS_MAX, MAP_MS_MAX, STEP_MS_MAX = 10.0, 500.0, 50.0
SECRET = "a secret of the benchmark's own, and of nobody else"

Json = dict[str, Any]
Ask = Callable[[], Awaitable[bytes]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return 1 if a target is missed."""
    options = parse_arguments(arguments)
    collect_in_small_batches()
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(options.data or Path(folder)) as server:
        settings = Settings(database_url=SecretStr(server.url), secret_key=SecretStr(SECRET))
        show = asyncio.run(prepare_log(settings, options.events))
        report = {
            "at": datetime.now(UTC).isoformat(),
            "machine": machine(),
            "versions": {"postgres": postgres_version(server)},
            **asyncio.run(measure(settings, show)),
        }
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(report, indent=2))
    sys.stdout.write(format_result(report))
    return 0 if all(figures["p95"] <= figures["at_most"] for figures in report["ms"].values()) else 1


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.past", description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS, help="in the log, those of the large map among them")
    parser.add_argument("--data", type=Path, help="keeps the filled server for another run")
    parser.add_argument("--json", type=Path, default=Path("bench/results/past.json"))
    return parser.parse_args(arguments)


async def prepare_log(settings: Settings, events: int) -> str:
    """Fill the log unless it is filled already, and return the performance with the large map."""
    await migrate_all(settings)
    async with PostgresStore(url_of_role(settings, APP_ROLE)) as store:
        if await store.head() == 0:
            show = await asyncio.to_thread(fill_log, settings.required_database_url, events)
            return show.performance
        latest = await store.read_latest("performance-", limit=10_000)
        return max(latest).stream.partition("-")[2]


def fill_log(owner_url: str, events: int) -> Show:
    """Write the log: many performances of ordinary size, then a large one that sells out within two days."""
    ends = datetime.now(UTC) - ENDS_BEFORE_NOW
    fill(owner_url, events - MAP_EVENTS, until=ends - timedelta(days=MAP_DAYS))
    show = fill(owner_url, MAP_EVENTS, seed=2, seats=SEATS, performances=1, until=ends).shows[0]
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("CHECKPOINT")  # otherwise the server would write these pages during the measurement
    return show


async def measure(settings: Settings, performance: str) -> Json:
    """Run every query many times at random moments."""
    async with PostgresStore(url_of_role(settings, APP_ROLE)) as store:
        past = Past(store, performance)
        head = await store.head()
        figures = {
            "seat": await time_calls([await past.seat() for _ in range(ROUNDS)], ONE_THING_MS_MAX),
            "order": await time_calls([await past.order() for _ in range(ROUNDS)], ONE_THING_MS_MAX),
            "stream": await time_calls([await past.stream() for _ in range(ROUNDS)], ONE_THING_MS_MAX),
            "map, cold": await time_calls([past.cold_map for _ in range(COLD_RUNS)], MAP_MS_MAX),
            "map, next step": await time_calls([past.next_step for _ in range(ROUNDS)], STEP_MS_MAX),
        }
        return {"events": head, "map_seats": SEATS, "ms": figures}


class Past:
    """Queries of random subjects at random moments.

    Args:
        performance: the one whose map is queried.
    """

    def __init__(self, store: PostgresStore, performance: str) -> None:
        self._store = store
        self._performance = performance
        self._codec = build_codec()
        self._streams = HistoricalStreams(store, self._codec)
        self._inventory = GeneratedVenue(SEATS).inventory
        self._maps = SeatMapTimelines(store)
        self._random = Random(3)

    async def seat(self) -> Ask:
        """Query a seat and its history."""
        performance, _, seat = (await self._random_stream("seat")).removeprefix("seat-").rpartition("-")

        async def ask() -> bytes:
            then = await self._moment()
            found = await seat_as_of(self._streams, then, performance=performance, seat=seat, after=0, limit=100)
            currencies = await currencies_of(self._store, self._codec, [step.event for step in found.steps])
            return orjson.dumps(present.seat_as_of(found, self._codec, currencies))

        return ask

    async def order(self) -> Ask:
        """Query an order and its history."""
        order = (await self._random_stream("order")).partition("-")[2]

        async def ask() -> bytes:
            found = await order_as_of(self._streams, await self._moment(), order)
            assert found is not None
            page = found.events[:100]
            currencies = await currencies_of(self._store, self._codec, page)
            items = [present.recorded_event_json(event, self._codec, currencies) for event in page]
            return orjson.dumps({"order": present.order_as_of(found, order), "items": items})

        return ask

    async def stream(self) -> Ask:
        """Query a random stream."""
        stream = await self._random_stream("")

        async def ask() -> bytes:
            found = await self._streams.find(stream, await self._moment())
            assert found is not None
            page = found.events[:100]
            currencies = await currencies_of(self._store, self._codec, page)
            return orjson.dumps(present.stream_as_of(found, page, self._codec, currencies))

        return ask

    async def cold_map(self) -> bytes:
        """Query the whole map with nothing of it in memory."""
        return await self._time_seat_map(SeatMapTimelines(self._store))

    async def next_step(self) -> bytes:
        """Query the whole map again at another moment."""
        return await self._time_seat_map(self._maps)

    async def _time_seat_map(self, maps: SeatMapTimelines) -> bytes:
        then = await self._moment(MAP_EVENTS)
        seats = await maps.at(self._performance, then)
        return orjson.dumps(await asyncio.to_thread(present.seats_as_of, self._inventory, seats, then))

    async def _moment(self, back: int | None = None) -> AsOf:
        """Return a random moment among the last so many positions."""
        head = await self._store.head()
        return await as_of(self._store, position=self._random.randint(head - (back or head), head))

    async def _random_stream(self, kind: str) -> str:
        """Return a random stream of a type."""
        while True:
            after = self._random.randrange(await self._store.head())
            for event in await self._store.read_range(after=after, limit=20):
                if event.stream.startswith(kind):
                    return event.stream


async def time_calls(asks: Sequence[Ask], at_most: float) -> Json:
    """Run a query repeatedly and return the durations in milliseconds."""
    await asks[0]()
    took = []
    for ask in asks:
        begins = time.perf_counter()
        await ask()
        took.append((time.perf_counter() - begins) * 1000)
    ordered = sorted(took)
    p95 = ordered[int(len(ordered) * 0.95)] if len(ordered) > COLD_RUNS else ordered[-1]
    return {"median": statistics.median(took), "p95": p95, "max": ordered[-1], "at_most": at_most}


def format_result(report: Json) -> str:
    """Format the results as a table."""
    lines = [f"{report['events']:,} events; ms a question      median     p95     max  at most"]
    for name, figures in report["ms"].items():
        shown = "".join(f"{figures[figure]:>8.1f}" for figure in ("median", "p95", "max", "at_most"))
        lines.append(f"{name:<36}{shown}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
