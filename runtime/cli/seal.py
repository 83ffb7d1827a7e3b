"""The sealer as a process of its own, and the way on after a restore."""

from typing import Annotated

import typer
from rich.console import Console

from runtime.cli.options import Data, require_words
from runtime.local.data_directory import local_settings

console = Console(highlight=False, soft_wrap=True)
app = typer.Typer(help="Seal the log into the second place.", invoke_without_command=True)


@app.callback()
def run(context: typer.Context) -> None:
    """Seal the log into the second place, range by range, until stopped."""
    if context.invoked_subcommand is None:
        from runtime.sealing import run_sealer  # noqa: PLC0415 - a part imports only what it runs

        run_sealer()


@app.command("new-chain")
def new_chain(
    reason: Annotated[
        str,
        typer.Option(help="Why what was sealed is no longer what the log says: a restore.", callback=require_words),
    ],
    data: Data = None,
) -> None:
    """Begin a new chain over the whole log; what was sealed before is kept beside it, as evidence."""
    from runtime.sealing import begin_chain  # noqa: PLC0415 - a part imports only what it runs

    console.print(begin_chain(local_settings(data), reason))
