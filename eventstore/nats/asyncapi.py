"""The NATS subjects as an AsyncAPI document: who says what where, and how the stream is kept."""

from typing import Any

from eventstore.nats.message import DIGEST, POSITION
from eventstore.nats.streams import configuration_of
from eventstore.schemas import DIALECT

ASYNCAPI = "3.0.0"
EPOCH = "{epoch}"

Json = dict[str, Any]

ENVELOPE: Json = {
    "$schema": DIALECT,
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "stream": {"type": "string", "description": "What the event is about, `seat-<performance>-<seat>` for one."},
        "version": {"type": "integer", "minimum": 1, "description": "Its place in its stream, without holes."},
        "name": {"type": "string", "description": "What happened: the name of a schema beside this document."},
        "schema_version": {"type": "integer", "minimum": 1, "description": "And that schema's version."},
        "command_id": {"type": "string", "format": "uuid", "description": "Shared by the events of one command."},
        "part": {"type": "integer", "minimum": 1, "description": "Its place in its command."},
        "parts": {"type": "integer", "minimum": 1, "description": "How many events its command has."},
        "recorded_at": {"type": "string", "format": "date-time", "description": "By the database's clock, in UTC."},
        "data_bytes": {"type": "integer", "minimum": 0, "description": "How many bytes after the line are data."},
    },
    "required": [
        "stream", "version", "name", "schema_version", "command_id", "part", "parts", "recorded_at", "data_bytes",
    ],
}  # fmt: skip

HEADERS: Json = {
    "type": "object",
    "properties": {
        POSITION: {
            "type": "string",
            "pattern": "^[0-9]+$",
            "description": "The event's place in the whole log, and its sequence in the stream.",
        },
        DIGEST: {
            "type": "string",
            "pattern": "^[0-9a-f]{64}$",
            "description": "SHA-256 of the event as PostgreSQL keeps it, in hexadecimal digits.",
        },
    },
    "required": [POSITION, DIGEST],
}


def asyncapi() -> Json:
    """Return the document."""
    return {
        "asyncapi": ASYNCAPI,
        "info": {
            "title": "Seatledger's log in JetStream",
            "version": "1",
            "description": "A copy of the log in the order of its positions, published by the relay alone. PostgreSQL "
            "is the truth: a sequence that is missing, or a digest that differs, is read from there.",
        },
        "defaultContentType": "application/octet-stream",
        "channels": {
            "events": _channel(
                "events", "Every event, once, in order; a command ends where `part` is `parts`.", "event"
            ),
            "wake": _channel("wake", "Hints that something was appended; heard or not, polling is the truth.", "wake"),
        },
        "operations": {
            "publishEvents": _operation("send", "events", "The relay publishes what was appended."),
            "followEvents": _operation("receive", "events", "Read models follow the stream."),
            "announceAppend": _operation("send", "wake", "Who appended says so, at most once in 5 ms."),
            "hearAppend": _operation("receive", "wake", "The relay looks at the log at once."),
        },
        "components": {
            "messages": {"event": _event(), "wake": {"name": "wake", "summary": "An empty message."}},
            "schemas": {"envelope": ENVELOPE},
        },
        "x-jetstream": configuration_of(f"SEATLEDGER_{EPOCH}", f"seatledger.{EPOCH}.events", first_sequence=1),
    }


def _channel(name: str, description: str, message: str) -> Json:
    return {
        "address": f"seatledger.{EPOCH}.{name}",
        "description": description,
        "parameters": {"epoch": {"description": "Which life of the log: it changes after a restore."}},
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
    }


def _operation(action: str, channel: str, summary: str) -> Json:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "summary": summary}


def _event() -> Json:
    return {
        "name": "event",
        "summary": "One event.",
        "description": "A line of JSON, the envelope, then a line feed; then the event's data, `data_bytes` bytes of "
        "JSON as they are stored; then its metadata, JSON up to the end. What data looks like is said by the schema "
        "of its name and version.",
        "headers": HEADERS,
        "payload": {"type": "string", "format": "binary"},
        "x-envelope": {"$ref": "#/components/schemas/envelope"},
    }
