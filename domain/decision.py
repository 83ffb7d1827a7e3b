"""How a decision sees the log: streams folded into states, and one clock.

A decision is a plain function from `Ledger` to `Changes`. Whatever it reads is guarded by the append that follows, and
whatever it asks the clock narrows the window in which that append is valid; so no decision can forget either.
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
    """One kind of stream: how its name begins, what it is before its first event, how an event moves it."""

    prefix: str
    initial: State
    evolve: Callable[[State, Any], State]

    def stream(self, *key: str) -> str:
        """Name the stream of one thing, `seat-<performance>-<seat key>` for example."""
        return "-".join((self.prefix, *key))


class DecisionContext(Protocol):
    """The states a decision may read, each at one version, and the server's clock."""

    @property
    def now(self) -> datetime:
        """The server's time, for stamping deadlines; to compare with a deadline use `passed`."""
        ...

    def deadline_passed(self, moment: datetime) -> bool:
        """Say whether `moment` has come, and bind the append to that answer staying true."""
        ...

    def read(self, kind: StreamType[State], *key: str) -> State:
        """Return the state of one stream (its initial state if it does not exist)."""
        ...

    def read_many(self, kind: StreamType[State], keys: Iterable[tuple[str, ...]]) -> list[State]:
        """Return the states of many streams of one kind, in the order of `keys`."""
        ...


def merge_changes(*parts: Changes) -> dict[str, list[Any]]:
    """Join changes into one; events of a stream keep the order of the parts."""
    together: dict[str, list[Any]] = {}
    for part in parts:
        for stream, events in part.items():
            together.setdefault(stream, []).extend(events)
    return together
