"""`seatledger relay` and `seatledger project` as processes: they work on real servers, and end cleanly on a signal."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from eventstore.nats.connection import NatsConnection
from eventstore.nats.epoch import Epochs
from eventstore.nats.streams import Streams
from eventstore.postgres import PostgresStore
from eventstore.postgres.roles import APP_ROLE, PROJECTOR_ROLE
from eventstore.store import NewEvent, Write
from projections.registry import EVERY_MODEL
from runtime.database import migrate_all, url_of_role
from runtime.local.embedded import EmbeddedNats
from runtime.settings import Settings
from tests.databases import SECRET_KEY
from tests.eventstore.appends import to_append
from tests.eventstore.nats.bookings import until_some
from tests.eventstore.nats.conftest import connected

STOPPED_WITHIN_S = 10.0
CHECKOUT = Path(__file__).parents[2]


class Ground:
    """A database of the test's own, a nats-server, and parts that run on them."""

    def __init__(self, database_url: str, nats: EmbeddedNats, logs: Path) -> None:
        self.nats = nats
        self._logs = logs
        self._env = {
            **os.environ,
            "SEATLEDGER_DATABASE_URL": database_url,
            "SEATLEDGER_NATS_URL": nats.app_url,
            "SEATLEDGER_RELAY_NATS_URL": nats.relay_url,
            "SEATLEDGER_SECRET_KEY": SECRET_KEY,
        }
        self.settings = Settings(database_url=SecretStr(database_url), secret_key=SecretStr(SECRET_KEY))

    @contextmanager
    def running(self, part: str) -> Iterator[None]:
        """Run a part in the block, then ask it to end; it must end by itself, with status 0."""
        log = self._logs / f"{part}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "runtime.cli", part], env=self._env, cwd=CHECKOUT, stderr=output, stdout=output
            )
        try:
            yield
            assert process.poll() is None, log.read_text()
            process.send_signal(signal.SIGTERM)
            assert process.wait(STOPPED_WITHIN_S) == 0, log.read_text()
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def ground(database_url: str, nats_server: EmbeddedNats, tmp_path: Path) -> Ground:
    """A migrated database and a nats-server."""
    directory = Ground(database_url, nats_server, tmp_path)
    asyncio.run(migrate_all(directory.settings))
    return directory


class TestWorker:
    async def test_relay_and_project_work_and_end_cleanly(self, ground: Ground) -> None:
        epochs = Epochs(url_of_role(ground.settings, PROJECTOR_ROLE))
        async with (
            PostgresStore(url_of_role(ground.settings, APP_ROLE)) as store,
            NatsConnection(ground.nats.app_url, name="test") as link,
        ):
            await until_some(connected(link), "the connection")
            with ground.running("relay"), ground.running("project"):
                unread = NewEvent("ScanRefused", 1, "{}")
                await store.append([to_append(Write("scan-1", 0, (unread,) * 5))])

                async def relayed() -> bool:
                    epoch = await epochs.current()
                    state = await Streams(link.client()).state(epoch.stream) if epoch else None
                    return state is not None and state.last_sequence == 5

                await until_some(relayed, "the relay")
                await until_some(lambda: self.positions(ground, [5] * len(EVERY_MODEL)), "the read models")
            assert await self.owners(ground) == [None] * len(EVERY_MODEL)
        await epochs.close()

    async def positions(self, directory: Ground, wanted: list[int]) -> bool:
        """Say whether the read models stand at these positions."""
        return await self.column(directory, "position") == wanted

    async def owners(self, directory: Ground) -> list[object]:
        """Return who owns each read model."""
        return await self.column(directory, "owner")

    async def column(self, directory: Ground, name: str) -> list[object]:
        """Return one column of the control rows."""
        url = url_of_role(directory.settings, APP_ROLE)
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            found = await connection.execute(f"SELECT {name} FROM projections.projection".encode())
            return [row[0] for row in await found.fetchall()]
