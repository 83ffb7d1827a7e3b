"""Reading decoded events from the log, for exact results that need more than a folded state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from eventstore.schema.codec import Codec
from eventstore.store import Store


class LogAccess(Protocol):
    """The store and the codec of its events."""

    @property
    def store(self) -> Store: ...

    @property
    def codec(self) -> Codec: ...


async def read_events(services: LogAccess, *streams: str) -> Mapping[str, Sequence[Any]]:
    """Return stream → decoded events, oldest first; an unknown stream has none."""
    decode = services.codec.decode
    return {
        stream: [decode(event.name, event.schema_version, event.data) for event in recorded]
        for stream, recorded in (await services.store.read_streams(streams)).items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """A decoded event with its position and time."""

    event: Any
    position: int
    recorded_at: datetime


async def read_logged_events(services: LogAccess, stream: str) -> Sequence[LoggedEvent]:
    """Return the events of a stream with position and time, oldest first."""
    recorded = (await services.store.read_streams([stream]))[stream]
    decode = services.codec.decode
    return [
        LoggedEvent(
            event=decode(each.name, each.schema_version, each.data),
            position=each.position,
            recorded_at=each.recorded_at,
        )
        for each in recorded
    ]
