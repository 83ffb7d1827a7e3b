"""`seatledger projections`: the state of every read model, and operations on a failed one; rebuilds: `rebuilds.py`."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from domain.operations.exclusions import ExclusionReason
from projections.engine.status import ProjectionStatus
from projections.operations import operations
from projections.operations.operations import Operation
from projections.rebuild.build_repository import Build
from runtime import projection_operations, rebuilds
from runtime.cli.options import Data
from runtime.cli.output import console
from runtime.local.data_directory import local_settings

Name = Annotated[str, typer.Argument(help="A read model, as `seatledger projections list` names it.")]
Stream = Annotated[str, typer.Option(help="A stream, as `seatledger audit` names it.")]
Reason = Annotated[ExclusionReason, typer.Option(help="Why; it is recorded in the log.")]


def show(data: Data = None) -> None:
    """Show the state of every read model.

    Shows position, lag, the event it failed on, excluded events and streams, and its versions that are not live.
    """
    settings = local_settings(data)
    statuses = asyncio.run(projection_operations.status(settings))
    table = Table("name", "state", "position", "behind", "seconds behind")
    for status in statuses:
        row, lag = status.state, f"{status.lag_seconds:.1f}"
        table.add_row(row.name, status.displayed_state, str(row.position), str(status.lag), lag)
    console.print(table)
    builds = asyncio.run(rebuilds.list_builds(settings))
    if builds:
        console.print(builds_table(builds))
    for line in [*remarks(statuses), *(f"{build.schema} failed: {build.error}" for build in builds if build.error)]:
        console.print(Text(line))


def builds_table(builds: Sequence[Build]) -> Table:
    """Return a table of the versions that are not live: those being built, and those that could be rolled back to."""
    table = Table("not live", "version", "state", "position", "worker")
    for build in builds:
        has_worker = "yes" if build.has_worker else "no"
        table.add_row(build.schema, str(build.version), build.state, str(build.position), has_worker)
    return table


def remarks(statuses: Sequence[ProjectionStatus]) -> Iterator[str]:
    """Yield a sentence for each failure, each exclusion, and each read model that no longer matches the log."""
    for status in statuses:
        name, event = status.state.name, status.failed
        if status.diverged:
            yield (
                f"{name} was folded from a log that was restored since; a projector rebuilds it, or run: "
                f"seatledger projections rebuild {name}"
            )
        if status.state.error is not None:
            where = "" if event is None else f" on {event.name} of {event.stream} at {event.position}"
            yield f"{name} failed{where}: {status.state.error}"
        yield from (f"{name} excludes the event at {position}" for position in status.skipped)
        yield from (f"{name} excludes the stream {stream}" for stream in status.parked)


def pause(name: Name, data: Data = None) -> None:
    """Pause a read model."""
    run_operation(name, data, operations.PAUSE, "is paused")


def resume(name: Name, data: Data = None) -> None:
    """Resume a paused read model."""
    run_operation(name, data, operations.RESUME, "is resumed")


def retry(name: Name, data: Data = None) -> None:
    """Retry the event that a read model failed on."""
    run_operation(name, data, operations.RETRY, "retries")


def skip(
    name: Name,
    position: Annotated[int, typer.Option(min=1, help="The position it failed at.")],
    reason: Reason,
    data: Data = None,
) -> None:
    """Skip the event that a read model failed on."""
    run_operation(name, data, operations.skip(position, reason), f"continues without the event at {position}")


def unskip(
    name: Name, position: Annotated[int, typer.Option(min=1, help="The position it skips.")], data: Data = None
) -> None:
    """Include a skipped event again.

    A projector rebuilds the read model with the event and makes the new version live.
    """
    asyncio.run(projection_operations.unskip(local_settings(data), name, position))
    console.print(f"{name} is rebuilt with the event at {position}: see `seatledger projections list`.")


def park(name: Name, stream: Stream, reason: Reason, data: Data = None) -> None:
    """Exclude a stream from a read model."""
    asyncio.run(projection_operations.park(local_settings(data), name, stream, reason))
    console.print(f"{name} continues without {stream}.")


def unpark(name: Name, stream: Stream, data: Data = None) -> None:
    """Include a parked stream again.

    It takes effect with the next rebuild.
    """
    effect = f"includes {stream} once it is rebuilt: seatledger projections rebuild {name}"
    run_operation(name, data, operations.unpark(stream), effect)


def run_operation(name: str, data: Data, operation: Operation, effect: str) -> None:
    """Apply an operation to a read model and print its effect."""
    asyncio.run(projection_operations.run(local_settings(data), name, operation))
    console.print(f"{name} {effect}.")
