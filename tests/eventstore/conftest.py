"""Migrated databases, and the three stores that pass the contract tests."""

from collections.abc import AsyncIterator, Iterator
from functools import partial

import psycopg
import pytest

from eventstore.postgres.migrate import migrate
from runtime.local.embedded import EmbeddedPostgres
from tests.databases import fresh_database, make_template, role_password
from tests.eventstore.backends import Backend, MemoryBackend, PostgresBackend, postgres_backend

TEMPLATE = "eventstore_template"

# Needs disabled triggers, as only the owner may; many times faster than a new database for each test.
FORGET_EVERYTHING = """
ALTER TABLE eventstore.event DISABLE TRIGGER insert_only;
ALTER TABLE eventstore.command DISABLE TRIGGER insert_only;
ALTER TABLE eventstore.clock_acceptance DISABLE TRIGGER insert_only;
TRUNCATE eventstore.event, eventstore.command, eventstore.refusal, eventstore.clock_acceptance;
ALTER TABLE eventstore.clock_acceptance ENABLE ALWAYS TRIGGER insert_only;
ALTER TABLE eventstore.event ENABLE ALWAYS TRIGGER insert_only;
ALTER TABLE eventstore.command ENABLE ALWAYS TRIGGER insert_only;
"""


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
    """Owner's URL of a migrated database for one test."""
    with fresh_database(migrated_server, template=TEMPLATE) as url:
        yield url


@pytest.fixture
async def postgres(owner_url: str) -> AsyncIterator[PostgresBackend]:
    """The store on PostgreSQL 18."""
    async with postgres_backend(owner_url) as backend:
        yield backend


@pytest.fixture(scope="session")
def contract_url(migrated_server: EmbeddedPostgres) -> Iterator[str]:
    """One database on PostgreSQL 18 for all tests of the contract."""
    with fresh_database(migrated_server, template=TEMPLATE) as url:
        yield url


@pytest.fixture(scope="session")
def contract16_url(migrated16_server: EmbeddedPostgres) -> Iterator[str]:
    """One database on PostgreSQL 16 for all tests of the contract."""
    with fresh_database(migrated16_server, template=TEMPLATE) as url:
        yield url


@pytest.fixture(params=["memory", "contract_url", "contract16_url"], ids=["memory", "postgres18", "postgres16"])
def _emptied(request: pytest.FixtureRequest) -> str | None:
    if request.param == "memory":
        return None
    url: str = request.getfixturevalue(request.param)
    with psycopg.connect(url) as owner:
        owner.execute(FORGET_EVERYTHING)
    return url


@pytest.fixture
async def backend(_emptied: str | None) -> AsyncIterator[Backend]:
    """Each store in turn, for the contract tests."""
    if _emptied is None:
        yield MemoryBackend()
        return
    async with postgres_backend(_emptied) as opened:
        yield opened


def _make_template(server: EmbeddedPostgres) -> None:
    make_template(server, TEMPLATE, partial(migrate, role_password=role_password))
