"""What the log looks like from outside, as files: a schema for each event, the NATS subjects, a list of both."""

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
    """Return the text of every file, by name.

    Args:
        examples: a folder of stored documents, `<Name>.v<version>.json`.
    """
    files = {
        f"{name}.v{VERSIONS[name]}.json": as_json(
            schema_of(name, VERSIONS[name], event, example_of(examples / f"{name}.v{VERSIONS[name]}.json"))
        )
        for name, event in sorted(EVENTS.items())
    }
    return {**files, ASYNCAPI: as_json(asyncapi()), INDEX: index()}


def write_documents(folder: Path, examples: Path) -> list[Path]:
    """Write every file; those of versions that are not written any more stay as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in documents(examples).items():
        path = folder / name
        path.write_text(text)
        written.append(path)
    return written


def index() -> str:
    """Return the list of every event, in the words of its class."""
    rows = [
        f"| [{name}]({name}.v{VERSIONS[name]}.json) | {VERSIONS[name]} | {summary_of_class(event)} |"
        for name, event in sorted(EVENTS.items())
    ]
    head = [
        "# Events",
        "",
        "Everything that is ever recorded, one JSON Schema an event. Written by `seatledger events schema`; a test",
        f"compares. How events travel over NATS: [{ASYNCAPI}]({ASYNCAPI}).",
        "",
        "| event | version | what happened |",
        "|---|---|---|",
    ]
    return "\n".join([*head, *rows]) + "\n"


def summary_of_class(event: type) -> str:
    """Return what a class says of itself, on one line."""
    return " ".join((getdoc(event) or "").split()).replace("|", "\\|")


def example_of(path: Path) -> list[Any]:
    """Return the stored document of a file, if there is one."""
    return [json.loads(path.read_text())] if path.exists() else []


def as_json(document: dict[str, Any]) -> str:
    """Write a document as people read it."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
