"""`seatledger audit`: the log and past states, as text for people and, with `--json`, for programs."""

import asyncio
from typing import Annotated

import typer

from audit.log_search import Search
from eventstore.store import EventFilter
from runtime import audit
from runtime.audit import PointInTime
from runtime.cli import output
from runtime.cli.options import After, AsJson, At, Data, InStream, Names, Position, Since, Until, UpTo, position_after
from runtime.local.data_directory import local_settings

ROWS = 100
ROWS_MAX = 10_000


def log(
    *,
    name: Names = None,
    stream: InStream = None,
    prefix: Annotated[str | None, typer.Option(help="Events of streams whose names have this prefix: seat-")] = None,
    actor: Annotated[str | None, typer.Option(help="Caused by this account, device or kind of actor.")] = None,
    performance: Annotated[str | None, typer.Option(help="About this performance.")] = None,
    organizer: Annotated[str | None, typer.Option(help="About this organizer.")] = None,
    since: Since = None,
    until: Until = None,
    after: After = 0,
    up_to: UpTo = None,
    newest_first: Annotated[bool, typer.Option("--newest-first", help="Newest events first.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=ROWS_MAX, help="The largest number of events.")] = ROWS,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Show the events of the log that match every option.

    Exit status 3: no event matches.
    """
    subjects = {"performance": performance, "organizer": organizer}
    wanted = EventFilter(
        names=name or None,
        stream=stream,
        prefix=prefix,
        actor=actor,
        subjects={subject: key for subject, key in subjects.items() if key is not None},
    )
    query = Search(
        wanted=wanted,
        limit=limit,
        after=after,
        before=position_after(up_to),
        since=since,
        until=until,
        newest_first=newest_first,
    )
    found = asyncio.run(audit.search_log(local_settings(data), query))
    if as_json:
        output.show_json(*found)
    elif found:
        output.show_events(found)
    else:
        output.console.print("Nothing found: no event matches every option.")
    if not found:
        raise typer.Exit(output.NOTHING_FOUND)


def stream(
    name: Annotated[str, typer.Argument(help="A stream: order-0198…, seat-<performance>-<seat>.")],
    at: At = None,
    position: Position = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Show a stream's state and events as of a moment."""
    moment = PointInTime(at=at, position=position)
    found = asyncio.run(audit.show_stream(local_settings(data), name, moment))
    output.show_as_of(f"{name}, version {found['version']},", found, state=found["state"], as_json=as_json)


def seat(
    performance: Annotated[str, typer.Argument(help="A performance's id.")],
    key: Annotated[str, typer.Argument(metavar="SEAT", help="A seat's key, as in the layout.")],
    *,
    at: At = None,
    position: Position = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Show a seat's state and history as of a moment.

    The history lists each claim with its holder, its order, and why the seat was released.
    """
    moment = PointInTime(at=at, position=position)
    found = asyncio.run(audit.show_seat(local_settings(data), performance, key, moment))
    output.show_as_of(f"Seat {key}", found, state={**found["state"], "available": found["available"]}, as_json=as_json)


def order(
    order_id: Annotated[str, typer.Argument(help="An order's id.")],
    at: At = None,
    position: Position = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Show an order's state and history as of a moment.

    The history includes its payments, refunds and tickets.
    """
    moment = PointInTime(at=at, position=position)
    found = asyncio.run(audit.show_order(local_settings(data), order_id, moment))
    output.show_as_of(f"Order {order_id}", found, state=found["order"], as_json=as_json)
