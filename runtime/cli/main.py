"""Assembles the command line, and turns what can go wrong into one sentence and an exit status."""

import platform
import sys
import traceback
from importlib import metadata
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated

import psycopg
import typer

from domain.errors import Rejected
from eventstore.errors import EventStoreError
from runtime.cli import (
    accounts,
    audit,
    clock,
    demo,
    events,
    export,
    processes,
    processes_running,
    projections,
    rebuilds,
    rehearse,
    relay,
    seal,
    verify,
)
from runtime.local.embedded import EmbeddedServerError
from runtime.local.errors import NoRoom, PortTaken, ProcessExited
from runtime.settings import SettingsRefused
from runtime.tour.errors import TourFailed

EXPECTED_ERRORS = (
    EmbeddedServerError,
    ProcessExited,
    PortTaken,
    NoRoom,
    SettingsRefused,
    EventStoreError,
    Rejected,
    TourFailed,
)

INTERNAL_ERROR = 70
"""EX_SOFTWARE of sysexits.h."""

app = typer.Typer(
    name="seatledger",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
processes_running.add_to(app)
app.add_typer(relay.app, name="relay")
app.add_typer(accounts.app, name="accounts")
app.add_typer(demo.seed_app, name="seed")
app.command("tour")(demo.tour)
app.add_typer(rehearse.app, name="rehearse")
app.add_typer(processes.app, name="processes")
rebuilds.add_to(projections.app)
app.add_typer(projections.app, name="projections")
verify.add_to(audit.app)
export.add_to(audit.app)
app.add_typer(audit.app, name="audit")
app.add_typer(events.app, name="events")
app.add_typer(seal.app, name="seal")
app.add_typer(clock.app, name="clock")


def print_version(requested: bool) -> None:
    """Print the version and end."""
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

    Exit status: 0 done; 1 refused, or not as it should be; 2 mistyped; 3 nothing found, or a rebuild differs and was
    not swapped; 70 an error of the program itself; 130 interrupted.
    """


commands = typer.main.get_command(app)
"""Built with this module, so that a part forked from a process that has imported it builds nothing."""


def main() -> None:
    """Run the command that was typed; a person at a terminal reads a sentence, never a traceback."""
    try:
        commands()
    except EXPECTED_ERRORS as error:
        sys.exit(f"seatledger: {error}")
    except psycopg.Error as error:
        sys.exit(f"seatledger: the database refused: {first_line(error)}")
    except OSError as error:
        sys.exit(f"seatledger: {first_line(error)}")
    except Exception as error:
        if not sys.stderr.isatty():  # the log of a part, which is where a traceback belongs
            raise
        report = write_report()
        sys.stderr.write(f"seatledger: error of the program itself: {first_line(error)}; details in {report}\n")
        sys.exit(INTERNAL_ERROR)


def first_line(error: Exception) -> str:
    """Return the first line of an error's text, or its kind."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__


def write_report() -> Path:
    """Write the traceback of the error at hand into a file of its own."""
    with NamedTemporaryFile("w", prefix="seatledger-", suffix=".txt", delete=False, encoding="utf-8") as report:
        report.write(traceback.format_exc())
    return Path(report.name)
