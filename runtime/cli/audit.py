"""`seatledger audit`: the log and what it says about the past, for people and, with `--json`, for programs."""

import asyncio
from typing import Annotated

import typer

from runtime.cli import output
from runtime.cli.options import After, AsJson, At, Data, InStream, Names, Position, Since, Until, UpTo, position_after
from runtime.local.data_directory import local_settings

ROWS = 100
ROWS_MAX = 10_000

app = typer.Typer(help="The log, and the past as it was recorded.", no_args_is_help=True)


@app.callback()
def audit() -> None:
    """The log, and the past as it was recorded."""


@app.command("log")
def log(
    *,
    name: Names = None,
    stream: InStream = None,
    prefix: Annotated[str | None, typer.Option(help="Events of streams whose names begin so: seat-")] = None,
    actor: Annotated[str | None, typer.Option(help="Caused by this account, device or kind of actor.")] = None,
    performance: Annotated[str | None, typer.Option(help="About this performance.")] = None,
    organizer: Annotated[str | None, typer.Option(help="About this organizer.")] = None,
    since: Since = None,
    until: Until = None,
    after: After = 0,
    up_to: UpTo = None,
    newest_first: Annotated[bool, typer.Option("--newest-first", help="Backwards, from the end.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=ROWS_MAX, help="How many events at most.")] = ROWS,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Show the events of the log that match; status 3: none does."""
    from audit.log_search import Search  # noqa: PLC0415 - a part imports only what it runs
    from eventstore.store import EventFilter  # noqa: PLC0415 - a part imports only what it runs
    from runtime import audit as past  # noqa: PLC0415 - a part imports only what it runs

    subjects = {"performance": performance, "organizer": organizer}
    wanted = EventFilter(
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
        before=position_after(up_to),
        since=since,
        until=until,
        newest_first=newest_first,
    )
    found = asyncio.run(past.search_log(local_settings(data), asked))
    if as_json:
        output.show_json(*found)
    elif found:
        output.show_events(found)
    else:
        output.console.print("Nothing found: no event of the log is all of that.")
    if not found:
        raise typer.Exit(output.NOTHING_FOUND)


@app.command("stream")
def stream(
    name: Annotated[str, typer.Argument(help="A stream: order-0198…, seat-<performance>-<seat>.")],
    at: At = None,
    position: Position = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Show one thing as it was, and what had happened to it."""
    from runtime import audit as past  # noqa: PLC0415 - a part imports only what it runs

    moment = past.PointInTime(at=at, position=position)
    found = asyncio.run(past.show_stream(local_settings(data), name, moment))
    output.show_as_of(f"{name}, version {found['version']},", found, state=found["state"], as_json=as_json)


@app.command("seat")
def seat(
    performance: Annotated[str, typer.Argument(help="A performance's id.")],
    key: Annotated[str, typer.Argument(metavar="SEAT", help="A seat's key, as in the layout.")],
    *,
    at: At = None,
    position: Position = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Show a seat as it was, who held it, when, in which order, and why it came back."""
    from runtime import audit as past  # noqa: PLC0415 - a part imports only what it runs

    moment = past.PointInTime(at=at, position=position)
    found = asyncio.run(past.show_seat(local_settings(data), performance, key, moment))
    output.show_as_of(f"Seat {key}", found, state={**found["state"], "available": found["available"]}, as_json=as_json)


@app.command("order")
def order(
    order_id: Annotated[str, typer.Argument(help="An order's id.")],
    at: At = None,
    position: Position = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Show an order and its money as they were, and what had happened to it, its payments, refunds and tickets."""
    from runtime import audit as past  # noqa: PLC0415 - a part imports only what it runs

    moment = past.PointInTime(at=at, position=position)
    found = asyncio.run(past.show_order(local_settings(data), order_id, moment))
    output.show_as_of(f"Order {order_id}", found, state=found["order"], as_json=as_json)
