"""`seatledger relay`: the relay as a process, and the start of a new epoch after a restore or failover."""

from typing import Annotated

import typer

from runtime.cli.options import Data, require_words
from runtime.cli.output import console
from runtime.entrypoints.workers import begin_epoch, run_relay
from runtime.local.data_directory import local_settings

app = typer.Typer(invoke_without_command=True, add_completion=False)


@app.callback()
def run(context: typer.Context) -> None:
    """Publish the log to NATS JetStream.

    Runs until stopped; a message's sequence is the event's position.
    """
    if context.invoked_subcommand is None:
        run_relay()


@app.command("new-epoch")
def new_epoch(
    reason: Annotated[
        str, typer.Option(help="Why the log went back in time: a restore, a failover.", callback=require_words)
    ],
    data: Data = None,
) -> None:
    """Start a new epoch, after the relay has stopped because the log went back in time."""
    console.print(begin_epoch(local_settings(data), reason))
