"""Rehearsals: buyers without a password, for load and tests in demo mode."""

import asyncio
from typing import Annotated

import typer

from runtime.cli.options import Data
from runtime.local.data_directory import local_settings

app = typer.Typer(help="Prepare a rehearsal.", no_args_is_help=True)

BUYERS_MAX = 50_000


@app.callback()
def rehearse() -> None:
    """Prepare a rehearsal."""


@app.command("buyers")
def buyers(
    number: Annotated[int, typer.Argument(min=1, max=BUYERS_MAX, help="How many.")],
    data: Data = None,
) -> None:
    """Open rehearsal buyers and print one access token a line, good for two hours; refused outside demo mode."""
    from runtime import account_admin  # noqa: PLC0415 - a part imports only what it runs

    for token in asyncio.run(account_admin.rehearsal_tokens(local_settings(data), number)):
        typer.echo(token)
