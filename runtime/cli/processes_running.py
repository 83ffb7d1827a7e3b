"""`up`, and each part as a process of its own."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console

from runtime.cli.options import Data
from runtime.local.data_directory import API_PORT, data_folder, local_settings

Port = Annotated[int, typer.Option(min=1, max=65_535, help="Where the API listens, on loopback.")]

console = Console(highlight=False, soft_wrap=True)


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("up")(run_up)
    app.command("migrate")(run_migrate)
    app.command("api")(run_api)
    app.command("project")(run_project)
    app.command("process")(run_process)


def run_up(
    port: Port = API_PORT,
    data: Data = None,
    *,
    no_demo: Annotated[bool, typer.Option("--no-demo", help="Start with an empty shop.")] = False,
) -> None:
    """Run everything on this machine until Ctrl-C: servers, API, screens, background parts, sandbox gateway."""
    from runtime.local.run_all import run_all  # noqa: PLC0415 - a part imports only what it runs

    run_all(data_folder(data), port=port, demo=not no_demo, report=console.print)
    console.print("stopped")


def run_migrate(
    data: Data = None,
    *,
    print_roles: Annotated[
        bool,
        typer.Option("--print-roles", help="Print the statements that make the login roles, and change nothing."),
    ] = False,
) -> None:
    """Bring the database's schema up to date, and its login roles if SEATLEDGER_DATABASE_URL's role may make them."""
    from runtime.database import migrate_all, statements_for_roles  # noqa: PLC0415 - a part imports only what it runs

    settings = local_settings(data)
    if print_roles:
        typer.echo(asyncio.run(statements_for_roles(settings)))
        return
    applied = asyncio.run(migrate_all(settings))
    for name in applied:
        console.print(name)
    if not applied:
        console.print("The schema is up to date.")


def run_api(port: Annotated[int | None, typer.Option(help="In place of SEATLEDGER_PORT.")] = None) -> None:
    """Serve the API."""
    from runtime.entrypoints.api_server import run_api as serve  # noqa: PLC0415 - a part imports only what it runs

    serve(port)


def run_project() -> None:
    """Keep the read models up to date."""
    from runtime.entrypoints.workers import run_projections  # noqa: PLC0415 - a part imports only what it runs

    run_projections()


def run_process() -> None:
    """Run the processes: lapsed holds, captured payments, approved refunds, the payment providers' books."""
    from runtime.entrypoints.process_worker import main  # noqa: PLC0415 - a part imports only what it runs

    main()
