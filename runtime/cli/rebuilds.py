"""`seatledger projections rebuild | rollback | drop`: build, restore and drop versions of a read model."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.text import Text

from projections.rebuild.diff import Difference
from projections.rebuild.rebuilder import VersionsDiffer
from projections.rebuild.throttle import Progress as RebuildProgress
from runtime import rebuilds
from runtime.cli.options import Data
from runtime.cli.output import console
from runtime.cli.projections import Name
from runtime.local.data_directory import local_settings
from runtime.settings import Settings
from runtime.tuning.gc_policy import relax_gc

SwapAnyway = Annotated[bool, typer.Option("--swap-anyway", help="Even if the new version differs from the live one.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Estimate time and space; change nothing.")]
Performance = Annotated[str | None, typer.Option(help="Rebuild only the rows of this performance.")]

DIFFERS = 3
"""The exit status of a rebuild whose version differs from the live one and was not swapped in."""


def rebuild(
    name: Name,
    data: Data = None,
    performance: Performance = None,
    *,
    swap_anyway: SwapAnyway = False,
    dry_run: DryRun = False,
) -> None:
    """Rebuild a read model beside the live version.

    The new version is compared with the live one and swapped in. An interrupted rebuild is continued.

    Exit status 3: the new version differs and the old one stays live; inspect it, then drop it or use --swap-anyway.
    """
    settings = local_settings(data)
    if dry_run:
        print_estimate(settings, name)
    elif performance is not None:
        rebuild_performance(settings, name, performance)
    else:
        rebuild_all(settings, name, swap_anyway=swap_anyway)


def roll_back(name: Name, data: Data = None) -> None:
    """Make the previous version live again."""
    settings = local_settings(data)
    with progress_bar(name) as report:
        rebuilt = asyncio.run(rebuilds.roll_back(settings, name, report=report))
    if rebuilt is None:
        version = asyncio.run(rebuilds.live_version(settings, name))
        console.print(
            f"{name} is back at the rows that version {version} of its code folded, and paused: start the release with "
            f"that version, then run `seatledger projections resume {name}`. Resumed by this release, it is rebuilt."
        )
    else:
        console.print(f"{name} was rolled back to {rebuilt.schema} and continues from position {rebuilt.position}.")


def drop(name: Name, data: Data = None) -> None:
    """Drop the retired version and abandoned rebuilds."""
    dropped = asyncio.run(rebuilds.drop(local_settings(data), name))
    console.print(f"Dropped: {', '.join(build.schema for build in dropped) or 'there was nothing to drop'}.")


def print_estimate(settings: Settings, name: str) -> None:
    """Print the estimated duration and disk space of a rebuild."""
    found = asyncio.run(rebuilds.estimate(settings, name))
    console.print(
        f"{name}: {found.events:,} events to fold at about {found.events_s:,.0f} a second: {found.seconds:,.0f} s "
        f"without other load; about {decimal(found.size_bytes)} beside the live version's. Nothing was changed."
    )


def rebuild_performance(settings: Settings, name: str, performance: str) -> None:
    """Rebuild the rows of one performance and show the differences."""
    differences = asyncio.run(rebuilds.rebuild_performance(settings, name, performance))
    show(differences)
    console.print(f"{name} of {performance}: {'replaced' if differences else 'matches the log, nothing to change'}.")


def rebuild_all(settings: Settings, name: str, *, swap_anyway: bool) -> None:
    """Rebuild a read model and show how the new version differs from the live one."""
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
    console.print(f"{name} was rebuilt and continues from position {rebuilt.position} in {rebuilt.schema}.")


def show(differences: Sequence[Difference]) -> None:
    """Print the rows that only one version has, by table, one row a line."""
    for found in differences:
        console.print(f"{found.table}: {found.live_rows} rows live, {found.built_rows} rebuilt")
        for version, rows in (("live", found.only_live), ("rebuilt", found.only_built)):
            for row in rows:
                console.print(Text(f"  only in the {version} version: {row}"))


@contextmanager
def progress_bar(name: str) -> Iterator[Callable[[RebuildProgress], None]]:
    """Show percentage, rate and remaining time; yield the function that reports progress."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[rate]}"))
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(name, total=None, rate="")

        def report(progress: RebuildProgress) -> None:
            bar.update(
                task,
                description=f"{name} {progress.state}",
                completed=progress.position,
                total=max(progress.target, 1),
                rate=format_rate(progress),
            )

        yield report


def format_rate(progress: RebuildProgress) -> str:
    """Format position, rate and remaining seconds; the latter two only once they are known."""
    if not progress.events_s or progress.left_s is None:
        return f"{progress.position:,} of {progress.target:,}"
    return f"{progress.position:,} of {progress.target:,}, {progress.events_s:,.0f}/s, {progress.left_s:,.0f} s left"
