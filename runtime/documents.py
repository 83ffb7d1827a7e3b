"""Documents of the events for other programs: a JSON Schema each, an AsyncAPI document of the subjects, an index."""

import json
from inspect import getdoc
from pathlib import Path
from typing import Any

from domain.event_registry import EVENTS, VERSIONS
from eventstore.nats.asyncapi import asyncapi
from eventstore.schema.json_schema import schema_of

ASYNCAPI = "asyncapi.json"
INDEX = "README.md"


def documents(examples: Path) -> dict[str, str]:
    """Return the text of every document, by file name.

    Args:
        examples: a folder of stored events, `<Name>.v<version>.json`, which the schemas show as examples.
    """
    files = {
        f"{name}.v{VERSIONS[name]}.json": as_json(
            schema_of(name, VERSIONS[name], event, example_of(examples / f"{name}.v{VERSIONS[name]}.json"))
        )
        for name, event in sorted(EVENTS.items())
    }
    return {**files, ASYNCAPI: as_json(asyncapi()), INDEX: index()}


def write_documents(folder: Path, examples: Path) -> list[Path]:
    """Write every document and return the paths; schemas of superseded versions are kept unchanged."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in documents(examples).items():
        path = folder / name
        path.write_text(text)
        written.append(path)
    return written


def index() -> str:
    """Return a Markdown table of every event with its class's docstring."""
    rows = [
        f"| [{name}]({name}.v{VERSIONS[name]}.json) | {VERSIONS[name]} | {summary_of_class(event)} |"
        for name, event in sorted(EVENTS.items())
    ]
    head = [
        "# Events",
        "",
        "Every recorded event, one JSON Schema each. Written by `seatledger events schema`; a test compares. How",
        f"events are published to NATS: [{ASYNCAPI}]({ASYNCAPI}).",
        "",
        "| event | version | what happened |",
        "|---|---|---|",
    ]
    return "\n".join([*head, *rows]) + "\n"


def summary_of_class(event: type) -> str:
    """Return a class's docstring on one line, escaped for a Markdown table."""
    return " ".join((getdoc(event) or "").split()).replace("|", "\\|")


def example_of(path: Path) -> list[Any]:
    """Return the stored event of a file in a list; an empty list if there is no file."""
    return [json.loads(path.read_text())] if path.exists() else []


def as_json(document: dict[str, Any]) -> str:
    """Return indented JSON."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
