"""Assembles the command line, and turns expected errors into one sentence and an exit status."""

import platform
import sys
import traceback
from importlib import metadata
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated, Any

import psycopg
import typer

from domain.errors import Rejected
from eventstore.errors import EventStoreError
from runtime.cli.lazy import LazyCommand, LazyGroup, lazy_group
from runtime.errors import OperatorError

EXPECTED_ERRORS = (OperatorError, EventStoreError, Rejected)

INTERNAL_ERROR = 70
"""EX_SOFTWARE of sysexits.h."""

COMMANDS = (
    LazyCommand("up", "runtime.local.command:up", "Run everything on this machine until Ctrl-C."),
    LazyCommand("migrate", "runtime.cli.database:migrate", "Apply pending schema migrations, and create login roles."),
    LazyCommand("api", "runtime.entrypoints.api_server:run_api", "Serve the API."),
    LazyCommand("project", "runtime.entrypoints.workers:run_projections", "Keep the read models up to date."),
    LazyCommand("process", "runtime.entrypoints.process_worker:main", "Run the processes."),
    LazyCommand("tour", "runtime.tour.command:tour", "Run one booking step by step, and print the events it caused."),
    LazyCommand("relay", "runtime.cli.relay:app", "Publish the log to NATS JetStream."),
    lazy_group(
        "accounts",
        "Accounts.",
        [LazyCommand("create", "runtime.cli.accounts:create", "Create an account, or reset one and add a role.")],
    ),
    lazy_group(
        "seed",
        "Fill an empty installation.",
        [LazyCommand("demo", "runtime.demo.command:seed_demo", "Create the demo's accounts, venues and events.")],
    ),
    lazy_group(
        "rehearse",
        "Prepare a rehearsal.",
        [LazyCommand("buyers", "runtime.cli.accounts:buyers", "Open accounts for rehearsal buyers.")],
    ),
    lazy_group(
        "processes",
        "The processes: rules that react to events.",
        [
            LazyCommand("list", "runtime.cli.processes:show", "Show the state of every process."),
            LazyCommand("retry", "runtime.cli.processes:retry", "Retry a failed process at once."),
        ],
    ),
    lazy_group(
        "projections",
        "The read models.",
        [
            LazyCommand("list", "runtime.cli.projections:show", "Show the state of every read model."),
            LazyCommand("pause", "runtime.cli.projections:pause", "Pause a read model."),
            LazyCommand("resume", "runtime.cli.projections:resume", "Resume a paused read model."),
            LazyCommand("retry", "runtime.cli.projections:retry", "Retry the event that a read model failed on."),
            LazyCommand("skip", "runtime.cli.projections:skip", "Skip the event that a read model failed on."),
            LazyCommand("unskip", "runtime.cli.projections:unskip", "Include a skipped event again."),
            LazyCommand("park", "runtime.cli.projections:park", "Exclude a stream from a read model."),
            LazyCommand("unpark", "runtime.cli.projections:unpark", "Include a parked stream again."),
            LazyCommand("rebuild", "runtime.cli.rebuilds:rebuild", "Rebuild a read model beside the live version."),
            LazyCommand("rollback", "runtime.cli.rebuilds:roll_back", "Make the previous version live again."),
            LazyCommand("drop", "runtime.cli.rebuilds:drop", "Drop the retired version and abandoned rebuilds."),
        ],
    ),
    lazy_group(
        "audit",
        "The log, and past states as it records them.",
        [
            LazyCommand("log", "runtime.cli.audit:log", "Show the events of the log that match every option."),
            LazyCommand("stream", "runtime.cli.audit:stream", "Show a stream's state and events as of a moment."),
            LazyCommand("seat", "runtime.cli.audit:seat", "Show a seat's state and history as of a moment."),
            LazyCommand("order", "runtime.cli.audit:order", "Show an order's state and history as of a moment."),
            LazyCommand("verify", "runtime.cli.verify:verify", "Verify the log against the seal archive."),
            LazyCommand("prove", "runtime.cli.verify:prove", "Write an inclusion proof of a ticket's issue."),
            LazyCommand("check", "runtime.cli.verify:check", "Check an inclusion proof without the database."),
            LazyCommand("export", "runtime.cli.export:export", "Write events to a file, with seals and a manifest."),
        ],
    ),
    lazy_group(
        "events",
        "The recorded events, described for other programs.",
        [LazyCommand("schema", "runtime.cli.events:schema", "Write a JSON Schema of every event.")],
    ),
    LazyCommand("seal", "runtime.cli.seal:app", "Seal the log into the seal archive."),
    LazyCommand("clock", "runtime.cli.database:clock", "Compare the database's clock with the log."),
)


class Seatledger(LazyGroup):
    """The root of the command line."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**{**attributes, "commands": COMMANDS})


app = typer.Typer(
    cls=Seatledger, name="seatledger", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)


def print_version(requested: bool) -> None:
    """Print the version and exit."""
    if requested:
        typer.echo(f"seatledger {metadata.version('seatledger')}, Python {platform.python_version()}")
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Sells seats: no seat twice, no money lost, every seat explains itself.

    Exit status: 0 done; 1 refused, or a fault was found; 2 mistyped; 3 nothing found, or a rebuild differs and was
    not swapped; 70 an error of the program itself; 130 interrupted.
    """


commands = typer.main.get_command(app)
"""Built when this module is imported, so that the forked parts share it."""


def main() -> None:
    """Run the command line; at a terminal an error is one sentence, never a traceback."""
    try:
        commands()
    except EXPECTED_ERRORS as error:
        sys.exit(f"seatledger: {error}")
    except psycopg.Error as error:
        sys.exit(f"seatledger: the database refused: {first_line(error)}")
    except OSError as error:
        sys.exit(f"seatledger: {first_line(error)}")
    except Exception as error:
        if not sys.stderr.isatty():  # the output of a part is its log, where the traceback belongs
            raise
        report = write_report()
        sys.stderr.write(f"seatledger: error of the program itself: {first_line(error)}; details in {report}\n")
        sys.exit(INTERNAL_ERROR)


def first_line(error: Exception) -> str:
    """Return the first line of an error's message, or its class if the message is empty."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__


def write_report() -> Path:
    """Write the traceback of the current exception to a temporary file, and return the file."""
    with NamedTemporaryFile("w", prefix="seatledger-", suffix=".txt", delete=False, encoding="utf-8") as report:
        report.write(traceback.format_exc())
    return Path(report.name)
