"""Read models: tables in a versioned schema, and a pure function from events to set-based statements."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString, NamedTuple


class ProjectedEvent(NamedTuple):
    """An event for folds; `data` is in the latest schema version, decoded once for all read models."""

    position: int
    stream: str
    name: str
    recorded_at: datetime
    data: Mapping[str, Any]

    @property
    def key(self) -> str:
        """The id in the stream's name: the part after the first hyphen."""
        return self.stream.partition("-")[2]


class WriteStep(NamedTuple):
    """One statement of a batch; its parameter `rows` is a JSON array with one object per row."""

    statement: LiteralString
    rows: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionSpec:
    """The rows of one performance, for a partial rebuild, and the streams that they derive from.

    Args:
        prefix: prefix of the streams' names, with the placeholder `{performance}`; no other stream changes these rows.
        tables: every table with such rows.
        column: the column of these tables that holds the performance.
    """

    prefix: str
    tables: Sequence[str]
    column: str = "performance"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadModel:
    """A read model. A change of `schema` or of the rows that `fold` writes needs a new `version`, hence a rebuild.

    Args:
        schema: statements that create its tables; names are unqualified.
        event_names: stored names of the events that it folds.
        fold: converts events with these names, in order, to statements; without clock, randomness or personal data.
        partition: the rows of one performance; None if only the whole read model can be rebuilt.
    """

    name: str
    version: int
    schema: LiteralString
    event_names: frozenset[str]
    fold: Callable[[Sequence[ProjectedEvent]], Sequence[WriteStep]]
    partition: PartitionSpec | None = None
