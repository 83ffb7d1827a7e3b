"""Leases of owners that cannot be alive: whoever starts next takes over at once."""

from adapters.postgres.process_state import PostgresProcessState
from eventstore.postgres.roles import PROJECTOR_ROLE
from projections.engine import checkpoints
from projections.registry import EVERY_MODEL
from runtime.connections import open_records
from runtime.database import migrate_all, url_of_role
from runtime.leases import end_leases
from runtime.local.embedded import EmbeddedPostgres
from tests.api.shop import settings_for
from tests.databases import fresh_database

NAMES = [model.name for model in EVERY_MODEL]
RULE = "settle_payments"
SILENCE_S = 3_600


async def test_given_owners_that_were_killed_then_others_take_over_at_once(postgres_server: EmbeddedPostgres) -> None:
    with fresh_database(postgres_server) as url:
        settings = settings_for(url)
        await migrate_all(settings)
        projector = url_of_role(settings, PROJECTOR_ROLE)
        async with (
            checkpoints.open_connection_for(projector, name="test") as connection,
            open_records(settings) as records,
        ):
            for model in EVERY_MODEL:
                await checkpoints.register(connection, model)
            killed = await checkpoints.acquire_or_renew(connection, owner="killed", names=NAMES, silence_s=SILENCE_S)
            assert await PostgresProcessState(records, silence_s=SILENCE_S).acquire(RULE) is not None
            assert await checkpoints.acquire_or_renew(connection, owner="next", names=NAMES, silence_s=SILENCE_S) == []
            assert await PostgresProcessState(records, silence_s=SILENCE_S).acquire(RULE) is None
            await end_leases(settings)
            taken = await checkpoints.acquire_or_renew(connection, owner="next", names=NAMES, silence_s=SILENCE_S)
            assert {row.name: row.fence - 1 for row in taken} == {row.name: row.fence for row in killed}
            assert await PostgresProcessState(records, silence_s=SILENCE_S).acquire(RULE) is not None
