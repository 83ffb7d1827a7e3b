"""The demo: its data, and the tour through one booking."""

import json
from typing import Annotated

import typer
from rich.console import Console

from runtime.cli.options import Data
from runtime.local.data_directory import DataDirectory, data_folder, local_settings
from runtime.tour.errors import TourFailed

console = Console(highlight=False, soft_wrap=True)
seed_app = typer.Typer(help="Fill an empty shop.", no_args_is_help=True)

Url = Annotated[
    str | None, typer.Option(help="Where the API is; else where the data folder's shop listens.", show_default=False)
]


@seed_app.callback()
def seed() -> None:
    """Fill an empty shop."""


@seed_app.command("demo")
def seed_demo(data: Data = None) -> None:
    """Make the demo's accounts, houses and shows; what is there already stays as it is."""
    from runtime.demo.starting import seed_the_demo  # noqa: PLC0415 - a part imports only what it runs

    seed_the_demo(local_settings(data), console.print)


def tour(url: Url = None, data: Data = None) -> None:
    """Show one booking step by step, from hold to refund, and print the events it caused."""
    import httpx  # noqa: PLC0415 - a part imports only what it runs

    from runtime.tour.story import run_tour  # noqa: PLC0415 - a part imports only what it runs

    directory = DataDirectory(data_folder(data))
    file, url = directory.demo_accounts, url or directory.api_url
    if not file.exists():
        raise TourFailed(f"{file} is missing: name the running demo's folder with --data, or start one: make run.")
    demo = json.loads(file.read_text())
    try:
        run_tour(url, demo["accounts"], demo["password"], console.print)
    except httpx.TransportError as error:
        raise TourFailed(
            f"{url} cannot be reached ({error}): start the shop with make run, or name another with --data or --url."
        ) from error
