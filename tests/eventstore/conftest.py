"""A migrated database for each test that asks, and the contract's three stores."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest

from eventstore.migrate import migrate
from runtime.embedded import EmbeddedPostgres
from tests.databases import fresh_database, role_password
from tests.eventstore.backends import Backend, MemoryBackend, PostgresBackend, postgres_backend

TEMPLATE = "eventstore_template"


@pytest.fixture(scope="session")
def migrated_server(postgres_server: EmbeddedPostgres) -> EmbeddedPostgres:
    """PostgreSQL 18 with a migrated database to copy."""
    _make_template(postgres_server)
    return postgres_server


@pytest.fixture(scope="session")
def migrated16_server(postgres16_server: EmbeddedPostgres) -> EmbeddedPostgres:
    """PostgreSQL 16 with a migrated database to copy."""
    _make_template(postgres16_server)
    return postgres16_server


@pytest.fixture
def owner_url(migrated_server: EmbeddedPostgres) -> Iterator[str]:
    """The owner's address of a migrated database of the test's own."""
    with fresh_database(migrated_server, template=TEMPLATE) as url:
        yield url


@pytest.fixture
async def postgres(owner_url: str) -> AsyncIterator[PostgresBackend]:
    """The store on PostgreSQL 18."""
    async with postgres_backend(owner_url) as backend:
        yield backend


@pytest.fixture(params=["memory", "migrated_server", "migrated16_server"], ids=["memory", "postgres18", "postgres16"])
def _server(request: pytest.FixtureRequest) -> Iterator[str | None]:
    if request.param == "memory":
        yield None
        return
    with fresh_database(request.getfixturevalue(request.param), template=TEMPLATE) as url:
        yield url


@pytest.fixture
async def backend(_server: str | None) -> AsyncIterator[Backend]:
    """Each store in turn: the contract holds for all of them."""
    if _server is None:
        yield MemoryBackend()
        return
    async with postgres_backend(_server) as opened:
        yield opened


def _make_template(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.url_of("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    asyncio.run(migrate(server.url_of(TEMPLATE), role_password=role_password))
