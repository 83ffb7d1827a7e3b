"""The epoch's row: the first one begins automatically, later ones by an operator's decision."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest

from eventstore.nats.epoch import FIRST_START, Epochs
from eventstore.postgres.roles import PROJECTOR_ROLE, role_url
from runtime.local.embedded import EmbeddedPostgres
from tests.databases import fresh_database, role_password
from tests.eventstore.backends import PostgresBackend
from tests.eventstore.conftest import TEMPLATE


@pytest.fixture
def projector_url(postgres: PostgresBackend) -> str:
    """URL of the role that may begin epochs."""
    return role_url(postgres.owner_url, PROJECTOR_ROLE, role_password(PROJECTOR_ROLE))


@pytest.fixture
async def epochs(projector_url: str) -> AsyncIterator[Epochs]:
    """The epoch's row."""
    opened = Epochs(projector_url)
    yield opened
    await opened.close()


class TestEpochs:
    async def test_the_first_begins_once_however_many_begin_it(self, epochs: Epochs, projector_url: str) -> None:
        assert await epochs.current() is None
        rivals = [Epochs(projector_url) for _ in range(8)]
        begun = await asyncio.gather(*(rival.current_or_first() for rival in rivals))
        assert len({epoch.id for epoch in begun}) == 1
        assert begun[0].reason == FIRST_START
        assert await epochs.current() == begun[0]
        for rival in rivals:
            await rival.close()

    async def test_a_new_one_has_names_of_its_own_and_a_reason(self, epochs: Epochs) -> None:
        first = await epochs.current_or_first()
        second = await epochs.begin("restored from last night's backup")
        assert second.stream != first.stream
        assert second.stream == f"SEATLEDGER_{second.id}"
        assert second.events_subject == f"seatledger.{second.id}.events"
        assert second.wake_subject == f"seatledger.{second.id}.wake"
        assert second.reason == "restored from last night's backup"
        assert await epochs.current() == await epochs.current_or_first() == second

    async def test_it_records_the_server_it_began_on(self, epochs: Epochs) -> None:
        server = await epochs.server()
        assert server.timeline == 1
        assert (await epochs.current_or_first()).server == server

    async def test_on_the_oldest_server_too(self, migrated16_server: EmbeddedPostgres) -> None:
        with fresh_database(migrated16_server, template=TEMPLATE) as owner_url:
            epochs = Epochs(role_url(owner_url, PROJECTOR_ROLE, role_password(PROJECTOR_ROLE)))
            epoch = await epochs.current_or_first()
            assert epoch.server == await epochs.server()
            await epochs.close()

    async def test_the_application_reads_it_and_no_more(self, postgres: PostgresBackend, epochs: Epochs) -> None:
        epoch = await epochs.current_or_first()
        app = Epochs(postgres.app_url)
        assert await app.current() == epoch
        await app.close()
        async with await psycopg.AsyncConnection.connect(postgres.app_url, autocommit=True) as connection:
            for statement in (
                "UPDATE eventstore.epoch SET id = 'x'",
                "DELETE FROM eventstore.epoch",
                "INSERT INTO eventstore.epoch (id, system_identifier, timeline, reason) VALUES ('x', 1, 1, 'x')",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    await connection.execute(statement)
