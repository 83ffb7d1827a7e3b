"""Migrated databases, and one gateway process without webhooks for all tests that do not stop it."""

from collections.abc import AsyncIterator, Iterator
from functools import partial

import pytest

from adapters.postgres.pool import RECORDS
from adapters.sandbox_gateway import SandboxGateway
from eventstore.memory import MemoryStore
from eventstore.postgres.migrate import EVENTSTORE, migrate
from processes import runner
from processes.release_lapsed_holds import ReleaseLapsedHolds
from processes.settle_payments import SettlePayments
from runtime.local.embedded import EmbeddedPostgres
from tests.adapters.sandbox_process import SandboxProcess, running_sandbox
from tests.databases import fresh_database, make_template, role_password
from tests.processes.rule_fixture import RuleFixture
from tests.processes.shop import ShiftedClock, Shop, memory_state
from tests.support.audited_scenario import AuditedScenario

NOWHERE = "http://127.0.0.1:9/webhooks"
TEMPLATE = "processes_template"
MIN_READ_INTERVAL_S = 0.002


@pytest.fixture(scope="session")
def migrated_server(postgres_server: EmbeddedPostgres) -> EmbeddedPostgres:
    """A PostgreSQL server with a template of the migrated database."""
    prepare = partial(migrate, role_password=role_password, histories=(EVENTSTORE, RECORDS))
    make_template(postgres_server, TEMPLATE, prepare)
    return postgres_server


@pytest.fixture
def owner_url(migrated_server: EmbeddedPostgres) -> Iterator[str]:
    """Owner's URL of a migrated database for one test."""
    with fresh_database(migrated_server, template=TEMPLATE) as url:
        yield url


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with running_sandbox(tmp_path_factory.mktemp("processes") / "books.sqlite", NOWHERE) as process:
        yield process


@pytest.fixture
async def gateway(sandbox: SandboxProcess) -> AsyncIterator[SandboxGateway]:
    async with sandbox.client() as client:
        yield client


@pytest.fixture(autouse=True)
def without_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the runners' pause between reads, which only saves CPU time."""
    monkeypatch.setattr(runner, "MIN_READ_INTERVAL_S", MIN_READ_INTERVAL_S)


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock()


@pytest.fixture
async def shop(gateway: SandboxGateway, clock: ShiftedClock) -> Shop:
    """A shop in memory, with the real gateway."""
    scenario = AuditedScenario(MemoryStore(now=clock.now), clock, cache_size=0)
    await scenario.open()
    _, state = memory_state(clock)
    shop = Shop(scenario, gateway, state)
    await shop.ignore_older_books()
    return shop


@pytest.fixture
async def holds() -> RuleFixture:
    """The rule on lapsed holds."""
    fixture = RuleFixture(lambda handler: ReleaseLapsedHolds(handler, pause_s=0))
    await fixture.open()
    return fixture


@pytest.fixture
async def captures() -> RuleFixture:
    """The rule on captures."""
    fixture = RuleFixture(SettlePayments)
    await fixture.open()
    return fixture
