"""`seatledger projections`: a table, and what to do when one gives trouble; see `rebuilds` for the rest."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from domain.operations.exclusions import ExclusionReason
from runtime.cli.options import Data
from runtime.local.data_directory import local_settings

if TYPE_CHECKING:
    from projections.engine.status import ProjectionStatus
    from projections.operations.operations import Operation
    from projections.rebuild.build_repository import Build

Name = Annotated[str, typer.Argument(help="A read model, as `seatledger projections list` names it.")]
Stream = Annotated[str, typer.Option(help="A stream, as `seatledger audit` names it.")]
Reason = Annotated[ExclusionReason, typer.Option(help="Why; it stands in the log.")]

app = typer.Typer(help="The read models.", no_args_is_help=True)
console = Console(highlight=False, soft_wrap=True)


@app.command("list")
def show(data: Data = None) -> None:
    """Show every read model: state, position, how far behind, what it failed on and leaves out; and what is built."""
    from runtime import projection_operations, rebuilds  # noqa: PLC0415 - a part imports only what it runs

    settings = local_settings(data)
    reports = asyncio.run(projection_operations.status(settings))
    table = Table("name", "state", "position", "behind", "seconds behind")
    for report in reports:
        row = report.state
        table.add_row(row.name, report.displayed_state, str(row.position), str(report.lag), f"{report.lag_seconds:.1f}")
    console.print(table)
    builds = asyncio.run(rebuilds.list_builds(settings))
    if builds:
        console.print(builds_table(builds))
    for line in [*remarks(reports), *(f"{build.schema} failed: {build.error}" for build in builds if build.error)]:
        console.print(Text(line))


def builds_table(builds: Sequence["Build"]) -> Table:
    """Return what is being built, and what could be rolled back to."""
    table = Table("not live", "version", "state", "position", "somebody at it")
    for build in builds:
        attended = "yes" if build.has_worker else "no"
        table.add_row(build.schema, str(build.version), build.state, str(build.position), attended)
    return table


def remarks(reports: Sequence["ProjectionStatus"]) -> Iterator[str]:
    """Say which event each read model failed on, and how; and what it leaves out."""
    for report in reports:
        name, event = report.state.name, report.failed
        if report.diverged:
            yield (
                f"{name} was folded from a log that was restored since; a projector rebuilds it by itself, or: "
                f"seatledger projections rebuild {name}"
            )
        if report.state.error is not None:
            where = "" if event is None else f" on {event.name} of {event.stream} at {event.position}"
            yield f"{name} failed{where}: {report.state.error}"
        yield from (f"{name} leaves out the event at {position}" for position in report.skipped)
        yield from (f"{name} leaves out the stream {stream}" for stream in report.parked)


@app.command("pause")
def pause(name: Name, data: Data = None) -> None:
    """Pause a read model."""
    run_operation(name, data, lambda switches: switches.PAUSE, "stands still")


@app.command("resume")
def resume(name: Name, data: Data = None) -> None:
    """Resume a paused read model."""
    run_operation(name, data, lambda switches: switches.RESUME, "goes on")


@app.command("retry")
def retry(name: Name, data: Data = None) -> None:
    """Retry the event that a read model failed on."""
    run_operation(name, data, lambda switches: switches.RETRY, "tries again")


@app.command("skip")
def skip(
    name: Name,
    position: Annotated[int, typer.Option(min=1, help="The position it failed at.")],
    reason: Reason,
    data: Data = None,
) -> None:
    """Skip the event that a read model failed on."""
    run_operation(
        name, data, lambda switches: switches.skip(position, reason), f"goes on without the event at {position}"
    )


@app.command("unskip")
def unskip(
    name: Name, position: Annotated[int, typer.Option(min=1, help="The position it skips.")], data: Data = None
) -> None:
    """Take a skipped event back in: a projector rebuilds the read model with it and swaps it in."""
    from runtime import projection_operations  # noqa: PLC0415 - a part imports only what it runs

    asyncio.run(projection_operations.unskip(local_settings(data), name, position))
    console.print(f"{name} is rebuilt with the event at {position}: see `seatledger projections list`.")


@app.command("park")
def park(name: Name, stream: Stream, reason: Reason, data: Data = None) -> None:
    """Leave a stream out of a read model from here on."""
    from runtime import projection_operations  # noqa: PLC0415 - a part imports only what it runs

    asyncio.run(projection_operations.park(local_settings(data), name, stream, reason))
    console.print(f"{name} goes on without {stream}.")


@app.command("unpark")
def unpark(name: Name, stream: Stream, data: Data = None) -> None:
    """Take a parked stream back in, from the next rebuild on."""
    again = f"has {stream} again once it is rebuilt: seatledger projections rebuild {name}"
    run_operation(name, data, lambda switches: switches.unpark(stream), again)


def run_operation(name: str, data: Data, select_operation: Callable[[ModuleType], "Operation"], done: str) -> None:
    """Do something to a read model and say so."""
    from projections.operations import operations  # noqa: PLC0415 - a part imports only what it runs
    from runtime import projection_operations  # noqa: PLC0415 - a part imports only what it runs

    asyncio.run(projection_operations.run(local_settings(data), name, select_operation(operations)))
    console.print(f"{name} {done}.")
