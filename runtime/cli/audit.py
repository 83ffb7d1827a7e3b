"""`seatledger audit`: the log and what it says about the past, for people and, with `--json`, for programs."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from runtime.cli.running import Data
from runtime.ground import settings_here

ROWS = 100
ROWS_MAX = 10_000
TIME_FORMATS = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d"]

Time = Annotated[datetime | None, typer.Option(formats=TIME_FORMATS, metavar="TIME")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]

console = Console(highlight=False, soft_wrap=True)
app = typer.Typer(help="The log, and what it says about the past.", no_args_is_help=True)


@app.callback()
def audit() -> None:
    """The log, and what it says about the past."""


@app.command("log")
def log(
    *,
    name: Annotated[list[str] | None, typer.Option(help="Events of this name; may be given several times.")] = None,
    stream: Annotated[str | None, typer.Option(help="Events of this stream.")] = None,
    prefix: Annotated[str | None, typer.Option(help="Events of streams whose names begin so: seat-")] = None,
    actor: Annotated[str | None, typer.Option(help="Caused by this account, device or kind of actor.")] = None,
    performance: Annotated[str | None, typer.Option(help="About this performance.")] = None,
    organizer: Annotated[str | None, typer.Option(help="About this organizer.")] = None,
    since: Annotated[
        datetime | None, typer.Option("--from", formats=TIME_FORMATS, help="At this time or later.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--to", formats=TIME_FORMATS, help="At this time or before.")
    ] = None,
    after: Annotated[int, typer.Option(min=0, help="After this position.")] = 0,
    before: Annotated[int | None, typer.Option(min=0, help="Before this position.")] = None,
    newest_first: Annotated[bool, typer.Option("--newest-first", help="Backwards, from the end.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=ROWS_MAX, help="How many events at most.")] = ROWS,
    as_json: AsJson = False,
    data: Data | None = None,
) -> None:
    """Show the events of the log that are looked for."""
    from eventstore.store import Wanted  # noqa: PLC0415 - a part imports only what it runs
    from projections.past.searching import Search  # noqa: PLC0415 - a part imports only what it runs
    from runtime import past  # noqa: PLC0415 - a part imports only what it runs

    subjects = {"performance": performance, "organizer": organizer}
    wanted = Wanted(
        names=name or None,
        stream=stream,
        prefix=prefix,
        actor=actor,
        subjects={subject: wished for subject, wished in subjects.items() if wished is not None},
    )
    asked = Search(
        wanted=wanted,
        limit=limit,
        after=after,
        before=before,
        since=in_utc(since),
        until=in_utc(until),
        newest_first=newest_first,
    )
    show_events(asyncio.run(past.search_log(settings_here(data), asked)), as_json=as_json)


def in_utc(moment: datetime | None) -> datetime | None:
    """Return a time that was typed; without a zone it is meant in UTC."""
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)


def show_events(events: list[dict[str, Any]], *, as_json: bool) -> None:
    """Show events, a row or a line each."""
    if as_json:
        show_json(*events)
        return
    table = Table("position", "recorded at", "stream", "event", "by")
    for event in events:
        table.add_row(
            str(event["position"]), shown_time(event["recorded_at"]), event["stream"], event["name"], actor_of(event)
        )
    console.print(table)


def show_json(*bodies: dict[str, Any]) -> None:
    """Write each body on a line of its own, as the API would answer it."""
    import orjson  # noqa: PLC0415 - a part imports only what it runs

    for body in bodies:
        typer.echo(orjson.dumps(body, option=orjson.OPT_UTC_Z))


def shown_time(moment: datetime) -> str:
    """Write a time for people."""
    return f"{moment:%Y-%m-%d %H:%M:%S.%f} UTC"


def actor_of(event: dict[str, Any]) -> str:
    """Say who caused an event: an account, a device, a rule, a provider."""
    import orjson  # noqa: PLC0415 - a part imports only what it runs

    actor = orjson.loads(orjson.dumps(event["metadata"])).get("actor") or {}
    return " ".join(str(part) for part in (actor.get("kind"), actor.get("id")) if part)
