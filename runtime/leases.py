"""Ends the leases of owners that cannot be alive, so that the next owners need not wait for them to expire.

Imports little, because `up` keeps in memory what it imports.
"""

from adapters.postgres import process_state
from adapters.postgres.pool import open_pool_for_records
from eventstore.postgres.roles import APP_ROLE, PROJECTOR_ROLE
from projections.engine import checkpoints
from runtime.database import url_of_role
from runtime.settings import Settings


async def end_leases(settings: Settings) -> None:
    """End the leases of all read models and rules; call it before any part is started.

    The caller must know that no other process folds or runs rules on this database. The owner of the database's data
    folder knows it.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    await end_projection_leases(settings)
    await end_process_leases(settings)


async def end_projection_leases(settings: Settings) -> None:
    """End the leases of all read models; a living owner acquires its own again.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    async with checkpoints.open_connection_for(url_of_role(settings, PROJECTOR_ROLE), name="start") as connection:
        await checkpoints.release_all(connection)


async def end_process_leases(settings: Settings) -> None:
    """End the leases of all rules; a living owner acquires its own again.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    async with open_pool_for_records(url_of_role(settings, APP_ROLE), connections_max=1) as records:
        await process_state.release_all(records)
