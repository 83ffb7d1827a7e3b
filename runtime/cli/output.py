"""How the past is shown in a terminal: events in plain words, states field by field; or JSON, a body a line."""

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
"""The exit status of a question that was answered with nothing."""


def show_json(*bodies: Body) -> None:
    """Write each body on a line of its own, as the API would answer it."""
    for body in bodies:
        typer.echo(orjson.dumps(body, option=orjson.OPT_UTC_Z))


def show_events(events: Sequence[Body]) -> None:
    """Write two lines for each event, however narrow the terminal: where it stands and who caused it; what happened."""
    for event in events:
        where = f"{event['position']:>10}  {format_time(event['recorded_at'])}  {event['stream']}"
        console.print(Text.assemble(where, "  ", (event["name"], "bold"), f"  {format_actor(event)}"))
        console.print(Text(f"{'':>10}  {event['sentence']}"))


def show_as_of(what: str, body: Body, *, state: Body | None, as_json: bool) -> None:
    """Write what something was, when, and how it came to that."""
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
    """Write a field of a state."""
    if isinstance(value, Mapping) and value.keys() == {"amount", "currency"} and value["currency"] in DECIMALS:
        return amount_text(value["amount"], value["currency"])
    return value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_UTC_Z).decode()


def format_time(moment: datetime) -> str:
    """Write a time for people."""
    return f"{moment:%Y-%m-%d %H:%M:%S.%f} UTC"


def format_actor(event: Body) -> str:
    """Say who caused an event: an account, a device, a rule, a provider."""
    actor = orjson.loads(orjson.dumps(event["metadata"])).get("actor") or {}
    return " ".join(str(part) for part in (actor.get("kind"), actor.get("id")) if part)
