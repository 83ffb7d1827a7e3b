"""Removal of versions that were folded from events which a restored log lacks."""

import structlog

from eventstore.checkpoint import is_in_log
from eventstore.store import Store
from projections.engine.checkpoints import Connection
from projections.rebuild import build_repository

_log = structlog.get_logger(__name__)


async def drop_diverged(connection: Connection, store: Store, name: str) -> None:
    """Drop each version that is not live and whose checkpoint is not in the log.

    Args:
        connection: an exclusive session of the read model.

    Raises:
        StoreUnavailable.
    """
    for build in await build_repository.list_builds(connection):
        if build.name == name and not await is_in_log(store, build.checkpoint):
            await build_repository.drop(connection, build)
            _log.error(
                "version dropped: the log was restored and lacks events that it was folded from",
                name=name,
                schema=build.schema,
                position=build.position,
            )
