"""Commands of an operator on the versions of a read model: rebuild, roll back, drop."""

from collections.abc import Callable

from eventstore.store import Store
from projections.engine import checkpoints
from projections.engine.checkpoints import Connection
from projections.engine.event_reader import ProjectionEventReader
from projections.engine.model import ReadModel
from projections.rebuild import build_repository
from projections.rebuild.build_repository import Build
from projections.rebuild.diverged import drop_diverged
from projections.rebuild.exclusive_session import SILENCE_S, exclusive_session
from projections.rebuild.rebuilder import Rebuilder, Rebuilt, no_progress
from projections.rebuild.throttle import Progress

Report = Callable[[Progress], None]


async def rebuild(
    *,
    url: str,
    store: Store,
    model: ReadModel,
    reader: ProjectionEventReader,
    swap_anyway: bool = False,
    report: Report = no_progress,
    silence_s: float = SILENCE_S,
) -> Rebuilt:
    """Build a new version of a read model and swap it in, or resume a build of the same code version.

    Args:
        url: connection string of the projector's role.
        reader: decodes at least the events of the model.
        swap_anyway: swap even if the new version differs from the live one.
        silence_s: idle time after which another session that holds the lock is terminated.

    Raises:
        NoSuchProjection: the read model has no control row.
        RebuildInProgress: another session works on the versions of this read model.
        VersionsDiffer: the live version stays; drop the new one, or run again with `swap_anyway`.
        RebuildFailed: an event cannot be applied.
        StoreUnavailable, psycopg.Error: progress is stored; run the command again.
    """
    async with exclusive_session(url, model.name, silence_s=silence_s) as connection:
        await drop_diverged(connection, store, model.name)
        build = await build_repository.begin(connection, model, swap_anyway=swap_anyway)
        return await Rebuilder(connection, store=store, model=model, reader=reader, build=build, report=report).run()


async def roll_back(
    *, url: str, store: Store, model: ReadModel, reader: ProjectionEventReader, report: Report = no_progress
) -> Rebuilt | None:
    """Make the retired version live again.

    Returns:
        The result; None if the retired version has another code version: it is live, but paused until an operator
        resumes it under that code.

    Raises:
        NoRetiredVersion: there is no retired version.
        RebuildInProgress, RebuildFailed, StoreUnavailable, psycopg.Error: as for `rebuild`.
    """
    async with exclusive_session(url, model.name) as connection:
        await drop_diverged(connection, store, model.name)
        build = await roll_back_live(connection, model)
        if build is None:
            return None
        return await Rebuilder(connection, store=store, model=model, reader=reader, build=build, report=report).run()


async def roll_back_live(connection: Connection, model: ReadModel) -> Build | None:
    """Turn the retired version into a build; if its code version is another one, swap it in unchanged and pause it.

    Returns:
        The build to run; None if the retired version is live already.

    Raises:
        NoRetiredVersion: there is no retired version.
    """
    async with connection.transaction():
        live = await build_repository.lock_live(connection, model.name)
        retired = await build_repository.require_retired(connection, model.name)
        if retired.version == model.version:
            return await build_repository.reactivate(connection, model.name)
        await build_repository.drop_unfinished(connection, model.name)
        await build_repository.replace(connection, live, retired, until=retired.checkpoint, state="paused")
        await checkpoints.increment_revision(connection, model.name)
        return None


async def drop(*, url: str, name: str) -> list[Build]:
    """Drop all versions of a read model that are not live, and return them.

    Raises:
        RebuildInProgress: another session works on the versions of this read model.
    """
    async with exclusive_session(url, name) as connection:
        return await build_repository.drop_all(connection, name)
