"""Fixtures: a migrated database per test, and one or two API processes on it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from runtime.database import migrate_all
from runtime.local.embedded import EmbeddedPostgres
from tests.api.http_scenario import HttpScenario, OpenedScenario, folding, opened_at
from tests.api.payments import PaymentFixture, Provider, open_payment_fixture, running_provider
from tests.api.shop import Shop, open_shop, settings_for
from tests.databases import fresh_database, make_template

TEMPLATE = "shop_template"
OFFICE_TEMPLATE = "office_template"


@pytest.fixture(scope="session")
def shop_server(postgres_server: EmbeddedPostgres) -> EmbeddedPostgres:
    """PostgreSQL with a migrated template database."""
    make_template(postgres_server, TEMPLATE, lambda url: migrate_all(settings_for(url)))
    return postgres_server


@pytest.fixture(scope="session")
def box_office(shop_server: EmbeddedPostgres) -> OpenedScenario:
    """A scenario in a template database of its own."""
    made: list[OpenedScenario] = []

    async def prepare(url: str) -> None:
        async with open_shop(settings_for(url)) as shop:
            made.append(await opened_at(shop))

    make_template(shop_server, OFFICE_TEMPLATE, prepare, template=TEMPLATE)
    return made[0]


@pytest.fixture
def shop_database(request: pytest.FixtureRequest, shop_server: EmbeddedPostgres) -> Iterator[str]:
    """The owner's URL of the test's own migrated database, with the scenario for tests that request it."""
    template = TEMPLATE
    if "box_office" in request.fixturenames:
        request.getfixturevalue("box_office")
        template = OFFICE_TEMPLATE
    with fresh_database(shop_server, template=template) as url:
        yield url


@pytest.fixture
async def shop(shop_database: str) -> AsyncIterator[Shop]:
    """One API process."""
    async with open_shop(settings_for(shop_database)) as opened:
        yield opened


@pytest.fixture
async def second_shop(shop_database: str) -> AsyncIterator[Shop]:
    """Another API process on the same database."""
    async with open_shop(settings_for(shop_database)) as opened:
        yield opened


@pytest.fixture(scope="module")
def module_database(shop_server: EmbeddedPostgres) -> Iterator[str]:
    """A migrated database for all tests of a module that do not affect each other."""
    with fresh_database(shop_server, template=TEMPLATE) as url:
        yield url


@pytest.fixture
async def office(shop: Shop, box_office: OpenedScenario) -> HttpScenario:
    """A performance on sale, with the default limits."""
    return box_office.at(shop)


@pytest.fixture
async def folded(shop: Shop, shop_database: str) -> AsyncIterator[None]:
    """Read models that follow the log."""
    async with folding(shop, shop_database):
        yield


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """A real sandbox provider and its webhooks."""
    with running_provider(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
async def payment_fixture(shop_database: str, provider: Provider) -> AsyncIterator[PaymentFixture]:
    """One API process with a payment provider."""
    async with open_payment_fixture(shop_database, provider) as opened:
        yield opened
