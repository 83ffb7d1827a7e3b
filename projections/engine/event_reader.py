"""From recorded events to facts: decoded once, in the latest version, for every read model of the process."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from eventstore.errors import UnknownEvent
from eventstore.schema.upcasting import Upcaster, UpcasterChain
from eventstore.store import RecordedEvent
from projections.engine.model import ProjectedEvent


class UnreadableData(Mapping[str, Any]):
    """The data of an event that this code can't read; whoever looks into it learns why."""

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
    """Turns events into facts.

    Args:
        names: those that any read model folds; others are left out, undecoded.
        versions: stored name → the schema version of today.
        upcasters: (stored name, version) → the step to the next version.
    """

    names: frozenset[str]
    versions: Mapping[str, int]
    upcasters: Mapping[tuple[str, int], Upcaster]

    def read(self, events: Sequence[RecordedEvent]) -> list[ProjectedEvent]:
        """Return the facts in a stretch of the log, in order."""
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
        evolution = UpcasterChain(versions=self.versions, upcasters=self.upcasters)
        objection = evolution.why_unreadable(event.name, event.schema_version)
        if objection is not None:
            return UnreadableData(UnknownEvent(objection))
        return evolution.upcast(event.name, event.schema_version, data)
