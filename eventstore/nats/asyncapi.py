"""The NATS subjects as an AsyncAPI document: channels, operations, messages, and the stream's configuration."""

from typing import Any

from eventstore.nats.message import DIGEST, POSITION
from eventstore.nats.streams import configuration_of
from eventstore.schema.json_schema import DIALECT

ASYNCAPI = "3.0.0"
EPOCH = "{epoch}"

Json = dict[str, Any]

ENVELOPE: Json = {
    "$schema": DIALECT,
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "stream": {"type": "string", "description": "The stream, for example `seat-<performance>-<seat>`."},
        "version": {"type": "integer", "minimum": 1, "description": "Its number within its stream, without gaps."},
        "name": {"type": "string", "description": "The event's name, also that of a schema."},
        "schema_version": {"type": "integer", "minimum": 1, "description": "The version of that schema."},
        "command_id": {"type": "string", "format": "uuid", "description": "Shared by the events of one command."},
        "part": {"type": "integer", "minimum": 1, "description": "Its number within its command."},
        "parts": {"type": "integer", "minimum": 1, "description": "The number of events of its command."},
        "recorded_at": {"type": "string", "format": "date-time", "description": "By the database's clock, in UTC."},
        "data_bytes": {"type": "integer", "minimum": 0, "description": "The length of the data in bytes."},
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
            "description": "The event's position in the log, equal to its sequence in the stream.",
        },
        DIGEST: {
            "type": "string",
            "pattern": "^[0-9a-f]{64}$",
            "description": "The event's digest as stored in PostgreSQL, SHA-256 in hexadecimal digits.",
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
            "is authoritative: read missing sequences, and events whose digest differs, from there.",
        },
        "defaultContentType": "application/octet-stream",
        "channels": {
            "events": _channel(
                "events",
                "Every event, once, in order; a command ends with the event whose `part` equals `parts`.",
                "event",
            ),
            "wake": _channel(
                "wake", "Hints that events were appended. They may be lost; the relay also polls.", "wake"
            ),
        },
        "operations": {
            "publishEvents": _operation("send", "events", "The relay publishes appended events."),
            "followEvents": _operation("receive", "events", "Projections read the stream."),
            "announceAppend": _operation("send", "wake", "An appending process sends a hint, at most one in 5 ms."),
            "hearAppend": _operation("receive", "wake", "The relay reads the log at once."),
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
        "parameters": {"epoch": {"description": "The id of the log's epoch; it changes after a restore."}},
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
    }


def _operation(action: str, channel: str, summary: str) -> Json:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "summary": summary}


def _event() -> Json:
    return {
        "name": "event",
        "summary": "One event.",
        "description": "The envelope as a line of JSON, with a line feed; the event's data, `data_bytes` bytes of JSON "
        "as they are stored; its metadata, JSON up to the end. The schema of the data is that of the event's name and "
        "version.",
        "headers": HEADERS,
        "payload": {"type": "string", "format": "binary"},
        "x-envelope": {"$ref": "#/components/schemas/envelope"},
    }
