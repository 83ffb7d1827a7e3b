"""A command on its way to the log: who sends it and why, what was decided, and what it came to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from eventstore.decision_context import LoadedStreams
from eventstore.store import NO_FINGERPRINT, Append, RequestFingerprint

Changes = Mapping[str, Sequence[Any]]
"""Stream → the events to append to it."""

Decide = Callable[[LoadedStreams], Changes]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandDeadline:
    """When somebody asked for a command, and until when it may take effect, both in `ticks` of this machine.

    `again`: they may ask for it again, under the same id, here or elsewhere. `gone`: says whether they have hung up.
    """

    at: float
    until: float
    again: bool
    is_abandoned: Callable[[], bool] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandContext:
    """Who sends a command, and why: what is kept beside its events.

    `guards`: streams the sender's rights were read from, at their versions. `asked`: None where nobody waits.
    """

    command_id: UUID
    actor: Mapping[str, str | None]
    causation: int | None = None
    correlation: str | None = None
    channel: str = "api"
    fingerprint: RequestFingerprint = NO_FINGERPRINT
    guards: Mapping[str, int] = field(default_factory=dict)
    deadline: CommandDeadline | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a command came to: its events as (stream, event) at positions `first` … `last`; none if nothing changed."""

    events: Sequence[tuple[str, Any]]
    first: int
    last: int
    recorded_at: datetime
    replayed: bool = False

    def of(self, kind: type[Any]) -> Any:
        """Return the command's only event of a class."""
        (event,) = (event for _, event in self.events if isinstance(event, kind))
        return event


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedCommand:
    """A decision and the append that would carry it out.

    `error`: what the decision raised, a refusal or anything else.
    """

    loaded: dict[str, tuple[int, Any]]
    books: LoadedStreams
    changes: Changes
    error: Exception | None
    append: Append


class GuardConflict(Exception):
    """The sender's rights changed while the command was under way; look at them again."""
