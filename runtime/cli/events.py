"""`seatledger events`: what is recorded, described for other programs."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

console = Console(highlight=False, soft_wrap=True)
app = typer.Typer(help="What is recorded, described for other programs.", no_args_is_help=True)


@app.callback()
def events() -> None:
    """What is recorded, described for other programs."""


@app.command("schema")
def schema(
    *,
    out: Annotated[Path, typer.Option(help="Where to write.", file_okay=False)] = Path("docs/events"),
    examples: Annotated[
        Path, typer.Option(help="Stored documents to show, `<Name>.v<version>.json`.", file_okay=False)
    ] = Path("tests/stored_events"),
) -> None:
    """Write a JSON Schema for each event, and an AsyncAPI document for the NATS subjects."""
    from runtime.documents import write_documents  # noqa: PLC0415 - a part imports only what it runs

    written = write_documents(out, examples)
    console.print(f"{len(written)} files in {out}")
