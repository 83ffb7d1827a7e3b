"""`seatledger process` as deployed: settings from the environment, all rules, and an orderly shutdown."""

import asyncio
import os
import signal
import subprocess
import sys
import time

import psycopg
import pytest
from pydantic import SecretStr

from eventstore.memory import MemoryStore
from processes.registry import all_rules
from runtime.database import migrate_all
from runtime.settings import Settings
from tests.databases import SECRET_KEY
from tests.processes.shop import PATIENCE_S, handler_on
from tests.support.engine import CODEC


def owners(url: str) -> dict[str, bool]:
    """Return for each rule whether it has an owner that did not release it."""
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute("SELECT rule, heartbeat_at > '-infinity' FROM records.process")
        return dict(rows.fetchall())


def rules_owned(url: str, *, owned: bool) -> bool:
    """Wait until every rule has an owner, or none has; False after a timeout."""
    store = MemoryStore()
    names = {rule.name for rule in all_rules(handler_on(store), {}, seats=store, codec=CODEC)}
    deadline = time.monotonic() + PATIENCE_S
    while owners(url) != dict.fromkeys(names, owned):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_owns_every_rule_and_releases_them_when_stopped(database_url: str, number: signal.Signals) -> None:
    settings = Settings(database_url=SecretStr(database_url), secret_key=SecretStr(SECRET_KEY))
    asyncio.run(migrate_all(settings))
    process = subprocess.Popen(
        [sys.executable, "-m", "runtime.entrypoints.process_worker"],
        env={**os.environ, "SEATLEDGER_DATABASE_URL": database_url, "SEATLEDGER_SECRET_KEY": SECRET_KEY},
    )
    try:
        assert rules_owned(database_url, owned=True)
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == 0
    finally:
        process.kill()
        process.wait()
    assert rules_owned(database_url, owned=False)
