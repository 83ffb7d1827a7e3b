"""Assembles the command line, and turns what can go wrong into one sentence and an exit status."""

import sys

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
    projections,
    proof,
    rebuilds,
    rehearse,
    relay,
    running,
    seal,
)
from runtime.embedded import EmbeddedServerError
from runtime.local.errors import NoRoom, PartEnded, PortTaken
from runtime.settings import SettingsRefused
from runtime.tour.errors import TourFailed

SAID = (EmbeddedServerError, PartEnded, PortTaken, NoRoom, SettingsRefused, EventStoreError, Rejected, TourFailed)

app = typer.Typer(
    name="seatledger",
    help="Sells seats: no seat twice, no money lost, every seat explains itself.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
running.add_to(app)
app.add_typer(relay.app, name="relay")
app.add_typer(accounts.app, name="accounts")
app.add_typer(demo.seed_app, name="seed")
app.command("tour")(demo.tour)
app.add_typer(rehearse.app, name="rehearse")
app.add_typer(processes.app, name="processes")
rebuilds.add_to(projections.app)
app.add_typer(projections.app, name="projections")
proof.add_to(audit.app)
export.add_to(audit.app)
app.add_typer(audit.app, name="audit")
app.add_typer(events.app, name="events")
app.add_typer(seal.app, name="seal")
app.add_typer(clock.app, name="clock")


def main() -> None:
    """Run the command that was typed."""
    try:
        app()
    except SAID as error:
        sys.exit(f"seatledger: {error}")
