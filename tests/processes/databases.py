"""Shops on PostgreSQL, with workers in the test's process or in their own, to be killed."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters.postgres.pool import Pool, open_pool_for_records
from adapters.postgres.process_state import PostgresProcessState
from adapters.sandbox_gateway import SandboxGateway
from eventstore.batcher import Batcher
from eventstore.clock import ServerClock
from eventstore.postgres import PostgresStore
from eventstore.postgres.roles import APP_ROLE, role_url
from processes.runner import run_rules
from tests.adapters.sandbox_process import PATIENCE_S
from tests.databases import role_password
from tests.processes.shop import QUICK, SILENCE_S, Shop, handler_on, rules_on
from tests.support.audited_scenario import AuditedScenario
from tests.support.engine import CODEC

READY = "ready"


@dataclass(frozen=True, slots=True)
class ServedShop:
    """A shop on PostgreSQL; the test makes orders and checks results, workers run the rules."""

    shop: Shop
    pool: Pool
    app_url: str
    gateway_url: str

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[None]:
        """Run every rule in this process, with its own connections and owner id."""
        async with PostgresStore(self.app_url) as store, open_pool_for_records(self.app_url) as pool:
            batcher = Batcher(store)
            rules = rules_on(handler_on(store, appender=batcher), {"sandbox": self.shop.gateway}, store)
            state = PostgresProcessState(pool, silence_s=SILENCE_S)
            task = asyncio.create_task(run_rules(rules, log=store, codec=CODEC, state=state, retries=QUICK))
            yield
            task.cancel()
            await asyncio.wait([task])
            await batcher.close()

    @contextmanager
    def worker_process(self, dies: str = "never") -> Iterator[subprocess.Popen[str]]:
        """Run every rule in its own process, which may die `before` or `after` its request for a transfer."""
        order = {"app_url": self.app_url, "gateway_url": self.gateway_url, "dies": dies}
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.processes.worker", json.dumps(order)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        )
        try:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == READY
            yield process
        finally:
            process.kill()
            process.communicate(timeout=PATIENCE_S)


def app_url_of(owner_url: str) -> str:
    """Return the URL of the same database for the application's role."""
    return role_url(owner_url, APP_ROLE, role_password(APP_ROLE))


@asynccontextmanager
async def served_shop(owner_url: str, gateway: SandboxGateway, gateway_url: str) -> AsyncIterator[ServedShop]:
    """Open a shop on a migrated database."""
    app_url = app_url_of(owner_url)
    async with PostgresStore(app_url) as store, open_pool_for_records(app_url, connections_max=3) as pool:
        batcher = Batcher(store)
        scenario = AuditedScenario(store, ServerClock(await store.now()), cache_size=0, judge=batcher)
        await scenario.open()
        shop = Shop(scenario, gateway, PostgresProcessState(pool))
        await shop.ignore_older_books()
        yield ServedShop(shop, pool, app_url, gateway_url)
        await batcher.close()
