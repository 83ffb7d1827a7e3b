"""`seatledger seal`: the sealer as a process, and the start of a new chain after a restore."""

from typing import Annotated

import typer

from runtime.cli.options import Data, require_words
from runtime.cli.output import console
from runtime.local.data_directory import local_settings
from runtime.sealing import begin_chain, run_sealer

app = typer.Typer(invoke_without_command=True, add_completion=False)


@app.callback()
def run(context: typer.Context) -> None:
    """Seal the log into the seal archive.

    Runs until stopped; each seal covers a range of positions.
    """
    if context.invoked_subcommand is None:
        run_sealer()


@app.command("new-chain")
def new_chain(
    reason: Annotated[
        str,
        typer.Option(help="Why the log no longer matches its seals: a restore.", callback=require_words),
    ],
    data: Data = None,
) -> None:
    """Start a new chain over the whole log; the earlier chain is kept as evidence."""
    console.print(begin_chain(local_settings(data), reason))
