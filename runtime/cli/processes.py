"""`seatledger processes`: a table, and what to do when a rule has failed."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from runtime.cli.options import Data
from runtime.local.data_directory import local_settings

Name = Annotated[str, typer.Argument(help="A process, as `seatledger processes list` names it.")]

app = typer.Typer(help="The processes: what happens by itself.", no_args_is_help=True)
console = Console(highlight=False, soft_wrap=True)


@app.callback()
def processes() -> None:
    """The processes: what happens by itself."""


@app.command("list")
def show(data: Data = None) -> None:
    """Show every process: state, position, work, and what it failed on."""
    from runtime import rules  # noqa: PLC0415 - a part imports only what it runs

    found = asyncio.run(rules.standings(local_settings(data)))
    table = Table("name", "state", "position", "work", "tried before")
    for one in found:
        table.add_row(one.name, one.state, str(one.position), str(one.waiting), str(one.retrying))
    console.print(table)
    for one in found:
        if one.failed_at is not None:
            again = "" if one.retry_at is None else f"; it is tried again at {one.retry_at:%Y-%m-%d %H:%M:%S} UTC"
            line = f"{one.name} failed {one.tries} times, last at position {one.failed_position}: {one.error}{again}"
            console.print(Text(line))


@app.command("retry")
def retry(name: Name, data: Data = None) -> None:
    """Let a process that failed try again at once."""
    from runtime import rules  # noqa: PLC0415 - a part imports only what it runs

    asyncio.run(rules.retry_now(local_settings(data), name))
    console.print(f"{name} tries again.")
