"""`seatledger audit export`: a part of the log as a file."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from audit.log_search import Search
from eventstore.exports.formats import Format
from eventstore.store import EventFilter
from runtime.cli.options import After, Data, InStream, Names, Since, Until, UpTo, position_after
from runtime.cli.output import console
from runtime.exporting import export_log
from runtime.local.data_directory import local_settings

EVENTS_MAX = 2**63 - 1
"""An export has no limit; a search needs one."""


def export(
    *,
    out: Annotated[Path, typer.Option(help="The file to write; seals and manifest get derived names.", dir_okay=False)],
    kind: Annotated[Format, typer.Option("--format", help="JSON Lines, or Parquet.")] = Format.JSONL,
    name: Names = None,
    stream: InStream = None,
    since: Since = None,
    until: Until = None,
    after: After = 0,
    up_to: UpTo = None,
    data: Data = None,
) -> None:
    """Write events to a file, with seals and a manifest.

    The events are byte for byte as stored; the seals are those that cover them. `--after` continues an earlier export.
    """
    search = Search(
        wanted=EventFilter(names=name or None, stream=stream),
        limit=EVENTS_MAX,
        after=after,
        before=position_after(up_to),
        since=since,
        until=until,
    )
    manifest = asyncio.run(export_log(local_settings(data), search, kind=kind, out=out))
    console.print(f"{manifest.events} events of the positions {manifest.after + 1} to {manifest.upto} in {out}")
    console.print(f"sha256 {manifest.sha256}; sealed up to {manifest.sealed_upto}, by {manifest.seals} seals")
