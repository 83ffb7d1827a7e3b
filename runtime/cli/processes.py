"""`seatledger processes`: the state of every process, and the retry of a failed one."""

import asyncio
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from runtime import process_operations
from runtime.cli.options import Data
from runtime.cli.output import console
from runtime.local.data_directory import local_settings

Name = Annotated[str, typer.Argument(help="A process, as `seatledger processes list` names it.")]


def show(data: Data = None) -> None:
    """Show the state of every process.

    Shows position, open work, work that is being retried, and the last error.
    """
    statuses = asyncio.run(process_operations.list_statuses(local_settings(data)))
    table = Table("name", "state", "position", "work", "retrying")
    for status in statuses:
        table.add_row(status.name, status.state, str(status.position), str(status.waiting), str(status.retrying))
    console.print(table)
    for status in statuses:
        if status.failed_at is not None:
            retry_at = "" if status.retry_at is None else f"; next try at {status.retry_at:%Y-%m-%d %H:%M:%S} UTC"
            failure = f"{status.name} failed {status.tries} times, last at position {status.failed_position}"
            console.print(Text(f"{failure}: {status.error}{retry_at}"))


def retry(name: Name, data: Data = None) -> None:
    """Retry a failed process at once."""
    asyncio.run(process_operations.retry_now(local_settings(data), name))
    console.print(f"{name} is retried now.")
