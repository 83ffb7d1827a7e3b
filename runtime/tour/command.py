"""`seatledger tour`: one booking against a running demo."""

import json
from typing import Annotated

import httpx
import typer

from runtime.cli.options import Data
from runtime.cli.output import console
from runtime.local.data_directory import DataDirectory, data_folder
from runtime.tour.errors import TourFailed
from runtime.tour.story import run_tour

Url = Annotated[
    str | None,
    typer.Option(help="The API's address; default: that of the data folder's API.", show_default=False),
]


def tour(url: Url = None, data: Data = None) -> None:
    """Run one booking step by step, and print the events it caused.

    The booking goes from the hold over payment and entry to a refund.
    """
    directory = DataDirectory(data_folder(data))
    file, url = directory.demo_accounts, url or directory.api_url
    if not file.exists():
        raise TourFailed(f"{file} is missing: name the running demo's folder with --data, or start a demo: make run.")
    demo = json.loads(file.read_text())
    try:
        run_tour(url, demo["accounts"], demo["password"], console.print)
    except httpx.TransportError as error:
        raise TourFailed(
            f"{url} cannot be reached ({error}): start the demo with make run, or name another with --data or --url."
        ) from error
