"""The operator's commands for the versions of a read model, executed as the projector's role."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from domain.errors import NoRetiredVersion, PartialRebuildUnsupported
from eventstore.postgres import PostgresStore
from eventstore.postgres.roles import PROJECTOR_ROLE
from projections.engine.checkpoints import NoSuchProjection
from projections.rebuild import build_repository, commands
from projections.rebuild.build_repository import Build
from projections.rebuild.diff import Difference
from projections.rebuild.estimate import RebuildEstimate, estimate_rebuild
from projections.rebuild.exclusive_session import RebuildInProgress, exclusive_session
from projections.rebuild.partial_rebuild import rebuild_part
from projections.rebuild.rebuilder import RebuildFailed, Rebuilt, VersionsDiffer
from projections.rebuild.throttle import Progress, Rate
from projections.registry import reader_for
from runtime.database import url_of_role
from runtime.projection_operations import MODELS, operator_connection, require_model
from runtime.settings import Settings, SettingsRefused

POLL_S = 0.5

Report = Callable[[Progress], None]


@contextmanager
def translate_refusals(name: str) -> Iterator[None]:
    """Check the name of a read model, and translate the refusals of the block.

    Raises:
        SettingsRefused: there is no such read model, or the block raised a refusal.
    """
    require_model(name)
    try:
        yield
    except (NoSuchProjection, NoRetiredVersion, RebuildInProgress, RebuildFailed, PartialRebuildUnsupported) as refusal:
        raise SettingsRefused(str(refusal)) from refusal


async def rebuild(settings: Settings, name: str, *, swap_anyway: bool, report: Report) -> Rebuilt | None:
    """Rebuild a read model or continue an interrupted rebuild; if another process rebuilds it, report its progress.

    Returns:
        None: another process rebuilt it and has finished.

    Raises:
        VersionsDiffer: the new version differs from the live one and was not swapped in.
        SettingsRefused: the rebuild is not possible; the message says why.
    """
    with translate_refusals(name):
        url = url_of_role(settings, PROJECTOR_ROLE)
        async with PostgresStore(url) as store:
            model = MODELS[name]
            try:
                return await commands.rebuild(
                    url=url,
                    store=store,
                    model=model,
                    reader=reader_for([model]),
                    swap_anyway=swap_anyway,
                    report=report,
                )
            except RebuildInProgress:
                await report_until_finished(settings, name, report)
                await require_swapped(settings, name)
                return None


async def report_until_finished(settings: Settings, name: str, report: Report) -> None:
    """Report the progress of another process's rebuild until it has ended."""
    rate = Rate()
    async with operator_connection(settings) as connection:
        while (build := await build_repository.find_unfinished(connection, name)) is not None and build.has_worker:
            live = await build_repository.require_live(connection, name)
            events_s = rate.record(build.position)
            report(Progress(state=build.state, position=build.position, target=live.position, events_s=events_s))
            await asyncio.sleep(POLL_S)


async def require_swapped(settings: Settings, name: str) -> None:
    """Check that another process's rebuild has succeeded.

    Raises:
        VersionsDiffer: the new version was not swapped in.
        SettingsRefused: the rebuild failed.
    """
    async with operator_connection(settings) as connection:
        build = await build_repository.find_unfinished(connection, name)
    if build is not None and build.state == "differs":
        raise VersionsDiffer(name, [Difference(**found) for found in build.differences or ()])
    if build is not None and build.state == "failed":
        raise SettingsRefused(f"{name} can't be rebuilt: {build.error}.")


async def rebuild_performance(settings: Settings, name: str, performance: str) -> Sequence[Difference]:
    """Rebuild the rows of one performance, and return how they differed by table.

    Raises:
        SettingsRefused: the rebuild is not possible; the message says why.
    """
    with translate_refusals(name):
        url = url_of_role(settings, PROJECTOR_ROLE)
        model = MODELS[name]
        async with PostgresStore(url) as store, exclusive_session(url, name) as connection:
            return await rebuild_part(
                connection, store=store, model=model, reader=reader_for([model]), performance=performance
            )


async def estimate(settings: Settings, name: str) -> RebuildEstimate:
    """Estimate a rebuild's duration and disk space without changing anything.

    Raises:
        SettingsRefused: there is no read model of this name.
    """
    with translate_refusals(name):
        url = url_of_role(settings, PROJECTOR_ROLE)
        model = MODELS[name]
        async with PostgresStore(url) as store, operator_connection(settings) as connection:
            return await estimate_rebuild(connection, store=store, model=model, reader=reader_for([model]))


async def roll_back(settings: Settings, name: str, *, report: Report) -> Rebuilt | None:
    """Make the previous version live again.

    Returns:
        None: the version now live was folded by other code and is paused until a release with that code resumes it.

    Raises:
        SettingsRefused: there is no retired version.
    """
    with translate_refusals(name):
        url = url_of_role(settings, PROJECTOR_ROLE)
        model = MODELS[name]
        async with PostgresStore(url) as store:
            return await commands.roll_back(
                url=url, store=store, model=model, reader=reader_for([model]), report=report
            )


async def drop(settings: Settings, name: str) -> Sequence[Build]:
    """Drop every version of a read model that is not live, and return the dropped versions.

    Raises:
        SettingsRefused: a worker is building one of them.
    """
    with translate_refusals(name):
        return await commands.drop(url=url_of_role(settings, PROJECTOR_ROLE), name=name)


async def list_builds(settings: Settings) -> Sequence[Build]:
    """Return the versions of all read models that are not live."""
    async with operator_connection(settings) as connection:
        return await build_repository.list_builds(connection)


async def live_version(settings: Settings, name: str) -> int:
    """Return the version of the code that folded the live rows."""
    async with operator_connection(settings) as connection:
        return (await build_repository.require_live(connection, name)).version
