"""The crowd on real PostgreSQL, where the server's clock and the append function judge."""

from typing import ClassVar

import pytest

from eventstore.clock import ServerClock
from eventstore.postgres import PostgresStore
from eventstore.postgres.migrate import migrate
from eventstore.postgres.roles import APP_ROLE, role_url
from tests.databases import role_password
from tests.properties.concurrent_clients import ConcurrentClients
from tests.properties.test_concurrent_clients import CONFLICTS_MIN, run_machine
from tests.support.audited_scenario import AuditedScenario

EXAMPLES = 12


class PostgresConcurrentClients(ConcurrentClients):
    """The crowd on one database; every example has a performance of its own."""

    url: ClassVar[str] = ""

    async def make_scenario(self) -> AuditedScenario:
        self.store = PostgresStore(self.url)
        await self.store.open()
        clock = ServerClock(await self.store.now())
        return AuditedScenario(self.store, clock, cache_size=self.cache_size)

    async def leave(self) -> None:
        await self.store.close()


class UncachedPostgresConcurrentClients(PostgresConcurrentClients):
    """The same; nothing is remembered between two commands."""

    cache_size = 0


class TwoProcessesPostgresConcurrentClients(PostgresConcurrentClients):
    """The same; half of them talk to another process, which writes behind the first one's cache."""

    processes = 2


@pytest.fixture
async def app_url(database_url: str) -> str:
    await migrate(database_url, role_password=role_password)
    return role_url(database_url, APP_ROLE, role_password(APP_ROLE))


class TestCrowdOnPostgres:
    @pytest.mark.parametrize(
        "machine", [PostgresConcurrentClients, UncachedPostgresConcurrentClients, TwoProcessesPostgresConcurrentClients]
    )
    def test_outdated_decisions_break_no_promise(
        self, machine: type[PostgresConcurrentClients], app_url: str, round_seed: int
    ) -> None:
        machine.url = app_url
        share = run_machine(machine, examples=EXAMPLES, number=round_seed)
        assert round_seed or share >= CONFLICTS_MIN
