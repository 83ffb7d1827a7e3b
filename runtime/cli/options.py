"""The vocabulary of options: what several commands take has one name, one meaning and one help text."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer


def parse_time(text: str) -> datetime:
    """Return a time in ISO 8601; without a zone it is in UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time; write it as 2026-11-20T18:00:00Z or 2026-11-20.") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def require_words(text: str) -> str:
    """Refuse a reason that says nothing, or that prints as several lines."""
    words = text.strip()
    if not words or not words.isprintable():
        raise typer.BadParameter("say why in words, on one line.")
    return words


Data = Annotated[
    Path | None,
    typer.Option(help="The shop's data folder; else SEATLEDGER_DATA, else var.", file_okay=False, show_default=False),
]
At = Annotated[
    datetime | None,
    typer.Option(parser=parse_time, metavar="TIME", help="As it was then; ISO 8601, in UTC unless it names a zone."),
]
Since = Annotated[
    datetime | None, typer.Option("--from", parser=parse_time, metavar="TIME", help="Recorded at this time or later.")
]
Until = Annotated[
    datetime | None, typer.Option("--to", parser=parse_time, metavar="TIME", help="Recorded at this time or before.")
]
Position = Annotated[int | None, typer.Option(min=0, help="As it was after this position.")]
After = Annotated[int, typer.Option(min=0, help="After this position, without it.")]
UpTo = Annotated[int | None, typer.Option("--up-to", min=1, help="Up to this position, with it.")]
Names = Annotated[list[str] | None, typer.Option("--name", help="Events of this name; may be given several times.")]
InStream = Annotated[str | None, typer.Option("--stream", help="Events of this stream.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON: one object a line.")]


def position_after(up_to: int | None) -> int | None:
    """Return the first position that `--up-to` leaves out."""
    return None if up_to is None else up_to + 1
