"""`seatledger clock`: the database's clock beside the log's, and what to do when it ran ahead."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from runtime.cli.options import Data, require_words
from runtime.cli.output import format_time
from runtime.local.data_directory import local_settings

if TYPE_CHECKING:
    from eventstore.store import ClockState

console = Console(highlight=False, soft_wrap=True)
app = typer.Typer(help="The database's clock beside the log's.", invoke_without_command=True)


@app.callback()
def show(context: typer.Context, data: Data = None) -> None:
    """Say how the database's clock stands to the last event; status 1: nothing can be recorded because of it."""
    from eventstore.postgres.clock_acceptance import read_clock  # noqa: PLC0415 - a part imports only what it runs

    if context.invoked_subcommand is not None:
        return
    state = asyncio.run(read_clock(local_settings(data).required_database_url))
    console.print(describe_clock(state))
    if state.refuses:
        raise typer.Exit(1)


@app.command("accept")
def accept(
    reason: Annotated[
        str, typer.Option(help="Why the clock ran ahead, and since when it is right.", callback=require_words)
    ],
    data: Data = None,
) -> None:
    """Record events at the time of the last one until the clock has caught up; no deadline passes until then."""
    from eventstore.postgres.clock_acceptance import accept_clock  # noqa: PLC0415 - a part imports only what it runs
    from runtime.command_handling import account_name  # noqa: PLC0415 - a part imports only what it runs

    url = local_settings(data).required_database_url
    console.print(describe_clock(asyncio.run(accept_clock(url, reason=reason, by=account_name()))))


def describe_clock(state: "ClockState") -> str:
    """Describe how the clock stands, and what follows."""
    if state.recorded_at is None:
        return f"The database's clock stands at {format_time(state.now)}; nothing has been recorded yet."
    stands = (
        f"The database's clock stands at {format_time(state.now)}; event {state.position}, the last one, was recorded "
        f"at {format_time(state.recorded_at)}."
    )
    if state.refuses:
        return (
            f"{stands}\nThat is {state.behind} ahead, so nothing can be recorded. If the clock ran ahead and is right "
            "now, either wait for so long, or: seatledger clock accept --reason TEXT"
        )
    if state.behind:
        return (
            f"{stands}\nUntil the clock has caught up, in {state.behind}, events get that time and no deadline passes."
        )
    return f"{stands}\nThat is as it should be."
