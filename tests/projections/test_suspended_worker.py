"""A worker suspended by SIGSTOP until its lease has expired changes nothing when it resumes."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from eventstore.postgres import PostgresStore
from eventstore.store import Store
from projections.engine.queries import ReadModelQueries
from tests.audit.logs import put
from tests.eventstore.nats.bookings import until
from tests.projections.suspended_worker import MODELS, OWNER
from tests.projections.workers import ProjectionWorkers
from tests.support.shop_scenario import ShopScenario
from tests.system.log import decoded, read_all
from tests.system.read_models import TABLES
from tests.system.reference_fold import fold_reference

COMPARED = ("seat", "sale")
FOLDED = tuple(model.name for model in MODELS)
STANDBY = "the standby"


class SuspendedWorker:
    """The process and its log lines."""

    def __init__(self, output: Path, options: dict[str, Any]) -> None:
        self._output = output
        with output.open("wb") as log:
            command = [sys.executable, "-m", "tests.projections.suspended_worker", json.dumps(options)]
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)

    def suspend(self) -> None:
        """Suspend the process."""
        self._process.send_signal(signal.SIGSTOP)

    async def wait_until_suspended(self) -> None:
        """Wait until it is suspended."""
        await until(lambda: self._state() == "T", "the worker to be suspended")

    def resume(self) -> None:
        """Resume the process."""
        self._process.send_signal(signal.SIGCONT)

    async def wait_for_log(self, words: str) -> None:
        """Wait for a line in its log."""
        await until(lambda: words in self._output.read_text(), f"the worker to log: {words}")

    def kill(self) -> None:
        """Kill the process."""
        self._process.kill()
        self._process.wait()

    def _state(self) -> str:
        return Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()[0]


@contextmanager
def run_worker(
    folder: Path, url: str, *, trusting: bool = False, suspend_at: int | None = None
) -> Iterator[SuspendedWorker]:
    """Start a worker."""
    worker = SuspendedWorker(folder / "output", {"url": url, "trusting": trusting, "suspend_at": suspend_at})
    try:
        yield worker
    finally:
        worker.kill()


class Sales:
    """Sells seats one by one, each paid for later, in a log that several processes can read."""

    def __init__(self, log: Store, owner_url: str) -> None:
        self._scenario = ShopScenario()
        self._log = log
        self._owner_url = owner_url
        self._performance = ""
        self._unsold = list(self._scenario.seats)
        self._unpaid: tuple[str, str] | None = None

    async def sell_next(self) -> None:
        """Pay the pending order, and order another seat."""
        if not self._performance:
            _, self._performance = await self._scenario.open_shop()
        if self._unpaid is not None:
            order, payment = self._unpaid
            await self._scenario.capture(payment, await self._scenario.total(order))
        order, _ = await self._scenario.book(self._performance, "ann", self._unsold.pop())
        self._unpaid = order, await self._scenario.open_payment(order, "ann")
        events = await self._scenario.store.read_range(after=await self._log.head(), limit=10_000)
        await asyncio.to_thread(put, self._owner_url, events)

    async def last_held(self) -> int:
        """Return the position at which the last seat was held."""
        return [event.position for event in await read_all(self._log) if event.name == "SeatHeld"][-1]

    async def rows_equal_the_fold(self, models: ReadModelQueries) -> bool:
        """Assert that the rows equal an independent fold of the log."""
        expected = fold_reference(decoded(await read_all(self._log))).rows()
        for table in COMPARED:
            model, query = TABLES[table]
            found = (await models.fetch([model], query, {})).rows
            if {tuple(row.values()) for row in found} != expected[table]:
                return False
        return True


@pytest.fixture
async def log(app_url: str) -> AsyncIterator[Store]:
    """A log that several processes can read."""
    async with PostgresStore(app_url) as store:
        yield store


@pytest.fixture
def sales(log: Store, owner_url: str) -> Sales:
    """The sales during the tests."""
    return Sales(log, owner_url)


@pytest.fixture
def projection_workers(projector_url: str, log: Store) -> ProjectionWorkers:
    """Other workers."""
    return ProjectionWorkers(projector_url, log)


class TestBetweenBatches:
    @asynccontextmanager
    async def resumed_after_takeover(
        self, folder: Path, url: str, projection_workers: ProjectionWorkers, sales: Sales, *, trusting: bool
    ) -> AsyncIterator[None]:
        """Let a standby take over from the suspended worker, resume it, and wait until it has lost its lease."""
        await sales.sell_next()
        with run_worker(folder, url, trusting=trusting) as worker:
            await projection_workers.wait_for("the worker", lambda states: states["sales"].owner == OWNER)
            await projection_workers.wait_until_current(*FOLDED)
            worker.suspend()
            await worker.wait_until_suspended()
            await sales.sell_next()
            async with projection_workers.run_worker(STANDBY, MODELS):
                await projection_workers.wait_for("the take-over", lambda states: states["sales"].owner == STANDBY)
                await projection_workers.wait_until_current(*FOLDED)
                worker.resume()
                await worker.wait_for_log("projection lease lost")
                yield

    async def test_a_resumed_worker_changes_nothing(
        self,
        tmp_path: Path,
        projector_url: str,
        sales: Sales,
        projection_workers: ProjectionWorkers,
        models: ReadModelQueries,
    ) -> None:
        async with self.resumed_after_takeover(tmp_path, projector_url, projection_workers, sales, trusting=False):
            await sales.sell_next()
            await projection_workers.wait_until_current(*FOLDED)
            assert await sales.rows_equal_the_fold(models)
            assert (await projection_workers.states())["sales"].owner == STANDBY

    async def test_a_worker_without_comparisons_counts_twice(
        self,
        tmp_path: Path,
        projector_url: str,
        sales: Sales,
        projection_workers: ProjectionWorkers,
        models: ReadModelQueries,
    ) -> None:
        async with self.resumed_after_takeover(tmp_path, projector_url, projection_workers, sales, trusting=True):
            assert not await sales.rows_equal_the_fold(models)


class TestWithinABatch:
    async def test_its_transaction_is_terminated(
        self,
        tmp_path: Path,
        projector_url: str,
        sales: Sales,
        projection_workers: ProjectionWorkers,
        models: ReadModelQueries,
    ) -> None:
        await sales.sell_next()
        with run_worker(tmp_path, projector_url, suspend_at=await sales.last_held()) as worker:
            await worker.wait_until_suspended()
            async with projection_workers.run_worker(STANDBY, MODELS):
                await projection_workers.wait_until_current(*FOLDED)
                assert await sales.rows_equal_the_fold(models)
                worker.resume()
                await worker.wait_for_log("projection interrupted")
                await sales.sell_next()
                await projection_workers.wait_until_current(*FOLDED)
        assert await sales.rows_equal_the_fold(models)
