"""`seatledger projections rebuild | rollback | drop`: the versions of a read model, with a progress bar."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.text import Text

from runtime.cli.options import Data
from runtime.cli.projections import Name, console
from runtime.local.data_directory import local_settings
from runtime.settings import Settings

if TYPE_CHECKING:
    from projections.rebuild.diff import Difference
    from projections.rebuild.throttle import Progress as Rebuilding

SwapAnyway = Annotated[bool, typer.Option("--swap-anyway", help="Even if the new version differs from the live one.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what it would take; change nothing.")]
Performance = Annotated[str | None, typer.Option(help="Rebuild the rows of this performance alone.")]

DIFFERS = 3
"""The exit status of a rebuild whose version differs and was not swapped in."""


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("rebuild")(rebuild)
    app.command("rollback")(roll_back)
    app.command("drop")(drop)


def rebuild(
    name: Name,
    data: Data = None,
    performance: Performance = None,
    *,
    swap_anyway: SwapAnyway = False,
    dry_run: DryRun = False,
) -> None:
    """Fold a read model anew beside the live one, compare, swap; or go on with a rebuild that was interrupted.

    Exit status 3: the new version differs from the live one, which stays; look, then drop it or --swap-anyway.
    """
    settings = local_settings(data)
    if dry_run:
        rehearse(settings, name)
    elif performance is not None:
        rebuild_performance(settings, name, performance)
    else:
        rebuild_all(settings, name, swap_anyway=swap_anyway)


def roll_back(name: Name, data: Data = None) -> None:
    """Put the version back that was live before the last swap."""
    from runtime import rebuilds  # noqa: PLC0415 - a part imports only what it runs

    settings = local_settings(data)
    with progress_bar(name) as report:
        rebuilt = asyncio.run(rebuilds.roll_back(settings, name, report=report))
    if rebuilt is None:
        version = asyncio.run(rebuilds.live_version(settings, name))
        console.print(
            f"{name} is back at what version {version} of its code folded, and paused: start the program that has that "
            f"version, then run `seatledger projections resume {name}`. Resumed under this program, it is rebuilt."
        )
    else:
        console.print(f"{name} was rolled back to {rebuilt.schema} and goes on from position {rebuilt.position}.")


def drop(name: Name, data: Data = None) -> None:
    """Drop the retired version of a read model, and one whose rebuild was given up."""
    from runtime import rebuilds  # noqa: PLC0415 - a part imports only what it runs

    dropped = asyncio.run(rebuilds.drop(local_settings(data), name))
    console.print(f"Dropped: {', '.join(build.schema for build in dropped) or 'there was nothing to drop'}.")


def rehearse(settings: Settings, name: str) -> None:
    """Say what a rebuild would take."""
    from runtime import rebuilds  # noqa: PLC0415 - a part imports only what it runs

    found = asyncio.run(rebuilds.estimate(settings, name))
    console.print(
        f"{name}: {found.events:,} events to fold at about {found.events_s:,.0f} a second: {found.seconds:,.0f} s in a "
        f"quiet shop; about {decimal(found.size_bytes)} beside the live version's. Nothing was changed."
    )


def rebuild_performance(settings: Settings, name: str, performance: str) -> None:
    """Rebuild the rows of one performance and show how they differed."""
    from runtime import rebuilds  # noqa: PLC0415 - a part imports only what it runs

    differences = asyncio.run(rebuilds.rebuild_performance(settings, name, performance))
    show(differences)
    console.print(f"{name} of {performance}: {'exchanged' if differences else 'as the log says, nothing to change'}.")


def rebuild_all(settings: Settings, name: str, *, swap_anyway: bool) -> None:
    """Rebuild a read model and show how it differed from the live one."""
    from projections.rebuild.rebuilder import VersionsDiffer  # noqa: PLC0415 - a part imports only what it runs
    from runtime import rebuilds  # noqa: PLC0415 - a part imports only what it runs
    from runtime.tuning.gc_policy import relax_gc  # noqa: PLC0415 - a part imports only what it runs

    relax_gc()
    try:
        with progress_bar(name) as report:
            rebuilt = asyncio.run(rebuilds.rebuild(settings, name, swap_anyway=swap_anyway, report=report))
    except VersionsDiffer as refusal:
        show(refusal.differences)
        console.print(f"{refusal} Run it again with --swap-anyway, or `seatledger projections drop {name}`.")
        sys.exit(DIFFERS)
    if rebuilt is None:
        console.print(
            f"{name} was being rebuilt by another process, which has ended; see `seatledger projections list`."
        )
        return
    show(rebuilt.differences)
    console.print(f"{name} was rebuilt and goes on from position {rebuilt.position} in {rebuilt.schema}.")


def show(differences: Sequence["Difference"]) -> None:
    """Show how two versions differ, by table: a row a line, as wide as it is."""
    for found in differences:
        console.print(f"{found.table}: {found.live_rows} rows live, {found.built_rows} rebuilt")
        for which, rows in (("live", found.only_live), ("rebuilt", found.only_built)):
            for row in rows:
                console.print(Text(f"  only in the {which} version: {row}"))


@contextmanager
def progress_bar(name: str) -> Iterator[Callable[["Rebuilding"], None]]:
    """Show the exact percentage, the rate and the time left while something is rebuilt."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[pace]}"))
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(name, total=None, pace="")

        def report(progress: "Rebuilding") -> None:
            bar.update(
                task,
                description=f"{name} {progress.state}",
                completed=progress.position,
                total=max(progress.target, 1),
                pace=format_rate(progress),
            )

        yield report


def format_rate(progress: "Rebuilding") -> str:
    """Say how fast it goes and how long it will take."""
    if not progress.events_s or progress.left_s is None:
        return f"{progress.position:,} of {progress.target:,}"
    return f"{progress.position:,} of {progress.target:,}, {progress.events_s:,.0f}/s, {progress.left_s:,.0f} s left"
