"""Converts recorded events to projected events: decoded and upcast once for all read models of a process."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from eventstore.errors import UnknownEvent
from eventstore.schema.upcasting import Upcaster, UpcasterChain
from eventstore.store import RecordedEvent
from projections.engine.model import ProjectedEvent


class UnreadableData(Mapping[str, Any]):
    """Data of an event that this code cannot decode; every access raises the error."""

    def __init__(self, error: UnknownEvent) -> None:
        self.error = error

    def __getitem__(self, _: str) -> Any:
        raise self.error

    def __iter__(self) -> Iterator[str]:
        raise self.error

    def __len__(self) -> int:
        raise self.error


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionEventReader:
    """Decodes recorded events to `ProjectedEvent`.

    Args:
        names: stored names that at least one read model folds; other events are left out without decoding.
        versions: stored name → current schema version.
        upcasters: (stored name, version) → upcaster to the next version.
    """

    names: frozenset[str]
    versions: Mapping[str, int]
    upcasters: Mapping[tuple[str, int], Upcaster]

    def read(self, events: Sequence[RecordedEvent]) -> list[ProjectedEvent]:
        """Return the projected events, in the order of the log."""
        names = self.names
        return [
            ProjectedEvent(event.position, event.stream, event.name, event.recorded_at, self._data(event))
            for event in events
            if event.name in names
        ]

    def _data(self, event: RecordedEvent) -> Mapping[str, Any]:
        data: dict[str, Any] = orjson.loads(event.data)
        if event.schema_version == self.versions[event.name]:
            return data
        upcasting = UpcasterChain(versions=self.versions, upcasters=self.upcasters)
        reason = upcasting.why_unreadable(event.name, event.schema_version)
        if reason is not None:
            return UnreadableData(UnknownEvent(reason))
        return upcasting.upcast(event.name, event.schema_version, data)
