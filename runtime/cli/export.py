"""`seatledger audit export`: a part of the log as a file."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from eventstore.exports.formats import Format
from runtime.cli.audit import TIME_FORMATS, Since, in_utc
from runtime.cli.history import console
from runtime.cli.running import Data
from runtime.ground import settings_here

ALL = 2**63 - 1


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("export")(export)


def export(
    *,
    out: Annotated[Path, typer.Option(help="The file to write; seals and manifest stand beside it.", dir_okay=False)],
    kind: Annotated[Format, typer.Option("--format", help="JSON Lines, or Parquet.")] = Format.JSONL,
    event: Annotated[list[str] | None, typer.Option(help="Events of this name; may be given several times.")] = None,
    stream: Annotated[str | None, typer.Option(help="Events of this stream.")] = None,
    since: Since = None,
    until: Annotated[
        datetime | None,
        typer.Option("--to", "--at", formats=TIME_FORMATS, callback=in_utc, help="As the log was at this time."),
    ] = None,
    after: Annotated[int, typer.Option(min=0, help="After this position: to go on where another export ended.")] = 0,
    upto: Annotated[int | None, typer.Option(min=0, help="Up to this position.")] = None,
    data: Data | None = None,
) -> None:
    """Write events to a file, byte for byte as they are stored, with the seals that cover them and a manifest."""
    from eventstore.store import Wanted  # noqa: PLC0415 - a part imports only what it runs
    from projections.past.searching import Search  # noqa: PLC0415 - a part imports only what it runs
    from runtime.exporting import export_log  # noqa: PLC0415 - a part imports only what it runs

    asked = Search(
        wanted=Wanted(names=event or None, stream=stream),
        limit=ALL,
        after=after,
        before=None if upto is None else upto + 1,
        since=since,
        until=until,
    )
    manifest = asyncio.run(export_log(settings_here(data), asked, kind=kind, out=out))
    console.print(f"{manifest.events} events of the positions {manifest.after + 1} to {manifest.upto} in {out}")
    console.print(f"sha256 {manifest.sha256}; sealed up to {manifest.sealed_upto}, by {manifest.seals} seals")
