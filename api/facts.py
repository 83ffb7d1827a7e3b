"""What happened, read straight from the log; for answers that must be exact and need more than a state keeps."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from api.engine import Engine


async def recall(engine: "Engine", *streams: str) -> Mapping[str, Sequence[Any]]:
    """Return the events of each stream, oldest first; an unknown stream has none."""
    decode = engine.codec.decode
    return {
        stream: [decode(event.name, event.schema_version, event.data) for event in recorded]
        for stream, recorded in (await engine.store.read_streams(streams)).items()
    }
