"""What happened, read straight from the log; for answers that must be exact and need more than a state keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedEvent:
    """One event, where it stands in the log and when it was recorded."""

    event: Any
    position: int
    recorded_at: datetime


async def recall_placed(engine: "Engine", stream: str) -> Sequence[PlacedEvent]:
    """Return the events of a stream with their positions, oldest first."""
    recorded = (await engine.store.read_streams([stream]))[stream]
    decode = engine.codec.decode
    return [
        PlacedEvent(
            event=decode(each.name, each.schema_version, each.data),
            position=each.position,
            recorded_at=each.recorded_at,
        )
        for each in recorded
    ]
