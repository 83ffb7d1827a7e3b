"""The relay as a process of its own, and the way on after a restore or failover."""

from typing import Annotated

import typer
from rich.console import Console

from runtime.cli.options import Data, require_words
from runtime.local.data_directory import local_settings

console = Console(highlight=False, soft_wrap=True)
app = typer.Typer(help="Copy the log to NATS JetStream.", invoke_without_command=True)


@app.callback()
def run(context: typer.Context) -> None:
    """Copy the log to NATS JetStream, position by position, until stopped."""
    if context.invoked_subcommand is None:
        from runtime.entrypoints.workers import run_relay  # noqa: PLC0415 - a part imports only what it runs

        run_relay()


@app.command("new-epoch")
def new_epoch(
    reason: Annotated[
        str, typer.Option(help="Why the log went back in time: a restore, a failover.", callback=require_words)
    ],
    data: Data = None,
) -> None:
    """Begin a new stream from here, after the relay has stopped because the log went back in time."""
    from runtime.entrypoints.workers import begin_epoch  # noqa: PLC0415 - a part imports only what it runs

    console.print(begin_epoch(local_settings(data), reason))
