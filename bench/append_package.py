"""The same appends through the `eventsourcing` package's PostgreSQL recorder, from as many threads.

The package's aggregates are not measured, which favours it: the recorder receives finished events. Its default way to
insert takes a table lock, which fixes the order of events; its optional way calls a database function.
"""

import threading
import time

import psycopg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresFactory
from eventsourcing.utils import Environment
from psycopg.conninfo import conninfo_to_dict
from uuid_utils.compat import uuid7

from bench.append_ours import Load

# More connections were slower, because 64 threads share one interpreter and two cores.
POOL_SIZE = 4
TOPIC = "bench.events:SeatHeld"


def run_package(owner_url: str, load: Load, *, functions: bool) -> dict[str, float]:
    """Append to a new database, then check the log.

    Args:
        functions: insert through the package's database functions.

    Raises:
        RuntimeError: the log does not hold exactly the acknowledged commands.
    """
    factory = PostgresFactory(environment(owner_url, functions=functions))
    recorder = factory.application_recorder()
    begins = time.monotonic() + load.warm_up_s
    ends = begins + load.seconds
    state = load.data.encode()
    counted = [0] * load.callers
    total = [0] * load.callers

    def call(caller: int) -> None:
        while (now := time.monotonic()) < ends:
            seat = uuid7()
            recorder.insert_events([StoredEvent(seat, version, TOPIC, state) for version in (1, 2, 3)])
            total[caller] += 1
            counted[caller] += now >= begins

    threads = [threading.Thread(target=call, args=(caller,)) for caller in range(load.callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    factory.close()
    _check(owner_url, sum(total))
    return {"per_s": round(sum(counted) / load.seconds, 1)}


def environment(owner_url: str, *, functions: bool) -> Environment:
    """Return the package's environment variables for a database.

    Args:
        functions: insert through the package's database functions.
    """
    address = conninfo_to_dict(owner_url)
    return Environment(
        "Bench",
        {
            "POSTGRES_DBNAME": str(address["dbname"]),
            "POSTGRES_HOST": str(address["host"]),
            "POSTGRES_PORT": str(address["port"]),
            "POSTGRES_USER": str(address["user"]),
            "POSTGRES_PASSWORD": str(address["password"]),
            "POSTGRES_POOL_SIZE": str(POOL_SIZE),
            "POSTGRES_MAX_OVERFLOW": "0",
            "POSTGRES_ENABLE_DB_FUNCTIONS": "yes" if functions else "no",
        },
    )


def _check(owner_url: str, commands: int) -> None:
    with psycopg.connect(owner_url) as connection:
        row = connection.execute("SELECT count(*) FROM bench_events").fetchone()
    if row is None or row[0] != 3 * commands:
        raise RuntimeError(f"{commands} commands of three events were acknowledged, the log holds {row} events")
