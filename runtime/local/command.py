"""`seatledger up`: everything on this machine."""

from typing import Annotated

import typer

from runtime.cli.options import Data
from runtime.cli.output import console
from runtime.local.data_directory import API_PORT, data_folder
from runtime.local.run_all import run_all

Port = Annotated[int, typer.Option(min=1, max=65_535, help="The API's port, on loopback.")]


def up(
    port: Port = API_PORT,
    data: Data = None,
    *,
    no_demo: Annotated[bool, typer.Option("--no-demo", help="Start without the demo's data.")] = False,
) -> None:
    """Run everything on this machine until Ctrl-C.

    Starts the embedded servers, the API with the screens, the background parts and the sandbox payment gateway.
    """
    run_all(data_folder(data), port=port, demo=not no_demo, report=console.print)
    console.print("stopped")
