"""`seatledger migrate` and `seatledger clock`: the database's schema, and its clock compared with the log."""

import asyncio
from typing import Annotated

import typer

from eventstore.postgres.clock_acceptance import accept_clock, read_clock
from eventstore.store import ClockState
from runtime.cli.options import Data, require_words
from runtime.cli.output import console, format_time
from runtime.command_handling import account_name
from runtime.database import migrate_all, statements_for_roles
from runtime.local.data_directory import local_settings

clock = typer.Typer(invoke_without_command=True, add_completion=False)


def migrate(
    data: Data = None,
    *,
    print_roles: Annotated[
        bool,
        typer.Option("--print-roles", help="Print the statements that create the login roles, and change nothing."),
    ] = False,
) -> None:
    """Apply pending schema migrations, and create login roles.

    The roles are created only if the role of SEATLEDGER_DATABASE_URL may create roles.
    """
    settings = local_settings(data)
    if print_roles:
        typer.echo(asyncio.run(statements_for_roles(settings)))
        return
    applied = asyncio.run(migrate_all(settings))
    for name in applied:
        console.print(name)
    if not applied:
        console.print("The schema is up to date.")


@clock.callback()
def show_clock(context: typer.Context, data: Data = None) -> None:
    """Compare the database's clock with the log.

    Exit status 1: the clock is so far behind the last event that nothing can be recorded.
    """
    if context.invoked_subcommand is not None:
        return
    state = asyncio.run(read_clock(local_settings(data).required_database_url))
    console.print(describe_clock(state))
    if state.refuses:
        raise typer.Exit(1)


@clock.command("accept")
def accept(
    reason: Annotated[
        str, typer.Option(help="Why the clock ran ahead, and since when it is right.", callback=require_words)
    ],
    data: Data = None,
) -> None:
    """Record events at the last event's time until the clock has caught up; no deadline passes until then."""
    url = local_settings(data).required_database_url
    console.print(describe_clock(asyncio.run(accept_clock(url, reason=reason, by=account_name()))))


def describe_clock(state: ClockState) -> str:
    """Describe the clock's time, the last event's time, and what follows from the difference."""
    if state.recorded_at is None:
        return f"The database's clock shows {format_time(state.now)}; no event is recorded yet."
    times = (
        f"The database's clock shows {format_time(state.now)}; the last event, {state.position}, was recorded at "
        f"{format_time(state.recorded_at)}."
    )
    if state.refuses:
        return (
            f"{times}\nThat is {state.behind} ahead, so nothing can be recorded. If the clock ran ahead and is right "
            "now, either wait that long, or run: seatledger clock accept --reason TEXT"
        )
    if state.behind:
        return (
            f"{times}\nUntil the clock has caught up, in {state.behind}, events are recorded at that time and no "
            "deadline passes."
        )
    return f"{times}\nThe clock is right."
