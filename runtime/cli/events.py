"""`seatledger events`: the recorded events, described for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from runtime.cli.output import console
from runtime.documents import write_documents


def schema(
    *,
    out: Annotated[Path, typer.Option(help="The folder to write to.", file_okay=False)] = Path("docs/events"),
    examples: Annotated[
        Path, typer.Option(help="Folder of stored events to show, `<Name>.v<version>.json`.", file_okay=False)
    ] = Path("tests/stored_events"),
) -> None:
    """Write a JSON Schema of every event.

    An AsyncAPI document of the NATS subjects and an index are written beside them.
    """
    written = write_documents(out, examples)
    console.print(f"{len(written)} files in {out}")
