"""Read models in a database of the test's own, folded from a log that may be anywhere: fixtures of several folders."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from eventstore.postgres.migrate import migrate
from eventstore.postgres.roles import APP_ROLE, PROJECTOR_ROLE, role_url
from projections.engine import checkpoints
from projections.engine.queries import ReadModelQueries
from projections.registry import EVERY_MODEL
from runtime.database import HISTORIES
from runtime.local.embedded import EmbeddedPostgres
from tests.databases import fresh_database, make_template, role_password
from tests.projections.manual_projector import ManualProjector
from tests.support.shop_scenario import ShopScenario

TEMPLATE = "projections_template"


@pytest.fixture(scope="session")
def projections_server(postgres_server: EmbeddedPostgres) -> EmbeddedPostgres:
    """PostgreSQL with a database to copy, fully migrated and with the tables of every read model."""
    make_template(postgres_server, TEMPLATE, _prepare)
    return postgres_server


async def _prepare(owner_url: str) -> None:
    await migrate(owner_url, role_password=role_password, histories=HISTORIES)
    projector_url = role_url(owner_url, PROJECTOR_ROLE, role_password(PROJECTOR_ROLE))
    async with checkpoints.open_connection_for(projector_url, name="template") as connection:
        for model in EVERY_MODEL:
            await checkpoints.register(connection, model)


@pytest.fixture
def owner_url(projections_server: EmbeddedPostgres) -> Iterator[str]:
    """The owner's address of a migrated database of the test's own."""
    with fresh_database(projections_server, template=TEMPLATE) as url:
        yield url


@pytest.fixture
def projector_url(owner_url: str) -> str:
    """The projector's address of it."""
    return role_url(owner_url, PROJECTOR_ROLE, role_password(PROJECTOR_ROLE))


@pytest.fixture
def app_url(owner_url: str) -> str:
    """The application's address of it."""
    return role_url(owner_url, APP_ROLE, role_password(APP_ROLE))


@pytest.fixture
async def pool(app_url: str) -> AsyncIterator[AsyncConnectionPool[psycopg.AsyncConnection[Any]]]:
    """The application's connections for reading."""
    async with AsyncConnectionPool(app_url, min_size=1, kwargs={"autocommit": True}, open=False) as pool:
        yield pool


@pytest.fixture
def models(pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]]) -> ReadModelQueries:
    """The read models as queries find them."""
    return ReadModelQueries(pool)


@pytest.fixture
async def manual_projector(projector_url: str) -> AsyncIterator[ManualProjector]:
    """The read models as the projector writes them."""
    async with ManualProjector(projector_url) as manual_projector:
        yield manual_projector


@pytest.fixture
def shop_scenario() -> ShopScenario:
    """A town."""
    return ShopScenario()
