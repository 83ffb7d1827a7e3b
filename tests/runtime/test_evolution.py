"""Every part that reads events refuses to start on a log that it can't read, and says what to do."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from eventstore.postgres import PostgresStore
from eventstore.postgres.roles import APP_ROLE
from eventstore.store import NewEvent, Write
from runtime.database import migrate_all, url_of_role
from runtime.settings import Settings
from tests.databases import SECRET_KEY
from tests.eventstore.appends import to_append

CHECKOUT = Path(__file__).parents[2]
ENDED_WITHIN_S = 60
STRANGE = NewEvent("SeatHeld", 99, "{}")


async def record(settings: Settings) -> None:
    """Append an event of a version to come."""
    async with PostgresStore(url_of_role(settings, APP_ROLE)) as store:
        await store.append([to_append(Write("seat-1", 0, (STRANGE,)))])


@pytest.mark.parametrize("part", ["api", "project", "process"])
def test_a_part_does_not_start_on_a_log_of_a_newer_program(part: str, database_url: str) -> None:
    settings = Settings(database_url=SecretStr(database_url), secret_key=SecretStr(SECRET_KEY))
    asyncio.run(migrate_all(settings))
    asyncio.run(record(settings))
    env = {**os.environ, "SEATLEDGER_DATABASE_URL": database_url, "SEATLEDGER_SECRET_KEY": SECRET_KEY}
    env["SEATLEDGER_ALLOW_OLD_PYTHON"] = "true"
    ended = subprocess.run(
        [sys.executable, "-m", "runtime.cli", part],
        env=env,
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=ENDED_WITHIN_S,
        check=False,
    )
    assert ended.returncode == 1
    assert "The log holds SeatHeld version 99 since position 1." in ended.stderr
    assert "Start the program version that wrote it, or start this one with a new data folder." in ended.stderr
    assert "Traceback" not in ended.stderr
