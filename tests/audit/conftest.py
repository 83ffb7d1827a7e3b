"""Random histories in PostgreSQL."""

from collections.abc import AsyncIterator, Iterator, Sequence

import pytest

from audit.streams import HistoricalStreams
from eventstore.postgres import PostgresStore
from eventstore.postgres.roles import APP_ROLE, role_url
from eventstore.store import RecordedEvent
from runtime.local.embedded import EmbeddedPostgres
from tests.audit.logs import generate_log, put
from tests.databases import fresh_database, role_password
from tests.read_models import TEMPLATE
from tests.support.engine import CODEC


@pytest.fixture(scope="module", params=[2, 20], ids="seed {}".format)
def log(request: pytest.FixtureRequest) -> Sequence[RecordedEvent]:
    """A log with nearly every kind of event."""
    return generate_log(request.param)


@pytest.fixture(scope="module")
def log_url(projections_server: EmbeddedPostgres, log: Sequence[RecordedEvent]) -> Iterator[str]:
    """The application's URL of a database with that log."""
    with fresh_database(projections_server, template=TEMPLATE) as url:
        put(url, log)
        yield role_url(url, APP_ROLE, role_password(APP_ROLE))


@pytest.fixture
async def store(log_url: str) -> AsyncIterator[PostgresStore]:
    """The store with that log."""
    async with PostgresStore(log_url) as store:
        yield store


@pytest.fixture
def streams(store: PostgresStore) -> HistoricalStreams:
    """The streams of that log as of any moment."""
    return HistoricalStreams(store, CODEC)
