"""What a read model is: tables in a versioned schema, and a plain function from facts to set-based statements."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString, NamedTuple


class ProjectedEvent(NamedTuple):
    """One event as read models see it: `data` in its class's latest version, decoded once for all of them."""

    position: int
    stream: str
    name: str
    recorded_at: datetime
    data: Mapping[str, Any]

    @property
    def key(self) -> str:
        """The stream's name without its kind: the id of the thing it is about."""
        return self.stream.partition("-")[2]


class WriteStep(NamedTuple):
    """One statement of a batch; it finds its rows in the parameter `rows`, a JSON array of objects."""

    statement: LiteralString
    rows: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionSpec:
    """Where the rows of one performance are, and which streams alone they follow from.

    Args:
        prefix: of those streams, with `{performance}` in it.
        tables: all that have such rows.
        column: the one of theirs that names the performance.
    """

    prefix: str
    tables: Sequence[str]
    column: str = "performance"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadModel:
    """One read model; a change of `schema` or of what `fold` writes is a new `version`, and a rebuild.

    Args:
        schema: statements that make its tables; names are unqualified.
        names: the stored names of the events it folds.
        fold: turns facts of those names, in order, into statements; no clock, no chance, no personal data.
        part: how to rebuild one performance; None: only all of them.
    """

    name: str
    version: int
    schema: LiteralString
    event_names: frozenset[str]
    fold: Callable[[Sequence[ProjectedEvent]], Sequence[WriteStep]]
    partition: PartitionSpec | None = None
