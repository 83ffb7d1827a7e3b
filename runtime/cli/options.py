"""Options that several commands share: one name, one meaning and one help text each."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer


def parse_time(text: str) -> datetime:
    """Parse a time in ISO 8601; a time without a zone is in UTC.

    Raises:
        typer.BadParameter: the text is not such a time.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a time; write it as 2026-11-20T18:00:00Z or 2026-11-20.") from None
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


def require_words(text: str) -> str:
    """Return a reason without surrounding spaces.

    Raises:
        typer.BadParameter: it is empty, or holds characters that are not printable, such as line breaks.
    """
    words = text.strip()
    if not words or not words.isprintable():
        raise typer.BadParameter("say why in words, on one line.")
    return words


Data = Annotated[
    Path | None,
    typer.Option(help="The data folder; default: SEATLEDGER_DATA, else var.", file_okay=False, show_default=False),
]
At = Annotated[
    datetime | None,
    typer.Option(parser=parse_time, metavar="TIME", help="State as of this time, ISO 8601; default zone: UTC."),
]
Since = Annotated[
    datetime | None, typer.Option("--from", parser=parse_time, metavar="TIME", help="Recorded at this time or later.")
]
Until = Annotated[
    datetime | None, typer.Option("--to", parser=parse_time, metavar="TIME", help="Recorded at this time or before.")
]
Position = Annotated[int | None, typer.Option(min=0, help="State as of this position.")]
After = Annotated[int, typer.Option(min=0, help="Positions after this one.")]
UpTo = Annotated[int | None, typer.Option("--up-to", min=1, help="Positions up to and including this one.")]
Names = Annotated[list[str] | None, typer.Option("--name", help="Events of this name; may be given several times.")]
InStream = Annotated[str | None, typer.Option("--stream", help="Events of this stream.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]


def position_after(up_to: int | None) -> int | None:
    """Return the first position that `--up-to` excludes."""
    return None if up_to is None else up_to + 1
