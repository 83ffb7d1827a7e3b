"""The stores under test, with operations that bypass the store's contract."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import psycopg
from uuid_utils.compat import uuid7

from eventstore.memory import MemoryStore
from eventstore.postgres import PostgresStore
from eventstore.postgres.clock_acceptance import accept_clock
from eventstore.postgres.roles import APP_ROLE, role_url
from eventstore.store import Store
from tests.databases import role_password
from tests.eventstore.appends import at, to_append

# Inserts an event of the future, past the append function; only the owner may.
PLANT_EVENT = """
INSERT INTO eventstore.event
SELECT coalesce(max(position), 0) + 1, 'planted-' || coalesce(max(position), 0), 1, 'Planted', 1, %(command_id)s, 1, 1,
       clock_timestamp() + %(ahead)s, '{}', '{}', ''
FROM eventstore.event
RETURNING recorded_at
"""


class Backend(Protocol):
    """A store, with control over its server's clock."""

    @property
    def store(self) -> Store: ...

    async def record_ahead(self, ahead: timedelta) -> datetime:
        """Record an event `ahead` of the clock; return its time."""
        ...

    async def accept_clock(self) -> None:
        """Accept, as an operator, that the clock is behind."""
        ...


class MemoryBackend:
    """The store in memory, with a clock that can be set back."""

    def __init__(self) -> None:
        self._stopped_at: datetime | None = None
        self.store: Store = MemoryStore(now=self._now)

    async def record_ahead(self, ahead: timedelta) -> datetime:
        """Append one event, then set the clock back and stop it."""
        stopped = datetime.now(UTC)
        self._stopped_at = stopped + ahead
        await self.store.append([to_append(at(f"planted-{uuid7()}", 0))])
        self._stopped_at = stopped
        return stopped + ahead

    async def accept_clock(self) -> None:
        """Accept, as an operator, that the clock is behind."""
        assert isinstance(self.store, MemoryStore)
        self.store.accept_clock()

    def _now(self) -> datetime:
        return self._stopped_at or datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class PostgresBackend:
    """The store on PostgreSQL."""

    store: Store
    owner_url: str
    app_url: str

    async def record_ahead(self, ahead: timedelta) -> datetime:
        """Insert an event as the owner."""
        async with await psycopg.AsyncConnection.connect(self.owner_url, autocommit=True) as owner:
            planted = await owner.execute(PLANT_EVENT, {"command_id": uuid7(), "ahead": ahead})
            row = await planted.fetchone()
            assert row is not None
            recorded_at: datetime = row[0]
            return recorded_at

    async def accept_clock(self) -> None:
        """Accept, as an operator, that the clock is behind."""
        await accept_clock(self.owner_url, reason="a test", by="tester")


@asynccontextmanager
async def postgres_backend(owner_url: str) -> AsyncIterator[PostgresBackend]:
    """Open the store with the application's role."""
    app_url = app_url_of(owner_url)
    async with PostgresStore(app_url) as store:
        yield PostgresBackend(store, owner_url, app_url)


def app_url_of(owner_url: str) -> str:
    """Return the URL of the same database for the application's role."""
    return role_url(owner_url, APP_ROLE, role_password(APP_ROLE))
