"""The interface between decisions and the log: streams folded into states, the server's clock, and the result.

A decision is a pure function from `DecisionContext` to `Changes`. The append that follows guards every stream the
decision read, and is valid only while every deadline comparison keeps its result; a decision cannot omit either check.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

State = TypeVar("State")

Changes = Mapping[str, Sequence[Any]]
"""Stream name → the events to append to it, in order."""


@dataclass(frozen=True, slots=True)
class StreamType(Generic[State]):
    """A kind of stream: the prefix of its names, its state before the first event, and its fold function."""

    prefix: str
    initial: State
    evolve: Callable[[State, Any], State]

    def stream(self, *key: str) -> str:
        """Return the name of one stream, `seat-<performance>-<seat key>` for example."""
        return "-".join((self.prefix, *key))


class DecisionContext(Protocol):
    """The states a decision may read, each at one version, and the server's clock.

    Every read guards its stream: the append fails if the stream has changed since.
    """

    @property
    def now(self) -> datetime:
        """The server's time (aware, UTC), for computing deadlines; to compare with one, use `deadline_passed`."""
        ...

    def deadline_passed(self, moment: datetime) -> bool:
        """Return whether `moment` has come; the append succeeds only while that answer stays the same."""
        ...

    def read(self, kind: StreamType[State], *key: str) -> State:
        """Return the state of one stream; its initial state if it does not exist."""
        ...

    def read_many(self, kind: StreamType[State], keys: Iterable[tuple[str, ...]]) -> list[State]:
        """Return the states of many streams of one kind, in the order of `keys`."""
        ...


def merge_changes(*parts: Changes) -> dict[str, list[Any]]:
    """Merge changes into one mapping; the events of a stream keep the order of `parts`."""
    together: dict[str, list[Any]] = {}
    for part in parts:
        for stream, events in part.items():
            together.setdefault(stream, []).extend(events)
    return together
