"""Prints events and past states: as text, or as JSON with one object a line."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
import typer
from rich.console import Console
from rich.text import Text

from domain.currencies import DECIMALS, amount_text

console = Console(highlight=False, soft_wrap=True)

Body = Mapping[str, Any]

NOTHING_FOUND = 3
"""The exit status of a query without results."""


def show_json(*bodies: Body) -> None:
    """Print each body on a line of its own, in the API's format."""
    for body in bodies:
        typer.echo(orjson.dumps(body, option=orjson.OPT_UTC_Z))


def show_events(events: Sequence[Body]) -> None:
    """Print two lines an event: position, time, stream, name and actor; then its description. Lines are not wrapped."""
    for event in events:
        where = f"{event['position']:>10}  {format_time(event['recorded_at'])}  {event['stream']}"
        console.print(Text.assemble(where, "  ", (event["name"], "bold"), f"  {format_actor(event)}"))
        console.print(Text(f"{'':>10}  {event['sentence']}"))


def show_as_of(what: str, body: Body, *, state: Body | None, as_json: bool) -> None:
    """Print a state as of a position, and the events that led to it.

    Args:
        what: the heading's subject.
        body: the API's response: `recorded_at`, `position` and the events as `items`.
        state: the fields of the state; None: there are none.
    """
    if as_json:
        show_json(body)
        return
    recorded_at = body["recorded_at"]
    since = f", recorded at {format_time(recorded_at)}" if recorded_at else ""
    console.print(f"{what} at position {body['position']}{since}:")
    for name, value in (state or {}).items():
        console.print(Text.assemble("  ", (f"{name:<20}", "bold"), format_field(value)))
    console.print()
    show_events(body["items"])


def format_field(value: object) -> str:
    """Format a field of a state: money as an amount, text as it is, everything else as JSON."""
    if isinstance(value, Mapping) and value.keys() == {"amount", "currency"} and value["currency"] in DECIMALS:
        return amount_text(value["amount"], value["currency"])
    return value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_UTC_Z).decode()


def format_time(time: datetime) -> str:
    """Format a UTC time with microseconds."""
    return f"{time:%Y-%m-%d %H:%M:%S.%f} UTC"


def format_actor(event: Body) -> str:
    """Format the kind and the id of the actor that caused an event, such as an account, a device or a rule."""
    actor = orjson.loads(orjson.dumps(event["metadata"])).get("actor") or {}
    return " ".join(str(part) for part in (actor.get("kind"), actor.get("id")) if part)
