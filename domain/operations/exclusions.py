"""The events and streams that a version of a read model's code excludes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum


class ExclusionReason(StrEnum):
    """Why an event or a stream is excluded."""

    UNREADABLE = "unreadable"
    DEFECT = "defect"
    DAMAGED_ROWS = "damaged_rows"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSkipped:
    """`version` of the read model's code skips the event at `position`."""

    version: int
    position: int
    reason: ExclusionReason


@dataclass(frozen=True, slots=True, kw_only=True)
class EventUnskipped:
    """`version` of the read model's code includes the event at `position` again, in tables created from now on."""

    version: int
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamParked:
    """`version` of the read model's code excludes the events of `stream` after `after_position`."""

    version: int
    stream: str
    after_position: int
    reason: ExclusionReason


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamUnparked:
    """Tables created from now on include the stream; `tables` lack a part of it, so they exclude it permanently."""

    version: int
    stream: str
    tables: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusions:
    """The exclusions of one set of tables: the events at `positions`, and those of each stream after a position."""

    positions: frozenset[int] = frozenset()
    streams: Mapping[str, int] = field(default_factory=dict)

    def excludes(self, position: int, stream: str) -> bool:
        """Return whether an event is excluded."""
        after = self.streams.get(stream)
        return position in self.positions or (after is not None and position > after)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedStream:
    """A parked stream; after it is unparked, only `tables` exclude it."""

    version: int
    stream: str
    after_position: int
    tables: str | None = None


def apply_unparked(park: ParkedStream, event: StreamUnparked) -> ParkedStream:
    """Return the parked stream after the event; unchanged if it is another one, or unparked already."""
    if (park.version, park.stream, park.tables) != (event.version, event.stream, None):
        return park
    return replace(park, tables=event.tables)
