"""Stored events as auditors see them, over HTTP and in a terminal."""

import orjson

from api.presenters.values import Body
from eventstore.store import Recorded


def recorded(event: Recorded) -> Body:
    """Show one event; its data goes out byte for byte as it was stored."""
    return {
        "position": event.position,
        "stream": event.stream,
        "version": event.version,
        "name": event.name,
        "schema_version": event.schema_version,
        "command_id": event.command_id,
        "part": event.part,
        "parts": event.parts,
        "recorded_at": event.recorded_at,
        "data": orjson.Fragment(event.data),
        "metadata": orjson.Fragment(event.metadata),
        "digest": event.digest.hex(),
    }
