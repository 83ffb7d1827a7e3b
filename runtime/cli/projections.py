"""`seatledger projections`: a table and three switches; see `rebuilds` for the rest."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from runtime.cli.running import Data
from runtime.ground import settings_here

Name = Annotated[str, typer.Argument(help="A read model, as `seatledger projections list` names it.")]

app = typer.Typer(help="The read models.", no_args_is_help=True)
console = Console(highlight=False)


@app.command("list")
def show(data: Data | None = None) -> None:
    """Show every read model: state, position, how far behind, and what it failed on."""
    from runtime import read_models  # noqa: PLC0415 - a part imports only what it runs

    head, states = asyncio.run(read_models.look(settings_here(data)))
    table = Table("name", "state", "position", "behind", "error")
    for state in states:
        behind = str(max(head - state.position, 0))
        table.add_row(state.name, state.state, str(state.position), behind, state.error or "")
    console.print(table)


@app.command("pause")
def pause(name: Name, data: Data | None = None) -> None:
    """Let a read model stand still."""
    move(name, data, "pause")


@app.command("resume")
def resume(name: Name, data: Data | None = None) -> None:
    """Let a paused read model go on."""
    move(name, data, "resume")


@app.command("retry")
def retry(name: Name, data: Data | None = None) -> None:
    """Let a failed read model try the event again that it failed on."""
    move(name, data, "retry")


def move(name: str, data: Data | None, how: str) -> None:
    """Change a read model's state and say so."""
    from runtime import read_models  # noqa: PLC0415 - a part imports only what it runs

    asyncio.run(read_models.move(settings_here(data), name, how))
    console.print(f"{name}: {how} is done.")
