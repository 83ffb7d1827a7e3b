"""`seatledger audit export`: a part of the log as a file."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from eventstore.exports.formats import Format
from runtime.cli.options import After, Data, InStream, Names, Since, Until, UpTo, position_after
from runtime.cli.output import console
from runtime.local.data_directory import local_settings

ALL = 2**63 - 1


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("export")(export)


def export(
    *,
    out: Annotated[Path, typer.Option(help="The file to write; seals and manifest stand beside it.", dir_okay=False)],
    kind: Annotated[Format, typer.Option("--format", help="JSON Lines, or Parquet.")] = Format.JSONL,
    name: Names = None,
    stream: InStream = None,
    since: Since = None,
    until: Until = None,
    after: After = 0,
    up_to: UpTo = None,
    data: Data = None,
) -> None:
    """Write events to a file, byte for byte as they are stored, with the seals that cover them and a manifest.

    `--after` goes on where another export ended.
    """
    from audit.log_search import Search  # noqa: PLC0415 - a part imports only what it runs
    from eventstore.store import EventFilter  # noqa: PLC0415 - a part imports only what it runs
    from runtime.exporting import export_log  # noqa: PLC0415 - a part imports only what it runs

    search = Search(
        wanted=EventFilter(names=name or None, stream=stream),
        limit=ALL,
        after=after,
        before=position_after(up_to),
        since=since,
        until=until,
    )
    manifest = asyncio.run(export_log(local_settings(data), search, kind=kind, out=out))
    console.print(f"{manifest.events} events of the positions {manifest.after + 1} to {manifest.upto} in {out}")
    console.print(f"sha256 {manifest.sha256}; sealed up to {manifest.sealed_upto}, by {manifest.seals} seals")
