"""What an operator does with the versions of a read model: rebuild it, take a swap back, drop what is not live."""

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
    """Fold a read model anew beside the live one and swap it in, or go on with what was begun.

    Args:
        url: of the projector's role.
        reader: knows at least the model's names.
        swap_anyway: even if the new version differs from the live one.
        silence_s: how long somebody else who is at it may rest.

    Raises:
        NoSuchProjection: it was never folded at all.
        RebuildInProgress: somebody else is at it.
        VersionsDiffer: the live one stays; look at the differences, then drop the new one or swap anyway.
        RebuildFailed: an event can't be applied.
        StoreUnavailable, psycopg.Error: what was done is kept; run it again.
    """
    async with exclusive_session(url, model.name, silence_s=silence_s) as connection:
        await drop_diverged(connection, store, model.name)
        build = await build_repository.begin(connection, model, swap_anyway=swap_anyway)
        return await Rebuilder(connection, store=store, model=model, reader=reader, build=build, report=report).run()


async def roll_back(
    *, url: str, store: Store, model: ReadModel, reader: ProjectionEventReader, report: Report = no_progress
) -> Rebuilt | None:
    """Put the retired version back in its place.

    Returns:
        What came of it; None: the retired version is of another version of the code, so it stands still until a program
        of that version runs and it is resumed.

    Raises:
        NoRetiredVersion: there is none.
        RebuildInProgress, RebuildFailed, StoreUnavailable, psycopg.Error: as `rebuild`.
    """
    async with exclusive_session(url, model.name) as connection:
        await drop_diverged(connection, store, model.name)
        build = await roll_back_live(connection, model)
        if build is None:
            return None
        return await Rebuilder(connection, store=store, model=model, reader=reader, build=build, report=report).run()


async def roll_back_live(connection: Connection, model: ReadModel) -> Build | None:
    """Begin to bring the retired version up to date, or, if this code can't, swap it in as it is and pause it.

    Raises:
        NoRetiredVersion: there is none.
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
    """Drop every version of a read model that is not live; return what they were.

    Raises:
        RebuildInProgress: somebody is at one of them.
    """
    async with exclusive_session(url, name) as connection:
        return await build_repository.drop_all(connection, name)
